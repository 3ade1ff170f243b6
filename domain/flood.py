"""A flood: more matches than anybody can read one by one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_DIGEST = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodPolicy:
    """When a route turns to digests by itself: ``alerts`` notices or ``hits`` within ``per``.

    It returns once both rates fell below half. 0 sets no limit.
    """

    alerts: int = 20
    hits: int = 300
    per: timedelta = timedelta(minutes=10)
    pause: timedelta = FIRST_DIGEST  # before its first digest; 0 where nobody waits for a second

    def begins(self, alerts: int, hits: int) -> bool:
        """Whether so many within ``per`` are a flood."""
        return bool(self.alerts and alerts > self.alerts) or bool(self.hits and hits > self.hits)

    def ends(self, alerts: int, hits: int) -> bool:
        """Whether so few within ``per`` end one."""
        is_calm = not self.alerts or 2 * alerts < self.alerts
        return is_calm and (not self.hits or 2 * hits < self.hits)


def loud(rates: Mapping[str, tuple[int, int]], policy: FloodPolicy) -> tuple[str, ...]:
    """Return the outlets that alone would keep a flood up, the loudest first.

    ``rates`` gives each outlet's (alerts, hits) within ``policy.per``.
    """
    found = [outlet for outlet, rate in rates.items() if not policy.ends(*rate)]
    return tuple(sorted(found, key=lambda outlet: (-rates[outlet][1], outlet)))


def is_spared(outlet: str, rates: Mapping[str, tuple[int, int]], policy: FloodPolicy) -> bool:
    """Whether ``outlet`` is told one by one in a flood that other outlets make.

    It is while all who are not loud are calm together: one outlet that publishes thousands
    starves nobody, and a flood of many outlets is gathered from all of them.
    """
    noisy = set(loud(rates, policy))
    others = [rate for each, rate in rates.items() if each not in noisy]
    is_calm = policy.ends(sum(alerts for alerts, _ in others), sum(hits for _, hits in others))
    return outlet not in noisy and is_calm


def gathering(since: datetime, now: datetime, pause: timedelta = FIRST_DIGEST) -> datetime:
    """Return when the next digest of a flood goes out: after 1, 2, 4... minutes, then every 30.

    ``pause`` is the first wait; with 0 it is now.
    """
    if not pause:
        return now
    at = since + pause
    while at <= now:
        at += pause
        pause = min(2 * pause, LONGEST_PAUSE)
    return at
