"""When a delivery is tried again: a pure function of the answer and how often it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from domain.notice import SendOutcome, SendResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Waits between tries: ``first``, doubling up to ``longest``, spread by ``jitter``."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=15)
    longest_asked: timedelta = timedelta(hours=24)  # the most that a Retry-After is believed
    jitter: float = 0.2  # share of the wait by which it may be longer


def next_try(
    outcome: SendOutcome, attempts: int, now: datetime, rng: Random, policy: RetryPolicy
) -> datetime | None:
    """Return when to try again, or None when the row is done with: sent, or refused for good.

    ``attempts`` counts the tries before this one.
    """
    if outcome.result is not SendResult.RETRY:
        return None
    if outcome.retry_after is not None and outcome.retry_after > 0:
        return now + min(timedelta(seconds=outcome.retry_after), policy.longest_asked)
    wait: timedelta = min(policy.first * 2 ** min(attempts, 20), policy.longest)
    return now + wait * (1 + policy.jitter * rng.random())
