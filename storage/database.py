"""Connections: what each of the two databases needs to keep its promises."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from domain.errors import StoreError
from storage.remedies import FOREIGN

_log = logging.getLogger("marsad.store")

BUSY_MS = 30_000
"""How long a SQLite writer waits for another: far above our longest transaction."""

PAGE_SIZE = 65_536
"""Bytes of a page of a new SQLite file: of articles of 3 KB a page of 4 KB wastes a quarter."""

CACHE_KB = 65_536
"""Memory that a connection may take for pages."""

SMALL_CACHE_KB = 2_048
"""The same for a connection whose questions are short."""

SQLITE_HEAD = b"SQLite format 3\0"

STEPS = 20_000
"""Of SQLite's machine between two looks at the clock: some 2 ms."""

ABANDONED_MS = 15_000
"""How long PostgreSQL keeps a writer's transaction in which nothing happens."""

LOCK_MS = 10_000
"""How long a transaction that can be begun again waits for another's lock.

Shorter than ABANDONED_MS: of a process that is suspended with many transactions the waiting
ones end before the first does, and not one after the other, each with the next one's lock.
"""

_LIMITS = text(  # of this transaction; one question for both, as every write asks it
    "SELECT set_config('idle_in_transaction_session_timeout', :idle, true),"
    " set_config('lock_timeout', :lock, true)"
)

# Silent in the middle of a transaction that wrote, or that others wait for. The server's own limit
# does not see one that stopped between the messages of a statement.
_STUCK = text(
    "SELECT application_name, pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user"
    " AND application_name LIKE 'marsad %' AND wait_event = 'ClientRead'"
    " AND state_change < clock_timestamp() - :age * interval '1 ms'"
    " AND (backend_xid IS NOT NULL"
    " OR pid IN (SELECT unnest(pg_blocking_pids(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'))"
)

R = TypeVar("R")

DEADLOCKS = 3
"""How often a transaction that the server ended is begun again before it fails."""


_BEGUN_AGAIN = ("40P01", "40001", "55P03")
"""PostgreSQL's codes: a deadlock, no order of two transactions, a lock waited for too long."""


class _Deadlock(Exception):  # noqa: N818  (never leaves this module)
    """The server ended this transaction for the sake of another."""


@contextmanager
def _raising_deadlock() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _BEGUN_AGAIN:
            raise _Deadlock from error
        raise


def _no_step(step: str) -> None:
    del step


