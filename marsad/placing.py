"""The matcher's placing of articles among stories, for the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from domain.material import is_official
from domain.source import Source
from domain.story import STORY_DAYS, Placement, StoryMember, Trace
from domain.time import day_in


class StoryPlacing:
    """Implements ``storage.stories.Placer``. ``window`` counts days."""

    def __init__(self, window: int = STORY_DAYS) -> None:
        self.window = window

    def day_of(self, moment: datetime) -> date:
        """See ``storage.stories.Placer``."""
        from matcher.facts import HOME_ZONE  # noqa: PLC0415 - numpy, as below

        return day_in(HOME_ZONE, moment)

    def place(self, trace: Trace, day: date, members: Sequence[StoryMember]) -> Placement:
        """See ``storage.stories.Placer``."""
        from matcher.stories.placing import place  # noqa: PLC0415 - numpy, for most commands idle

        return place(trace, day, members, window=self.window)


def official(source: Source | None) -> tuple[str, ...]:
    """Return the outlet as an official source, if it is one: an agency of state, a ministry."""
    if source is None:
        return ()
    return (source.id,) if is_official(source.tags) else ()
