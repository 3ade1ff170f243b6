"""What a web server's answer, or its silence, means for a message."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from alerts.posting import Answer, PostError
from alerts.secrets import Redactor
from domain.notice import SendOutcome, SendResult

JSON_UTF8 = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "marsad"}
_UNSAID_WAIT = 30.0  # seconds that a 429 without Retry-After asks for
_GONE = (401, 403, 404, 407, 410)  # the address, not the message, is at fault


def unanswered(error: PostError, redact: Redactor) -> SendOutcome:
    """Return what it means that no answer came."""
    reason = redact(error.reason)
    return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=error.is_wide)


def refused(
    answer: Answer,
    redact: Redactor,
    *,
    final: Collection[int] = (400, 413),
    now: datetime | None = None,
) -> SendOutcome:
    """Read an answer that is no acceptance.

    The statuses ``final`` are said of this very message. ``now`` reads a Retry-After that is
    a date; without it only seconds are read.
    """
    words = redact(answer.body, 120)
    reason = f"HTTP {answer.status}: {words}" if words else f"HTTP {answer.status}"
    if answer.status in final:
        return SendOutcome(result=SendResult.REFUSED, reason=reason)
    wait = retry_after(answer.headers, now)
    if answer.status == 429:
        asked = _UNSAID_WAIT if wait is None else wait
        return SendOutcome(result=SendResult.RETRY, reason=reason, retry_after=asked)
    is_wide = answer.status in _GONE or 300 <= answer.status < 400
    asked_too = wait if answer.status == 503 else None
    return SendOutcome(
        result=SendResult.RETRY, reason=reason, channel_wide=is_wide, retry_after=asked_too
    )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read Retry-After in seconds, at least one; None where it says nothing of use.

    Absurd values are the dispatcher's to cap.
    """
    said = headers.get("retry-after", "")
    try:
        return max(1.0, float(said))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(said)
        return None if now is None else max(1.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None
