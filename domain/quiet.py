"""Hours in which nobody is to be disturbed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From ``start`` to ``end`` by the clocks of ``timezone``, on the days on which they begin.

    An ``end`` that is not after ``start`` is of the next day: 22:00 to 06:00 on ``fri`` lasts
    into Saturday, and 00:00 to 00:00 a whole day.
    """

    start: time
    end: time
    timezone: str
    days: tuple[str, ...] = DAYS

    def until(self, moment: datetime) -> datetime | None:
        """Return when the quiet that holds at ``moment`` ends, in UTC; None: it is not quiet."""
        today = moment.astimezone(ZoneInfo(self.timezone)).date()
        for day in (today - timedelta(days=1), today):
            if DAYS[day.weekday()] in self.days:
                begins, ends = self._span(day)
                if begins <= moment < ends:
                    return ends
        return None

    def _span(self, day: date) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self.timezone)
        last = day if self.end > self.start else day + timedelta(days=1)
        begins = datetime.combine(day, self.start, tzinfo=zone)
        return begins.astimezone(UTC), datetime.combine(last, self.end, tzinfo=zone).astimezone(UTC)


def quiet_until(hours: Sequence[QuietHours], moment: datetime) -> datetime | None:
    """Return the first moment from which nobody is disturbed any more; None: it is not quiet."""
    end = None
    for _ in range(2 * len(hours) * len(DAYS)):  # one may begin as another ends
        later = [until for each in hours if (until := each.until(end or moment)) is not None]
        if not later:
            return end
        end = max(later)
    return end
