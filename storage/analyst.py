"""SQL of an analyst: any single statement that reads. The database itself refuses the rest."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.errors import QueryError
from storage.border import drivers, is_timeout, one_line
from storage.database import BUSY_MS, CACHE_KB, STEPS, Database
from storage.misnamed import meant
from storage.remedies import remedy

if TYPE_CHECKING:
    import psycopg

LONGEST_VALUE = 64 * 1024 * 1024  # bytes: a query that builds more is a mistake or an attack
NO_ROWS = "the statement gives no rows"
FETCHED = 500  # rows a round trip to PostgreSQL

_READS = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)


class Rows(Iterator[tuple[Any, ...]]):
    """Rows as they come. Its connection closes at the end, or by ``close()``."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], close: Callable[[], None]) -> None:
        self._rows, self._close = rows, close

    def __next__(self) -> tuple[Any, ...]:
        try:
            return next(self._rows)
        except StopIteration:
            self.close()
            raise
        except BaseException as error:  # no context manager around every row: there are many
            self.close()
            with _refusals():
                raise error
        raise AssertionError  # the border never swallows an error

    def close(self) -> None:
        """Give the connection back."""
        self._rows = iter(())
        self._close()

    def __del__(self) -> None:
        self._close()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """Names of the columns, and the rows as they come."""

    columns: tuple[str, ...]
    rows: Rows
    is_superuser: bool = False  # of PostgreSQL: whom no transaction keeps from the server's files


def query(database: Database, sql: str, seconds: float) -> QueryResult:
    """Run one statement for at most ``seconds``. Raises QueryError, also while rows come."""
    run = _sqlite if database.is_sqlite else _postgresql
    with _refusals(lambda error: meant(database, sql, error)):
        return run(database, sql, seconds)


def _refused() -> tuple[type[BaseException], ...]:
    # Warning: Python 3.11's word for a second statement. ValueError: a NUL in the statement.
    return (*drivers(), sqlite3.Warning, ValueError, OverflowError)


def _no_hint(error: BaseException) -> str:
    del error
    return ""


@contextmanager
def _refusals(hint: Callable[[BaseException], str] = _no_hint) -> Iterator[None]:
    try:
        yield
    except _refused() as error:
        why = "it ran too long" if is_timeout(error) else one_line(error)
        if getattr(error, "sqlstate", "") is None and type(error).__name__ == "ProgrammingError":
            why = NO_ROWS  # psycopg's own words, of how it reads the answer
        raise QueryError(f"query refused or failed: {why}{hint(error)}{remedy(error)}") from error


def _sqlite(database: Database, sql: str, seconds: float) -> QueryResult:
    address = f"{database.path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")  # else two megabytes of big pages
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        connection.set_authorizer(_authorize)
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        cursor = connection.execute(sql)
        if cursor.description is None:
            raise QueryError(f"query refused or failed: {NO_ROWS}")
        names = tuple(entry[0] for entry in cursor.description)
        return QueryResult(columns=names, rows=Rows(cursor, connection.close))
    except BaseException:
        connection.close()
        raise


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Allow what a SELECT needs and nothing else: no ATTACH, no PRAGMA, no transaction."""
    del first
    is_reading = action in _READS and second != "load_extension"
    return sqlite3.SQLITE_OK if is_reading else sqlite3.SQLITE_DENY


def _postgresql(database: Database, sql: str, seconds: float) -> QueryResult:
    import psycopg  # noqa: PLC0415 - idle on SQLite

    arguments = database.engine.dialect.create_connect_args(database.url)
    connection = psycopg.connect(*arguments[0], **arguments[1], autocommit=False)
    try:
        is_superuser = _restrict(connection, seconds)
        # DECLARE CURSOR takes a SELECT or VALUES and nothing else, by PostgreSQL's grammar: no DO
        # and no COPY, which would run, and write files, before anybody sees that no rows come.
        # psycopg declares by the extended protocol, in which the server takes one statement only.
        cursor = connection.cursor(name="analyst")
        cursor.itersize = FETCHED
        try:
            cursor.execute(sql.encode())
            names = tuple(entry.name for entry in cursor.description or ())
        except BaseException:
            cursor.close()
            raise
        rows = _plain(cursor, time.monotonic() + seconds)
        found = Rows(rows, lambda: _give_back(cursor, connection))
        return QueryResult(columns=names, rows=found, is_superuser=is_superuser)
    except BaseException:
        connection.close()
        raise


def _give_back(
    cursor: psycopg.ServerCursor[tuple[Any, ...]], connection: psycopg.Connection[Any]
) -> None:
    with suppress(*drivers()):  # the server may be gone
        cursor.close()
    connection.close()


def _restrict(connection: psycopg.Connection[Any], seconds: float) -> bool:
    """Let ``connection`` read only, for so long; return whether a superuser asks."""
    connection.read_only = True
    timeout = str(round(seconds * 1000))
    # A query before the analyst's also closes the door to SET TRANSACTION READ WRITE.
    is_superuser = connection.execute(
        "SELECT set_config('statement_timeout', %s, true), current_setting('is_superuser')",
        (timeout,),
    ).fetchone()
    # A superuser may read and write the server's files from a transaction that only reads. Lowered
    # he cannot, unless he climbs back on purpose (set_config('role') and query_to_xml in one
    # SELECT still read a file): whoever is not trusted with that gets a role of his own.
    if is_superuser is None or is_superuser[1] != "on":
        return False
    connection.execute("SET LOCAL ROLE pg_read_all_data")
    return True


def _plain(rows: Iterable[tuple[Any, ...]], deadline: float) -> Iterator[tuple[Any, ...]]:
    """Yield rows whose numbers are of the kinds that SQLite gives, until ``deadline``.

    The server's own limit counts for each fetch, and a query may lift it for the next one.
    """
    for row in rows:
        if time.monotonic() > deadline:
            raise QueryError("query refused or failed: it took too long")
        yield tuple(map(_number, row))


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
