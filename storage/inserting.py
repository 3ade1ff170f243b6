"""Inserts in bulk, the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Executable, Row, Select, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *returning: Column[Any],
) -> Sequence[Row[Any]]:
    """Insert those ``rows`` that no unique constraint refuses; return ``returning`` of them.

    Rows that another transaction inserts at this moment are waited for, and then refused too:
    of many who file one article, one wins.
    """
    if not rows:
        return ()
    statement = _unless_there(connection.dialect.name, table, returning)
    if not returning:
        connection.execute(statement, list(rows))
        return ()
    return connection.execute(statement, list(rows)).all()


def insert_numbered(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    number: Column[Any],
    *more: Column[Any],
) -> Sequence[Any]:
    """Insert as ``insert_new``; return the ``number`` that the database gave each, and ``more``.

    SQLite answers for many rows at once at twice the price. Its writers come one by one, and it
    gives numbers beyond the highest: what is there afterwards beyond it is what was inserted.
    """
    table = number.table
    assert isinstance(table, Table)
    if not rows or connection.dialect.name != "sqlite":
        return insert_new(connection, table, rows, number, *more)
    highest = connection.scalar(_highest(number)) or 0
    insert_new(connection, table, rows)
    return connection.execute(_beyond(number, more), {"highest": highest}).all()


@cache
def _highest(number: Column[Any]) -> Select[Any]:
    return select(func.max(number))


@cache
def _beyond(number: Column[Any], more: tuple[Column[Any], ...]) -> Select[Any]:
    return select(number, *more).where(number > bindparam("highest"))


@cache
def _unless_there(dialect: str, table: Table, returning: tuple[Column[Any], ...]) -> Executable:
    """Return the statement; put together once, as it is carried out all day."""
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.returning(*returning) if returning else statement


def put_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert ``row``, in place of one with the same primary key."""
    statement = _insert(connection.dialect.name, table)
    keys = [column.name for column in table.primary_key]
    values = {name: statement.excluded[name] for name in row if name not in keys}
    changed = statement.on_conflict_do_update(index_elements=keys, set_=values)
    connection.execute(changed, [dict(row)])


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
