"""Who is told again of a story that nobody acknowledged. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.grouping import Grouping, Kind, repeat_due
from domain.time import require_utc

ALIVE = timedelta(hours=24)
"""A story that no outlet wrote of for so long is over and repeats no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """Whom to tell of an urgent story that nobody acknowledged ``after`` it was first told."""

    after: timedelta
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStory:
    """What one channel was told of one story, one by one. Nobody acknowledged the story."""

    story_id: int
    article_id: int  # of the first notice
    url: str  # of that article
    channel: str
    route: str
    is_urgent: bool
    first_told: datetime
    last_told: datetime
    last_seen: datetime  # when an outlet last wrote of it
    repeats: int  # how often it was told again
    is_waiting: bool  # a notice of it is under way
    steps: tuple[int, ...] = ()  # escalations that were taken, from 1, on any channel

    def __post_init__(self) -> None:
        for name in ("first_told", "last_told", "last_seen"):
            require_utc(getattr(self, name), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A story to tell again. ``number`` counts repeats, or names the step of an escalation."""

    kind: Kind
    number: int
    channel: str
    article_id: int
    url: str
    route: str
    is_urgent: bool


def reminders(
    told: Sequence[ToldStory],
    groupings: Mapping[str, Grouping],
    steps: Sequence[EscalationStep],
    now: datetime,
) -> list[Reminder]:
    """Return what is due again: repeats by ``groupings`` of the routes, escalations by ``steps``.

    Each step is taken once a story, however many channels told it.
    """
    found = []
    taken: set[tuple[int, int]] = {(t.story_id, step) for t in told for step in t.steps}
    for each in told:
        grouping = groupings.get(each.route, Grouping())
        is_due = repeat_due(each.last_told, each.last_seen, grouping, now, ALIVE)
        if is_due and not each.is_waiting:
            found.append(_reminder(each, Kind.REPEAT, each.repeats + 1, each.channel))
        if each.is_urgent:
            found += _escalated(each, steps, taken, now)
    return found


def _escalated(
    told: ToldStory,
    steps: Sequence[EscalationStep],
    taken: set[tuple[int, int]],
    now: datetime,
) -> list[Reminder]:
    found: list[Reminder] = []
    for number, step in enumerate(steps, 1):
        if told.first_told + step.after <= now and (told.story_id, number) not in taken:
            taken.add((told.story_id, number))
            found += [_reminder(told, Kind.ESCALATION, number, c) for c in step.channels]
    return found


def _reminder(told: ToldStory, kind: Kind, number: int, channel: str) -> Reminder:
    return Reminder(
        kind=kind,
        number=number,
        channel=channel,
        article_id=told.article_id,
        url=told.url,
        route=told.route,
        is_urgent=told.is_urgent,
    )
