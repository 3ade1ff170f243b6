"""The one place where the time of day comes from."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.errors import UsageError

HOME = ZoneInfo("Africa/Algiers")
_AGE = re.compile(r"(\d+)\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def utc_now() -> datetime:
    """Return the time now, aware and in UTC."""
    return datetime.now(UTC)


def read_moment(text: str, now: datetime) -> datetime:
    """Read ``30d``, ``12h``, ``2023-12-06`` or an ISO date and time as a moment in UTC.

    A date or time without a zone is Algerian. Raises UsageError.
    """
    age = _AGE.fullmatch(text.strip())
    try:
        if age is not None:
            return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=HOME)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text!r} is no date; write 2023-12-06, 2023-12-06T10:00Z or an age such as 30d"
        raise UsageError(message) from None


def read_last(text: str, now: datetime) -> datetime:
    """Read what ``read_moment`` reads as the last moment meant: of a bare date its last second.

    Stored moments are whole seconds. Raises UsageError.
    """
    moment = read_moment(text, now)
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return moment
    if day == date.max:
        return moment
    return read_moment((day + timedelta(days=1)).isoformat(), now) - timedelta(seconds=1)


def read_end(text: str, now: datetime) -> datetime:
    """Read ``2d``, ``2026-12-01`` or an ISO date and time as the moment at which something ends.

    A duration counts from ``now``. Raises UsageError.
    """
    moment = read_moment(text, now)
    if _AGE.fullmatch(text.strip()) is None:
        return moment
    try:
        return now + (now - moment)
    except OverflowError:
        raise UsageError(f"{text!r} is too far ahead; write a duration such as 2d") from None
