"""Conditions that several questions share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, true

T = TypeVar("T")

_MOST = 500  # values in one IN (...): SQLite has a limit, and beyond some all rows are cheaper


def only(column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return that ``column`` is one of ``values``; no condition where they are too many."""
    return column.in_(values) if len(values) <= _MOST else true()


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield ``values`` in parts that one question may hold."""
    for start in range(0, len(values), _MOST):
        yield values[start : start + _MOST]
