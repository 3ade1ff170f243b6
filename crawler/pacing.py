"""When a source is visited next: pure functions of what was, what came, and now.

The pace adapts between two bounds: something new halves the pause, nothing new stretches
it. Failures back off, doubling, with jitter so that a hundred sources that failed together
do not come back together; a source is never given up. What a server asks for is honoured.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from crawler.settings import CrawlSettings
from domain.source import FetchState, Validators, VisitOutcome

RETRY_AFTER_CAP = timedelta(hours=24)
_HARD_CAP = timedelta(hours=24)
_FASTER = 0.5
_SLOWER = 1.4
_JITTER = 0.1
# An outcome that time alone seldom mends: asking often would only be rude.
_HARD = frozenset(
    {
        VisitOutcome.ROBOTS,
        VisitOutcome.NOT_A_FEED,
        VisitOutcome.NO_WAY_IN,
        VisitOutcome.PARSE,
    }
)
_HARD_STATUSES = frozenset({401, 403, 404, 410, 451})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the server asked for. None where it did not."""

    retry_after: timedelta | None = None  # Retry-After, as far as it can be believed
    fresh_for: timedelta | None = None  # Cache-Control max-age, or the feed's ttl
    status: int | None = None  # of the answer that made the visit fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a visit ended, as far as pacing cares."""

    outcome: VisitOutcome
    reason: str = ""
    new_articles: int = 0
    validators: tuple[Validators, ...] = ()
    hints: Hints = field(default_factory=Hints)


def next_state(
    old: FetchState, ending: Ending, *, now: datetime, settings: CrawlSettings, rng: Random
) -> FetchState:
    """Return what becomes of a source after a visit."""
    low, high = settings.poll_every.min, settings.poll_every.max
    if ending.outcome.is_success:
        pause = _adapted(old, ending, low, high)
        wait = _stretched(pause, rng, low)
        if ending.hints.fresh_for is not None:
            wait = max(wait, min(ending.hints.fresh_for, high))
        state = replace(old, failures=0, reason="", last_success=now)
        if ending.new_articles:
            state = replace(state, last_article=now)
        state = replace(state, interval_seconds=pause.total_seconds())
    else:
        failures = old.failures + 1
        wait = _stretched(backoff(failures, ending, low, high), rng, low)
        state = replace(old, failures=failures, reason=ending.reason)
    if ending.hints.retry_after is not None:
        wait = max(wait, min(ending.hints.retry_after, RETRY_AFTER_CAP))
    return replace(
        state,
        next_due=now + wait,
        last_visit=now,
        outcome=ending.outcome,
        validators=ending.validators,
    )


def backoff(failures: int, ending: Ending, low: timedelta, high: timedelta) -> timedelta:
    """Return the pause after so many failures in a row, before jitter."""
    hard = ending.outcome in _HARD or ending.hints.status in _HARD_STATUSES
    cap = max(high, _HARD_CAP) if hard else high
    start = low * 4 if hard else low
    return min(cap, start * float(2 ** min(failures - 1, 20)))


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Read a Retry-After header: seconds or an HTTP date. None when absent, absurd or past."""
    text = (header or "").strip()
    if text.isdigit():
        seconds = int(text[:9])
        return min(timedelta(seconds=seconds), RETRY_AFTER_CAP) if seconds else None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    wait = moment - now
    return min(wait, RETRY_AFTER_CAP) if wait > timedelta(0) else None


def _adapted(old: FetchState, ending: Ending, low: timedelta, high: timedelta) -> timedelta:
    if old.interval_seconds is None:
        return low
    factor = _FASTER if ending.new_articles else _SLOWER
    return min(high, max(low, timedelta(seconds=old.interval_seconds) * factor))


def _stretched(pause: timedelta, rng: Random, low: timedelta) -> timedelta:
    """Jitter both ways, but never below the shortest pause that was configured."""
    return max(low, pause * rng.uniform(1 - _JITTER, 1 + _JITTER))
