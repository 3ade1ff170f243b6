"""Inserts in bulk, the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Table
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
    statement = _insert(connection, table).on_conflict_do_nothing()
    if not returning:
        connection.execute(statement, list(rows))
        return ()
    return connection.execute(statement.returning(*returning), list(rows)).all()


def put_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert ``row``, in place of one with the same primary key."""
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    values = {name: statement.excluded[name] for name in row if name not in keys}
    changed = statement.on_conflict_do_update(index_elements=keys, set_=values)
    connection.execute(changed, [dict(row)])


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
