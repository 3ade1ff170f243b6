"""One story, one notice: what a further article of a story is worth to a channel. Pure.

The words are Alertmanager's. A group is a story on a channel. ``wait`` is how long its first
notice waits for company; ``interval`` the least time between two notices of a group that has
something new; ``repeat`` how long after the last notice a group that nobody acknowledged is
told again, though nothing is new (0: never).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.material import Facts


class Kind(StrEnum):
    """Why a row of the outbox is there. The first two are what routes ask for."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"
    LATER = "later"  # a further report of a told story: for the next digest
    QUIET = "quiet"  # fell into quiet hours: for the digest after them
    FLOOD = "flood"  # one of too many: for the digest of the flood
    REPEAT = "repeat"  # told again: nobody acknowledged it
    ESCALATION = "escalation"  # told to somebody else: nobody acknowledged it

    @property
    def is_single(self) -> bool:
        """Whether it is a message of its own, not one of a digest."""
        return self in (Kind.IMMEDIATE, Kind.REPEAT, Kind.ESCALATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The three times of a route."""

    wait: timedelta = timedelta(0)
    interval: timedelta = timedelta(0)
    repeat: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a channel was told of a story so far, or will be."""

    facts: Facts
    waiting: datetime | None = None  # when its notice that is not sent yet is due
    told_at: datetime | None = None  # its last notice went out; None: none did


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """How a further article is told. ``due_at`` is None for the next digest."""

    kind: Kind
    due_at: datetime | None


def place(group: Group | None, facts: Facts, grouping: Grouping, due_at: datetime) -> Placed:
    """Return how an article with ``facts`` is told to the channel that ``group`` describes.

    ``due_at`` is when it would go out were it alone. The first one founds the group. What comes
    while a notice of the group waits goes along with it, if the wait is for company or if it is
    material. After that only what is material is told, no sooner than ``interval`` after the
    last notice; the rest is for the next digest.
    """
    if group is None:
        return Placed(kind=Kind.IMMEDIATE, due_at=due_at + grouping.wait)
    is_news = facts.news_to(group.facts)
    if group.waiting is not None and (is_news or (grouping.wait and group.told_at is None)):
        return Placed(kind=Kind.IMMEDIATE, due_at=max(group.waiting, due_at))
    if not is_news:
        return Placed(kind=Kind.LATER, due_at=None)
    earliest = due_at if group.told_at is None else group.told_at + grouping.interval
    return Placed(kind=Kind.IMMEDIATE, due_at=max(due_at, earliest))


def repeat_due(
    told_at: datetime, last_seen: datetime, grouping: Grouping, now: datetime, alive: timedelta
) -> bool:
    """Whether a group that nobody acknowledged is told again.

    A story of which no outlet wrote for ``alive`` is over: it resolves by itself.
    """
    return bool(grouping.repeat) and told_at + grouping.repeat <= now <= last_seen + alive
