"""Articles that tell of one event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.time import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story and its span in the store. A lone article is a story of one."""

    id: int
    title: str
    first_seen: datetime
    last_seen: datetime

    def __post_init__(self) -> None:
        require_utc(self.first_seen, "first_seen")
        require_utc(self.last_seen, "last_seen")
