"""Datetimes are aware and UTC everywhere; anything else is refused when a value is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def require_utc(value: datetime, name: str) -> None:
    """Raise ValueError unless ``value`` is aware and in UTC."""
    if value.tzinfo is None or value.utcoffset() != timedelta(0):
        raise ValueError(f"{name} must be an aware datetime in UTC, not {value!r}")


def isoformat(value: datetime) -> str:
    """Format as ISO 8601 in UTC to the second, e.g. ``2023-12-06T10:12:00Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
