"""A sign of life, so that a dead daemon is noticed by somebody who is not the daemon.

A ping goes out only while the loop turns and the store answers: whatever waits for it
(Healthchecks, Uptime Kuma, a script) tells people when it stays away. A daily line says to
people that a silent press is a quiet one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.heartbeat_settings import DailySettings
from alerts.posting import Poster, PostError
from alerts.secrets import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Wellbeing:
    """How the daemon fares, in numbers. ``fault`` is what keeps it from its work, or nothing."""

    sources: int  # known and not removed
    troubled: int  # of them, in trouble now
    articles: int  # with hits, in the last 24 hours
    failed: int  # deliveries refused for good
    fault: str = ""

    @property
    def subject(self) -> str:
        """The line itself."""
        figures = f"{self.sources} sources, {self.articles} articles with hits in 24 hours"
        faults = [self.fault] if self.fault else []
        if self.troubled:
            faults.append(f"{self.troubled} of {self.sources} sources in trouble")
        if self.failed:
            faults.append(f"{self.failed} messages refused for good")
        if faults:
            return f"Running, but {'; '.join(faults)}"
        return f"All is well: {figures}"

    @property
    def body(self) -> str:
        """What stands below it."""
        lines = [
            f"Sources: {self.sources}, in trouble {self.troubled}; see marsad sources list",
            f"Articles with hits in the last 24 hours: {self.articles}",
            f"Messages refused for good: {self.failed}; see marsad alerts pending --failed",
        ]
        return "\n".join([*([self.fault] if self.fault else []), *lines]) + "\n"


def next_line(daily: DailySettings, now: datetime) -> datetime:
    """Return the next moment after ``now`` at which the daily line is due."""
    zone = ZoneInfo(daily.timezone)
    day = now.astimezone(zone).date()
    for later in (0, 1):
        at = datetime.combine(day + timedelta(days=later), daily.at, tzinfo=zone)
        if at.astimezone(now.tzinfo) > now:
            break
    return at.astimezone(now.tzinfo)


async def ping(poster: Poster, url: str) -> str:
    """Ask ``url`` once; return why that was no success, without the address, or nothing."""
    redact = Redactor(url)
    try:
        answer = await poster.get(url, {"User-Agent": "marsad"})
    except PostError as error:
        return redact(error.reason)
    return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}: {redact(answer.body, 80)}"
