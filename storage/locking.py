"""One daemon a database: the lock that the second one meets."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

from sqlalchemy import Connection, text

from domain.errors import BusyError
from domain.time import isoformat
from storage.database import Database

DAEMON_LOCK = 0x6D617273_0002  # any number, the same for ever; PostgreSQL counts it per database


@contextmanager
def daemon_lock(database: Database) -> Iterator[None]:
    """Hold the database for one daemon. Raises BusyError, naming the holder, if it is held.

    Whichever way the holder ends, kill -9 and power loss included, the lock ends with it.
    """
    hold = _hold_file if database.is_sqlite else _hold_advisory
    with hold(database):
        yield


@contextmanager
def _hold_file(database: Database) -> Iterator[None]:
    # Beside the database and never deleted: whoever deletes a lock file may delete a held one.
    path = database.path.with_name(database.path.name + ".lock")
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(database, _written(file)) from None
        _write(file, f"{_me()} since {isoformat(datetime.now(UTC))}")
        try:
            yield
        finally:
            _write(file, "")


def _write(file: IO[str], words: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(words)
    file.flush()


def _written(file: IO[str]) -> str:
    file.seek(0)
    return file.read(200).strip()


@contextmanager
def _hold_advisory(database: Database) -> Iterator[None]:
    # A connection of its own, outside the pool: the lock lives and dies with the session.
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.detach()
        _name_session(connection)
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": DAEMON_LOCK}):
            raise _busy(database, _advisory_holder(connection))
        yield


def _name_session(connection: Connection) -> None:
    name = f"marsad daemon, {_me()}"[:63]
    connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name})


def _advisory_holder(connection: Connection) -> str:
    found = connection.execute(
        text(
            "SELECT a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
        ),
        {"key": DAEMON_LOCK},
    ).first()
    return f"{found[0]} (server process {found[1]})" if found else ""


def _busy(database: Database, holder: str) -> BusyError:
    who = holder or "another daemon"
    return BusyError(f"database {database.name} is held by {who}: stop that one first")


def _me() -> str:
    return f"pid {os.getpid()} on {socket.gethostname()}"
