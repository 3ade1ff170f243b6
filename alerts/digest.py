"""Many deliveries as one message: by partner, an event once, the strongest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.card import Card, Namer, best_score, card
from domain.notice import Delivery

MOST_CARDS = 150  # in a message; the rest is counted
_MOST_ALSO = 6  # other reports of one event that are named; the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One story: the report to read, and who else tells of it."""

    lead: Card
    also: tuple[Card, ...]
    also_left: int  # reports that are not named


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events with the same partners."""

    heading: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a gathered message says. ``left`` articles are in it by number only."""

    articles: int
    stories: int
    groups: tuple[Group, ...]
    left: int

    @property
    def heading(self) -> str:
        """The message in one line."""
        articles = f"{self.articles} article{'s' * (self.articles != 1)}"
        return f"{articles}, {self.stories} stor{'ies' if self.stories != 1 else 'y'}"

    @property
    def events(self) -> Iterator[Event]:
        """Every event, in the order of the message."""
        return (event for group in self.groups for event in group.events)


def digest(deliveries: Sequence[Delivery], name: Namer = str, most: int = MOST_CARDS) -> Digest:
    """Gather ``deliveries``: strongest story first, at most ``most`` articles named."""
    stories = _stories(deliveries)
    groups: dict[str, list[Event]] = defaultdict(list)
    named = 0
    for story in stories:
        if named >= most:
            break
        room = most - named
        event = _event(story, name, room)
        named += 1 + len(event.also)
        groups[_heading(event.lead)].append(event)
    found = tuple(Group(heading=h, events=tuple(e)) for h, e in groups.items())
    unnamed = sum(event.also_left for group in found for event in group.events)
    return Digest(
        articles=len(deliveries),
        stories=len(stories),
        groups=found,
        left=len(deliveries) - named - unnamed,
    )


def _stories(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """Return the reports of each event, strongest event and strongest report first."""
    told: dict[object, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        story = delivery.notice.story_id
        told[story if story > 0 else f"alone {delivery.key}"].append(delivery)
    for reports in told.values():
        reports.sort(key=lambda d: (-best_score(d), d.id))
    return sorted(told.values(), key=lambda reports: (-best_score(reports[0]), reports[0].id))


def _event(reports: Sequence[Delivery], name: Namer, room: int) -> Event:
    also = reports[1 : 1 + max(0, min(_MOST_ALSO, room - 1))]
    return Event(
        lead=card(reports[0], name),
        also=tuple(card(d, name) for d in also),
        also_left=len(reports) - 1 - len(also),
    )


def _heading(lead: Card) -> str:
    return ", ".join(lead.partners[:4]) or "No partner named"
