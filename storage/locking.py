"""One daemon a database: the lock that the second one meets."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import IO

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from domain.errors import BusyError
from domain.time import isoformat
from storage.database import Database

HITS_LOCK = 0x6D617273_0003
WORDS_LOCK = 0x6D617273_0004
DAEMON_LOCK = 0x6D617273_0002  # any number, the same for ever; PostgreSQL counts it per database


def one_by_one(connection: Connection, key: int = HITS_LOCK) -> None:
    """Let one transaction at a time go on from here until it ends.

    Two that file reports of one event at the same moment would each found a story and tell it.
    SQLite's writers come one by one anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


_ALONE = text("SELECT pg_try_advisory_lock(:key)")
_SHARED = text("SELECT pg_try_advisory_lock_shared(:key)")

Renew = Callable[[], None]
"""Takes the lock again if a server forgot it; BusyError: another has it now."""


@contextmanager
def daemon_lock(database: Database) -> Iterator[Renew]:
    """Hold the database for one daemon. Raises BusyError, naming the holder, if it is held.

    Whichever way the holder ends, kill -9 and power loss included, the lock ends with it. So it
    does with a server that restarts: what is yielded is to be called now and then.
    """
    held = _hold_file(database) if database.is_sqlite else _hold_advisory(database, _ALONE)
    with held as renew:
        yield renew


@contextmanager
def worker_lock(database: Database) -> Iterator[Renew]:
    """Hold the database for one of several workers. Raises BusyError beside a daemon.

    A server that restarts forgets this lock too.
    """
    with _hold_advisory(database, _SHARED) as renew:
        yield renew


@contextmanager
def _hold_file(database: Database) -> Iterator[Renew]:
    # Beside the database and never deleted: whoever deletes a lock file may delete a held one.
    path = database.path.with_name(database.path.name + ".lock")
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(database, _written(file)) from None
        _write(file, f"{_me()} since {isoformat(datetime.now(UTC))}")
        try:
            yield lambda: None  # a file's lock is lost with its process only
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
def _hold_advisory(database: Database, lock: TextClause) -> Iterator[Renew]:
    with ExitStack() as sessions:
        held: list[Connection] = [_taken(database, sessions, lock)]

        def renew() -> None:
            try:
                for session in held:  # it lives, and its lock with it
                    session.execute(text("SELECT 1"))
            except DBAPIError:
                held.pop().invalidate()  # never asked again: it would connect anew, without a lock
            if not held:
                held.append(_taken(database, sessions, lock))

        yield renew


def _taken(database: Database, sessions: ExitStack, lock: TextClause) -> Connection:
    connection = sessions.enter_context(_session(database))
    if not connection.scalar(lock, {"key": DAEMON_LOCK}):
        raise _busy(database, _advisory_holder(connection))
    return connection


@contextmanager
def _session(database: Database) -> Iterator[Connection]:
    """A connection of its own, outside the pool: the lock lives and dies with the session."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.detach()
        _name_session(connection)
        yield connection


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
