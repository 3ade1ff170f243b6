"""Databases for tests: empty ones, and ones of today's schema without a row in it.

A schema is made once a process. Making it anew for each test took most of a run's time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from storage.store import Store

SERVER = os.environ.get("MARSAD_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432").replace(
    "+psycopg", ""
)

# What the schema is made of. A test may have dropped a view or added the queue's tables.
_SHAPE = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT concat_ws('|', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull,
        CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END) AS line
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT conname FROM pg_constraint
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version
) AS shape"""


def connect(name: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect to a database of the test server, each statement a transaction of its own."""
    return psycopg.connect(f"{SERVER}/{name}", autocommit=True, connect_timeout=3)


@contextmanager
def server_database(name: str, *, is_durable: bool = False) -> Iterator[str]:
    """Yield the address of a new database ``name``, dropped afterwards; skip without a server.

    No test cuts the server's power: commits do not wait for the disk unless ``is_durable``,
    as where their cost is measured.
    """
    try:
        admin = connect("postgres")
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER.rpartition('@')[2]}: {str(error).splitlines()[0]}")
    gone = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    with admin:
        admin.execute(gone)  # type: ignore[call-overload]
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        if not is_durable:
            admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")  # type: ignore[call-overload]
    try:
        yield f"{SERVER}/{name}".replace("postgresql://", "postgresql+psycopg://")
    finally:
        with connect("postgres") as admin:
            admin.execute(gone)  # type: ignore[call-overload]


class ServerSchema:
    """One database of the server, brought to a known state before each test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._shape: object = None
        self._tables: list[str] = []

    def empty(self) -> str:
        """Leave nothing in it, not even tables; return its address."""
        with self._connect() as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url

    def current(self) -> str:
        """Leave today's schema in it and no row; return its address."""
        if not self._is_as_made():
            self.empty()
            Store.open(self.url).close()
            with self._connect() as connection:
                self._shape = connection.execute(_SHAPE).fetchone()
                listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                self._tables = [
                    str(row[0])
                    for row in connection.execute(listed)
                    if row[0] not in ("alembic_version", "fulltext_state")
                ]
        with self._connect() as connection:
            connection.execute("SET session_replication_role = replica")  # in any order
            wiped = ";".join(f"DELETE FROM {name}" for name in self._tables)
            connection.execute(wiped)  # type: ignore[call-overload]
            connection.execute("UPDATE fulltext_state SET checked_to = 0")
            connection.execute("SELECT setval(seqrelid::regclass, 1, false) FROM pg_sequence")
        return self.url

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Let there be no such database meanwhile."""
        name = self.url.rpartition("/")[2]
        ended = "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity WHERE datname = %s"
        away = f"ALTER DATABASE {name} RENAME TO {name}_away"
        back = f"ALTER DATABASE {name}_away RENAME TO {name}"
        with connect("postgres") as admin:
            admin.execute(ended, [name])
            admin.execute(away)  # type: ignore[call-overload]
            try:
                yield
            finally:
                admin.execute(back)  # type: ignore[call-overload]

    def _is_as_made(self) -> bool:
        if self._shape is None:
            return False
        try:
            with self._connect() as connection:
                return bool(connection.execute(_SHAPE).fetchone() == self._shape)
        except psycopg.errors.UndefinedTable:
            return False

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return connect(self.url.rpartition("/")[2])


def sqlite_template(folder: Path) -> Path:
    """Make a file of today's schema in ``folder``; return its path."""
    path = folder / "template.db"
    Store.open(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def copied(template: Path, path: Path) -> str:
    """Copy a file of today's schema to ``path``; return its address."""
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"
