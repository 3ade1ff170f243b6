"""A copy of a database while it is in use: SQLite's own, or PostgreSQL's pg_dump."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from domain.errors import StoreError
from storage.border import one_line
from storage.database import Database
from storage.remedies import COPY_BACK, remedy, sqlite_code

_OF_A_WRITER = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
PAGES = 2_000  # copied at a time, so that writers get their turn


def backup(database: Database, path: Path) -> None:
    """Copy a database to ``path``, whole, while others write to it.

    Of SQLite a file to open, of PostgreSQL an archive for pg_restore. The copy is complete or
    not there at all. Raises StoreError if ``path`` exists, or where there is no fit pg_dump.
    """
    if path.exists():
        raise StoreError(f"backup {path}: the file exists; name another one")
    copy: Callable[[Database, Path], None] = _sqlite if database.is_sqlite else _postgresql
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with _saying_of_the_copy(path):
            copy(database, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _saying_of_the_copy(path: Path) -> Iterator[None]:
    """A database that is read is never full: what is, is the copy's disk."""
    try:
        yield
    except sqlite3.Error as error:
        if sqlite_code(error) in _OF_A_WRITER:
            raise StoreError(f"backup {path}: {one_line(error)}{remedy(error, path)}") from error
        raise


def _sqlite(database: Database, part: Path) -> None:
    address = f"{database.path.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True)) as source,
        closing(sqlite3.connect(part)) as target,
    ):
        source.backup(target, pages=PAGES, sleep=0.01)
        target.execute("PRAGMA journal_mode=DELETE").close()  # one file, nothing beside it
        # Pages are copied as they are. A copy of a broken file would take a good one's place.
        found: str = target.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        broken = found.splitlines()[-1]
        raise StoreError(f"{database.name}: no copy: it is damaged: {broken}; {COPY_BACK}")


def _postgresql(database: Database, part: Path) -> None:
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - not for SQLite

    program = _pg_dump(database)
    _, keywords = database.engine.dialect.create_connect_args(database.url)
    keywords.pop("context", None)  # psycopg's own, no word of the server's library
    password = keywords.pop("password", None)  # whoever lists processes sees their arguments
    environment = os.environ if password is None else {**os.environ, "PGPASSWORD": password}
    command = [program, "--format=custom", "--no-password", f"--file={part}"]
    ran = subprocess.run(  # noqa: S603 - a program of ours, no shell
        [*command, f"--dbname={make_conninfo(**keywords)}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode:
        said = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
        raise StoreError(f"{database.name}: no copy: {said[0] if said else 'pg_dump failed'}")


def _pg_dump(database: Database) -> str:
    """Return the path of a pg_dump that reads this server: it must not be the older of the two."""
    with database.read() as connection:
        server = (
            int(connection.scalar(text("SELECT current_setting('server_version_num')"))) // 10_000
        )
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError(
            f"{database.name}: no copy: pg_dump is not on the path; install PostgreSQL's client"
            f" programs (version {server} or newer)"
        )
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r"\d+", said.stdout)
    if version is None or int(version[0]) < server:
        raise StoreError(
            f"{database.name}: no copy: {program} is of version {version[0] if version else '?'},"
            f" the server of version {server}; install its client programs"
        )
    return program