class Database:
    """An engine with its two ways in: ``read()`` and ``write()``, each one transaction.

    ``seconds`` ends what takes longer: a transaction on SQLite, a statement on PostgreSQL.
    """

    def __init__(self, url: str, *, read_only: bool = False, seconds: float | None = None) -> None:
        self.url = _parse(url)
        self._seconds = seconds
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.read_only = read_only
        self.step: Callable[[str], None] = _no_step  # called around each commit
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
    def write(self, *, lock_ms: int = 0) -> Iterator[Connection]:
        """Commit at the end, or nothing at all; a lock is waited for ``lock_ms``, 0: for ever."""
        with self._writer.begin() as connection:
            if not self.is_sqlite:
                # A process that is suspended here holds locks that everybody waits for.
                connection.execute(_LIMITS, {"idle": str(ABANDONED_MS), "lock": str(lock_ms)})
            yield connection
            self.step("before-commit")
        self.step("after-commit")

    def writing(self, work: Callable[[Connection], R]) -> R:
        """Return what ``work`` returns from its transaction, begun again after a deadlock.

        PostgreSQL ends one of two transactions that wait for each other, and one that waits
        for LOCK_MS; nothing of it stays. What it waited for may be a process that is suspended:
        its sessions are ended.
        """
        for _ in range(DEADLOCKS):
            try:
                with _raising_deadlock(), self.write(lock_ms=LOCK_MS) as connection:
                    return work(connection)
            except _Deadlock:
                self.end_stuck_sessions()
        with self.write() as connection:
            return work(connection)

    def end_stuck_sessions(self) -> list[str]:
        """End sessions of suspended processes; return what they call themselves. PostgreSQL only.

        They are silent for ABANDONED_MS in a transaction that wrote, or that others wait for.
        """
        with self.read() as connection:
            ended = connection.execute(_STUCK, {"age": ABANDONED_MS})
            names = [str(row.application_name) for row in ended]
        for name in names:
            _log.warning("the session of a process that is stuck was ended: %s", name)
        return names

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def _sqlite(self) -> Engine:
        url = self.url
        _refuse_foreign(self.path)
        if self.read_only:
            url = url.set(
                database=f"{self.path.absolute().as_uri()}?mode=ro", query={"uri": "true"}
            )
        # A question that is given up half-way leaves a statement open, and the state it saw with
        # it: whoever asks again and again takes a connection of its own each time.
        # Else the last one given back: its pages are still true, and the others take none.
        pool = {"pool_use_lifo": True} if self._seconds is None else {"poolclass": NullPool}
        engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, **pool)
        event.listen(engine, "connect", _prepare_sqlite_read if self.read_only else _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        if self._seconds is not None:
            event.listen(engine, "connect", _keep_small)
            event.listen(engine, "begin", _limit_sqlite(self._seconds))
        return engine

    def _postgresql(self) -> Engine:
        options = "-c default_transaction_read_only=on" if self.read_only else ""
        if self._seconds is not None:
            options += f" -c statement_timeout={round(self._seconds * 1000)}"
        # pre_ping: a server that was restarted costs a reconnect, not a failed visit
        return create_engine(
            self.url,
            pool_pre_ping=True,
            connect_args={
                "application_name": _session_name(),
                "options": options,
                "connect_timeout": 10,
            },
        )


def queue_session_options() -> dict[str, str]:
    """Return what a session of the task queue's own asks of PostgreSQL, as libpq's keywords.

    A worker that is suspended holds rows of the queue that every other one waits for.
    """
    limit = f"-c idle_in_transaction_session_timeout={ABANDONED_MS}"
    return {"application_name": _session_name(), "options": limit}


def _session_name() -> str:
    return f"marsad {os.getpid()}@{socket.gethostname()}"[:63]


def _parse(address: str) -> URL:
    try:
        url = make_url(address)
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


def _refuse_foreign(path: Path) -> None:
    """Refuse a file that is no database. SQLite would take one of a few bytes for a new one."""
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE_HEAD))
    except OSError:
        return  # not there yet, or not to be read: connecting says so
    if head and head != SQLITE_HEAD:
        raise StoreError(f"{path}: the file is not a database; {FOREIGN}")


def _prepare_sqlite(dbapi: Any, _record: Any) -> None:
    """Set up a connection that writes.

    synchronous=FULL: with WAL, NORMAL may lose the last commits when the power goes, and a
    stored match is never lost. It costs one fsync a commit, and we commit once a visit.
    """
    _prepare_sqlite_read(dbapi, _record)
    pages = f"page_size={PAGE_SIZE}"  # before the first page is written; later it says nothing
    for pragma in (pages, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        dbapi.execute(f"PRAGMA {pragma}").close()


def _prepare_sqlite_read(dbapi: Any, _record: Any) -> None:
    dbapi.isolation_level = None  # the driver begins no transactions of its own: _begin_sqlite does
    for pragma in (f"busy_timeout={BUSY_MS}", f"cache_size=-{CACHE_KB}"):
        dbapi.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: a reader that turns writer would fail without waiting."""
    writes = connection.get_execution_options().get("marsad_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _keep_small(dbapi: Any, _record: Any) -> None:
    """Who is given little time has many connections: their pages are the system's to keep."""
    dbapi.execute(f"PRAGMA cache_size=-{SMALL_CACHE_KB}").close()


def _limit_sqlite(seconds: float) -> Callable[[Connection], None]:
    """Return what ends every transaction after ``seconds``."""

    def begin(connection: Connection) -> None:
        deadline = time.monotonic() + seconds
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)

    return begin
