"""Column types that answer the same on SQLite and PostgreSQL."""

# ruff: noqa: ARG002  (SQLAlchemy calls these with a dialect)

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite's rowid is reached by the word INTEGER only."""

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what SQL cannot hold, one for one, so that evidence offsets still count.

    PostgreSQL refuses NUL, both refuse lone surrogates; pages and feeds bring either. Other
    controls (ESC, BEL, C1) would act on the terminal of whoever reads the store.
    """
    if text.isprintable():  # as most short ones are; told ten times faster
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def listed(text: str | None) -> tuple[str, ...]:
    """Return what a column of comma-separated words holds."""
    return tuple(filter(None, (text or "").split(",")))


class CleanText(TypeDecorator[str]):
    """Text that any page may bring."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean on the way in; a StrEnum as its value, where drivers would write its name."""
        return None if value is None else clean(str(value))


class UtcText(TypeDecorator[datetime]):
    """A moment as ``YYYY-MM-DDTHH:MM:SSZ``: fixed width, so that text order is time order.

    Text on both databases: an analyst's SQL, the views and a dump then say the same, and
    SQLite has no type for it anyway. Fractions of a second are cut off.
    """

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="seconds")[:-6] + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read as an aware datetime."""
        return None if value is None else datetime.fromisoformat(value)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings in their own order, as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Write JSON, readable for people."""
        return None if value is None else clean(json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        """Read JSON."""
        return None if value is None else tuple(json.loads(value))
