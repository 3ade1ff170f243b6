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
    patience: int = 3  # failures of one channel in a row before the channel itself rests


def next_try(
    outcome: SendOutcome, attempts: int, now: datetime, rng: Random, policy: RetryPolicy
) -> datetime | None:
    """Return when to try again, or None when the row is done with: sent, or refused for good.

    ``attempts`` counts the tries before this one. There is no last try: what is not refused
    is sent once the far side is back.
    """
    if outcome.result is not SendResult.RETRY:
        return None
    asked = outcome.retry_after
    if asked is not None and asked > 0:  # false for what is no number, too
        most = policy.longest_asked.total_seconds()
        return now + timedelta(seconds=min(asked, most))
    return now + _wait(attempts, rng, policy)


def rest_until(
    outcome: SendOutcome,
    failures: int,
    again: datetime | None,
    *,
    now: datetime,
    rng: Random,
    policy: RetryPolicy,
) -> datetime | None:
    """Return until when the whole channel rests; None when its next message may go.

    ``failures`` counts those of the channel in a row, this one included; ``again`` is when
    this message is tried again. A channel that names no fault of its own rests by its
    failures, not by one message's: a message that breaks it does not hold up the others.
    """
    if again is None:
        return None
    if outcome.channel_wide or (outcome.retry_after is not None and outcome.retry_after > 0):
        return again
    if failures < policy.patience:
        return None
    return now + _wait(failures - policy.patience, rng, policy)


def _wait(tries: int, rng: Random, policy: RetryPolicy) -> timedelta:
    wait: timedelta = min(policy.first * 2 ** min(tries, 20), policy.longest)
    return wait * (1 + policy.jitter * rng.random())
