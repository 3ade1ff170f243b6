"""Conditions that several questions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, true

_MOST = 500  # values in one IN (...): SQLite has a limit, and beyond some all rows are cheaper


def only(column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return that ``column`` is one of ``values``; no condition where they are too many."""
    return column.in_(values) if len(values) <= _MOST else true()
