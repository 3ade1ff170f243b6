"""When a source publishes: what its own past says, as few numbers as pacing and health need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.time import require_utc, require_utc_where_given

HOURS, DAYS = 24, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Counts of articles by hour of the day and day of the week, faded with age.

    Hours and days are those of Algiers, Monday first. A count is a sum of weights, not of
    articles: an article weighs 1 when it appears and less the longer ago that was.
    """

    since: datetime  # the oldest moment that the counts speak of
    as_of: datetime  # the moment for which they are faded
    hours: tuple[float, ...]
    days: tuple[float, ...]
    recent: float = 0.0  # articles of the last hours, fading fast
    awaited: float = 0.0  # articles that the counts let expect of the same hours, fading alike
    newest: datetime | None = None  # publication of the newest article; None: none ever
    longest_pause: float = 0.0  # seconds between two articles; fades over months
    articles: int = 0  # ever learnt from

    def __post_init__(self) -> None:
        require_utc(self.since, "since")
        require_utc(self.as_of, "as_of")
        require_utc_where_given(self, "newest")
        if len(self.hours) != HOURS or len(self.days) != DAYS:
            raise ValueError("a rhythm has 24 hours and 7 days")
