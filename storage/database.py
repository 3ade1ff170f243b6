"""Connections: what each of the two databases needs to keep its promises."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from domain.errors import StoreError

BUSY_MS = 30_000
"""How long a SQLite writer waits for another: far above our longest transaction."""


R = TypeVar("R")

DEADLOCKS = 3
"""How often a transaction that the server ended is begun again before it fails."""


class _Deadlock(Exception):  # noqa: N818  (never leaves this module)
    """The server ended this transaction for the sake of another."""


@contextmanager
def _raising_deadlock() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, DeadlockDetected | SerializationFailure):
            raise _Deadlock from error
        raise


class Database:
    """An engine with its two ways in: ``read()`` and ``write()``, each one transaction."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = _parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.read_only = read_only
        self.engine = self._sqlite() if self.is_sqlite else self._postgresql()
        self._writer = self.engine.execution_options(marsad_write=True)

    @property
    def name(self) -> str:
        """The address without its password, for people."""
        return self.url.render_as_string(hide_password=True)

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        assert self.url.database
        return Path(self.url.database)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read from one consistent state; rows stream."""
        with self.engine.connect().execution_options(yield_per=500) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Commit at the end, or nothing at all."""
        with self._writer.begin() as connection:
            yield connection

    def writing(self, work: Callable[[Connection], R]) -> R:
        """Return what ``work`` returns from its transaction, begun again after a deadlock.

        PostgreSQL ends one of two transactions that wait for each other; nothing of it stays.
        """
        for _ in range(DEADLOCKS):
            with suppress(_Deadlock), _raising_deadlock(), self.write() as connection:
                return work(connection)
        with self.write() as connection:
            return work(connection)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def _sqlite(self) -> Engine:
        url = self.url
        if self.read_only:
            url = url.set(
                database=f"{self.path.absolute().as_uri()}?mode=ro", query={"uri": "true"}
            )
        engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite_read if self.read_only else _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgresql(self) -> Engine:
        options = "-c default_transaction_read_only=on" if self.read_only else ""
        # pre_ping: a server that was restarted costs a reconnect, not a failed visit
        return create_engine(
            self.url,
            pool_pre_ping=True,
            connect_args={
                "application_name": f"marsad {os.getpid()}@{socket.gethostname()}"[:63],
                "options": options,
                "connect_timeout": 10,
            },
        )


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:  # its message may hold the whole address, password and all
        raise StoreError(
            "not a database address: expected sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
        ) from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreError(f"no such database: {url.drivername} (sqlite or postgresql+psycopg)")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError("a SQLite database needs a file: sqlite:///PATH")
    return url


def _prepare_sqlite(dbapi: Any, _record: Any) -> None:
    """Set up a connection that writes.

    synchronous=FULL: with WAL, NORMAL may lose the last commits when the power goes, and a
    stored match is never lost. It costs one fsync a commit, and we commit once a visit.
    """
    _prepare_sqlite_read(dbapi, _record)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        dbapi.execute(f"PRAGMA {pragma}").close()


def _prepare_sqlite_read(dbapi: Any, _record: Any) -> None:
    dbapi.isolation_level = None  # the driver begins no transactions of its own: _begin_sqlite does
    dbapi.execute(f"PRAGMA busy_timeout={BUSY_MS}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: a reader that turns writer would fail without waiting."""
    writes = connection.get_execution_options().get("marsad_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
