"""Datetimes are aware and UTC everywhere; anything else is refused when a value is made."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo


def require_utc(value: datetime, name: str) -> None:
    """Raise ValueError unless ``value`` is aware and in UTC."""
    if value.tzinfo is None or value.utcoffset() != timedelta(0):
        raise ValueError(f"{name} must be an aware datetime in UTC, not {value!r}")


def require_utc_where_given(owner: object, *names: str) -> None:
    """Raise ValueError where one of these fields of ``owner`` is neither None nor in UTC."""
    for name in names:
        value = getattr(owner, name)
        if value is not None:
            require_utc(value, name)


def day_in(zone: tzinfo, moment: datetime) -> date:
    """Return the day that ``moment`` is in ``zone``; at an end of the calendar its own day."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:  # a page may claim the last hour of the year 9999
        return moment.date()


def moved(moment: datetime, span: timedelta) -> datetime:
    """Return ``moment`` moved by ``span``, as far as the calendar goes."""
    try:
        return moment + span
    except OverflowError:
        ends = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return ends[span > timedelta(0)]


def isoformat(value: datetime) -> str:
    """Format as ISO 8601 in UTC to the second, e.g. ``2023-12-06T10:12:00Z``."""
    moment = value.astimezone(UTC)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%SZ}"  # strftime pads no year before 1000
