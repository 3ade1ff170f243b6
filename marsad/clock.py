"""The one place where the time of day comes from."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
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
