"""The border: what leaves this room is a StoreError of one line, never a driver's exception."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import StoreError

FOREIGN = (SQLAlchemyError, sqlite3.Error, psycopg.Error, CommandError, OSError)


@contextmanager
def border(name: str) -> Iterator[None]:
    """Translate what goes wrong with the database called ``name``."""
    try:
        yield
    except (*FOREIGN, OverflowError, UnicodeError) as error:  # the latter: values no column holds
        raise StoreError(f"database {name}: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """Return the driver's own words, without the statement and its values (whole articles)."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
