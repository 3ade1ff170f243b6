"""The border: what leaves this room is a StoreError of one line, never a driver's exception."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import ConnectionLostError, StoreError, TimeLimitError
from storage.remedies import remedy, sqlite_code

_CANCELED = "57014"  # PostgreSQL's code of a question that its time limit ended
_ENDED = ("57P", "08")  # classes of its codes: by an operator, or the line to it
_CUT = "consuming input failed"  # psycopg's words where an answer was waited for; it has no code


def drivers() -> tuple[type[BaseException], ...]:
    """Return the root errors of the drivers that are loaded: no other can have raised one.

    On SQLite that of PostgreSQL, and Alembic where no schema changes, are 17 MB of nothing.
    """
    return (sqlite3.Error, *_loaded("psycopg", "Error"))


def _loaded(module: str, name: str) -> tuple[type[BaseException], ...]:
    found = getattr(sys.modules.get(module), name, None)
    return () if found is None else (found,)


def _foreign() -> tuple[type[BaseException], ...]:
    tools = _loaded("alembic.util", "CommandError")
    values = (OverflowError, UnicodeError)  # values that no column holds
    return (*drivers(), *tools, *values, SQLAlchemyError, OSError)


@contextmanager
def border(name: str, path: Path | None = None) -> Iterator[None]:
    """Translate what goes wrong with the database called ``name``, on SQLite the file ``path``."""
    try:
        yield
    except _foreign() as error:
        if is_timeout(error):
            raise TimeLimitError(f"database {name}: the question took too long") from error
        kind = ConnectionLostError if is_cut(error) else StoreError
        raise kind(f"database {name}: {one_line(error)}{remedy(error, path)}") from error


def is_timeout(error: BaseException) -> bool:
    """Whether the database ended a question because its time was over."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_INTERRUPT or getattr(cause, "sqlstate", None) == _CANCELED


def is_cut(error: BaseException) -> bool:
    """Whether a session that was open has ended; one that never was is another matter."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        error = error.orig or error
    state = getattr(error, "sqlstate", None)
    return state.startswith(_ENDED) if state else str(error).startswith(_CUT)


def is_corrupt(error: DBAPIError) -> bool:
    """Whether SQLite says of what is stored that it makes no sense."""
    return sqlite_code(error.orig) == sqlite3.SQLITE_CORRUPT


def one_line(error: BaseException) -> str:
    """Return the driver's own words, without the statement and its values (whole articles)."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
