"""Many deliveries as one message: by partner and activity, an event once, the strongest first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.card import Card, best_score, card
from alerts.phrasebook import Phrasebook
from domain.match import ACTIVITIES
from domain.notice import Delivery

MOST_CARDS = 150  # in a message; the rest is counted
_MOST_ALSO = 6  # other reports of one event that are named; the rest is counted
_IN_SUBJECT = 3  # partners that a subject names


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One story: the report to read, and who else tells of it."""

    lead: Card
    also: tuple[Card, ...]
    also_left: int  # reports that are not named
    outlets: int  # different ones
    languages: tuple[str, ...]  # of its reports, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Events of one activity."""

    heading: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events with the same partners, by activity."""

    heading: str
    sections: tuple[Section, ...]

    @property
    def events(self) -> Iterator[Event]:
        """Every event of the group."""
        return (event for section in self.sections for event in section.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a gathered message says. ``left`` articles are in it by number only."""

    articles: int
    stories: int
    counts: str  # both, in words
    heading: str  # who is in it, for a subject
    groups: tuple[Group, ...]
    left: int

    @property
    def events(self) -> Iterator[Event]:
        """Every event, in the order of the message."""
        return (event for group in self.groups for event in group.events)


def digest(deliveries: Sequence[Delivery], book: Phrasebook, most: int = MOST_CARDS) -> Digest:
    """Gather ``deliveries``: strongest story first, at most ``most`` articles named."""
    stories = _stories(deliveries)
    events: list[Event] = []
    named = 0
    for story in stories:
        if named >= most:
            break
        events.append(_event(story, book, most - named))
        named += 1 + len(events[-1].also)
    unnamed = sum(event.also_left for event in events)
    articles, told = book.count("articles", len(deliveries)), book.count("stories", len(stories))
    return Digest(
        articles=len(deliveries),
        stories=len(stories),
        counts=book.say("counts", articles=articles, stories=told),
        heading=_heading(stories, book),
        groups=_groups(events, book),
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


def _event(reports: Sequence[Delivery], book: Phrasebook, room: int) -> Event:
    also = reports[1 : 1 + max(0, min(_MOST_ALSO, room - 1))]
    return Event(
        lead=card(reports[0], book),
        also=tuple(card(d, book) for d in also),
        also_left=len(reports) - 1 - len(also),
        outlets=len({d.notice.outlet for d in reports}),
        languages=tuple(dict.fromkeys(book.language_name(d.notice.language) for d in reports)),
    )


def _groups(events: Sequence[Event], book: Phrasebook) -> tuple[Group, ...]:
    """Order events by partners as the strongest comes, within by activity as a verdict lists."""
    found: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        partners = book.listed(event.lead.partners, 4) or book.say("no_partner")
        kind = event.lead.kinds[0] if event.lead.kinds else ""
        found[partners][kind].append(event)
    order = {kind: number for number, kind in enumerate(ACTIVITIES)}
    return tuple(
        Group(
            heading=partners,
            sections=tuple(
                Section(
                    heading=book.activity(kind) if kind else book.say("no_activity"),
                    events=tuple(kinds[kind]),
                )
                for kind in sorted(kinds, key=lambda k: order.get(k, len(order)))
            ),
        )
        for partners, kinds in found.items()
    )


def _heading(stories: Sequence[Sequence[Delivery]], book: Phrasebook) -> str:
    """Name the partners that most stories are of, each with its number where it has several."""
    count: Counter[str] = Counter()
    for reports in stories:
        count.update({p for m in reports[0].notice.matches for p in m.partners})
    common = sorted(count.items(), key=lambda item: (-item[1], item[0]))[:_IN_SUBJECT]
    named = [book.partner(p) + (f" {n}" if n > 1 else "") for p, n in common]
    listed = book.listed(named)
    return book.say("digest_lead", partners=listed) if len(count) > len(named) else listed
