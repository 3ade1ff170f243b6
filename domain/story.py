"""Articles that tell of one event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from domain.match import ACTIVITIES, EventDate, Match
from domain.material import Facts, facts_of
from domain.time import require_utc

STORY_DAYS = 7
"""Days between two articles of one story, at most, unless the configuration says otherwise."""
MOST_STORY_DAYS = 60  # what is compared with an article grows by each day


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What of an article tells whether another is about the same event. No clock, no rows.

    Hashes are 63-bit, the same on every machine and day.
    """

    language: str
    sketch: tuple[int, ...]  # the smallest hashes of its word sequences, ascending
    terms: tuple[tuple[int, float], ...]  # (hash of a stem, weight), squares summing to 1
    names: tuple[str, ...]  # people, bodies, exercises, equipment: ids, home's own left out
    places: tuple[str, ...]
    numbers: tuple[str, ...]  # figures that the text gives, no dates
    partners: tuple[str, ...]
    activities: tuple[str, ...]
    dates: tuple[EventDate, ...]  # days of the event
    keys: tuple[int, ...]  # hashes under which it is found, the most telling first


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """An article that stands in a story already, with what is needed to compare it."""

    story_id: int
    day: date  # in Algiers: published, else first seen
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an article belongs. No story: it begins one. Several: they become one."""

    stories: tuple[int, ...] = ()  # ascending; the first survives
    likeness: float = 0.0  # to the story it is most alike, 0..1
    why: str = ""  # one line for people


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryUpdate:
    """What one article is to its story, at the moment at which it is filed.

    The first article of a story brings everything it says as new. A later one is material
    when it names a partner or an activity that no earlier article of the story named, or is
    the first that comes from an official source.
    """

    story_id: int
    articles: int  # of the story, this one included
    partners: tuple[str, ...] = ()  # new to the story, sorted; ids as in Match
    activities: tuple[str, ...] = ()  # new to the story, in ACTIVITIES' order
    officials: tuple[str, ...] = ()  # new official sources, sorted: ids of outlets or bodies
    merged: tuple[int, ...] = ()  # ids of stories that became one with this one by the article

    @property
    def is_first(self) -> bool:
        """Whether the story begins with this article."""
        return self.articles == 1

    @property
    def is_material(self) -> bool:
        """Whether it is worth a message of its own: the first, or something new in it."""
        return self.is_first or bool(self.partners or self.activities or self.officials)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySoFar:
    """What the articles of a story said before one more comes."""

    story_id: int
    articles: int
    facts: Facts = field(default_factory=Facts)


def update_of(
    so_far: StorySoFar,
    matches: Iterable[Match],
    officials: Iterable[str],
    merged: tuple[int, ...] = (),
) -> StoryUpdate:
    """Return what an article with ``matches``, speaking for ``officials``, adds to a story."""
    new = facts_of(matches, officials).beyond(so_far.facts)
    return StoryUpdate(
        story_id=so_far.story_id,
        articles=so_far.articles + 1,
        partners=tuple(sorted(new.partners)),
        activities=tuple(a for a in ACTIVITIES if a in new.activities),
        officials=tuple(sorted(new.officials)),
        merged=merged,
    )
