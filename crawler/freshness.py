"""For how long an answer stays good, by its headers. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_UNCACHED = re.compile(r"\bno-(?:cache|store)\b", re.IGNORECASE)


def fresh_for(
    cache_control: str | None, expires: str | None, date: str | None, *, now: datetime
) -> timedelta | None:
    """Return the span of ``max-age``, or up to ``Expires``, which it overrules; None: not said."""
    control = cache_control or ""
    match = _MAX_AGE.search(control)
    if match:
        return timedelta(seconds=int(match[1]))
    end = _http_date(expires)
    if end is None or _UNCACHED.search(control):
        return None
    span = end - (_http_date(date) or now)
    return span if span > timedelta(0) else None


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (TypeError, ValueError, OverflowError):
        return None  # "0" and "-1" are common, and mean: at once
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment is not None else None
