"""When a source is visited next: pure functions of what was, what came, and now.

The pace follows the source's own rhythm between two bounds: often when it is used to publish,
seldom when it is not. Failures back off, doubling, with jitter so that a hundred sources that
failed together do not come back together; a source is never given up. What a server asks for
is honoured. ``benchmarks/pacing.py`` measures a month of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from crawler.health import HTTP_GONE
from crawler.rhythm import learn, rate_now
from crawler.settings import CrawlSettings
from domain.rhythm import Rhythm
from domain.source import FetchState, Validators, VisitOutcome

RETRY_AFTER_CAP = timedelta(hours=24)
_HARD_CAP = timedelta(hours=24)
_GONE_CAP = timedelta(days=7)
_JITTER = 0.1
# The mean delay of a given number of visits is least when they are as dense as the square root
# of the rate of articles; the median, and an operator, are served by a little more.
_BUSY = 5.0  # articles an hour that are worth the shortest pause
_POWER = 0.65
_STEPS = 72  # parts of the longest pause in which the pace is summed up
_AHEAD = timedelta(minutes=2)  # clocks differ; more is a clock that was set back
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
    moments: tuple[datetime, ...] = ()  # when what was found was published, as far as is known
    validators: tuple[Validators, ...] = ()
    hints: Hints = field(default_factory=Hints)


def next_state(
    old: FetchState, ending: Ending, *, now: datetime, settings: CrawlSettings, rng: Random
) -> FetchState:
    """Return what becomes of a source after a visit."""
    low, high = settings.poll_every.min, settings.poll_every.max
    if ending.outcome.is_success:
        rhythm = learn(old.rhythm, ending.moments, now)
        pause = low if old.rhythm is None else pause_after(rhythm, now, low, high)
        wait = _stretched(pause, rng, low)
        if ending.hints.fresh_for is not None:
            wait = max(wait, min(ending.hints.fresh_for, high))
        state = replace(old, failures=0, reason="", last_success=now)
        if ending.new_articles:
            state = replace(state, last_article=now)
        state = replace(state, interval_seconds=pause.total_seconds(), rhythm=rhythm)
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


def is_due(state: FetchState, now: datetime) -> bool:
    """Whether to visit now. A visit made in the future tells that the clock was set back."""
    is_astray = state.last_visit is not None and state.last_visit > now + _AHEAD
    return state.next_due <= now or is_astray


def pause_after(rhythm: Rhythm, now: datetime, low: timedelta, high: timedelta) -> timedelta:
    """Return how long after ``now`` a visit is worth its request.

    The pace is summed up on the way: before a busy hour the pause ends early in it, however
    quiet the hours until then.
    """
    step, done, walked = high / _STEPS, 0.0, timedelta(0)
    while walked < high:
        pause = _pause_at(rhythm, now + walked + step / 2, low, high)
        left = pause * (1 - done)
        if left <= step:
            return min(high, max(low, walked + left))
        done += step / pause
        walked += step
    return high


def _pause_at(rhythm: Rhythm, moment: datetime, low: timedelta, high: timedelta) -> timedelta:
    expected = max(rate_now(rhythm, moment), 1e-9)
    factor = (_BUSY / expected) ** _POWER
    return high if factor > high / low else max(low, low * factor)


def backoff(failures: int, ending: Ending, low: timedelta, high: timedelta) -> timedelta:
    """Return the pause after so many failures in a row, before jitter."""
    hard = ending.outcome in _HARD or ending.hints.status in _HARD_STATUSES
    cap = max(high, _HARD_CAP) if hard else high
    if ending.hints.status == HTTP_GONE:
        cap = max(high, _GONE_CAP)  # the server says that it is for good; once a week we look
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


def _stretched(pause: timedelta, rng: Random, low: timedelta) -> timedelta:
    """Jitter both ways, but never below the shortest pause that was configured."""
    return max(low, pause * rng.uniform(1 - _JITTER, 1 + _JITTER))
