"""Facts of a match, drawn from what proves it: partners, activities, names, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from zoneinfo import ZoneInfo

from domain.match import ACTIVITIES, EventDate, Evidence
from domain.time import day_in
from matcher.concepts import HOME, Concepts
from matcher.reading import Reading, Window
from matcher.rules import Clause, Rule, Scored
from matcher.scan import Mention

EVIDENCE_LIMIT = 60
_LATIN = re.compile(rb"[a-z]")
HOME_ZONE = ZoneInfo("Africa/Algiers")


class Facts:
    """Draws facts from a reading for a rule that holds."""

    def __init__(self, concepts: Concepts) -> None:
        self.concepts = concepts
        countries = sum(
            1 << number
            for number, entity in concepts.entities.items()
            if entity.kind == "country" and entity.id != HOME
        )
        self._partner_masks = {
            number: (
                1 << number,
                concepts.side_mask(entity.id, ("organisation", "person")),
                countries & ~(1 << number),
            )
            for number, entity in concepts.entities.items()
            if entity.kind in ("country", "alliance") and entity.id != HOME
        }

        self._people = [e.id for e in concepts.entities.values() if e.kind == "person"]

    def with_concepts(self, concepts: Concepts) -> Facts:
        """Return the same over a copy of the concepts."""
        other = copy(self)
        other.concepts = concepts
        return other

    def partners(self, reading: Reading, rule: Rule) -> dict[str, list[Clause]]:
        """Return who cooperates, each with the clauses that say so."""
        if rule.partners is None:
            return {}
        found: dict[str, list[Clause]] = {}
        for ident, window in self.candidates(reading):
            held = rule.partners.held(window)
            if rule.partners.score(held) >= rule.partners.threshold:
                found[ident] = held
        return found

    def candidates(self, reading: Reading) -> Iterator[tuple[str, Window]]:
        """Yield countries and alliances that the text names, itself or by bodies and people.

        Each with the window in which ``@it`` and ``@its`` stand for it.
        """
        mask = reading.whole.mask
        for number, masks in self._partner_masks.items():
            if mask & (masks[0] | masks[1]):
                window = replace(reading.whole, candidate=masks)
                yield self.concepts.entities[number].id, window

    def activities(self, reading: Reading, rule: Rule) -> dict[str, list[Clause]]:
        """Return what is done together, in ACTIVITIES' order, with the clauses that say so."""
        found: dict[str, list[Clause]] = {}
        for activity in ACTIVITIES:
            scored: Scored | None = rule.activities.get(activity)
            if scored is None:
                continue
            held = scored.held(reading.whole)
            if scored.score(held) >= scored.threshold:
                found[activity] = held
        return found

    def named(self, reading: Reading, kind: str, numbers: Iterable[int] | None = None) -> list[str]:
        """Return the ids of entities of ``kind`` mentioned, in order of their first mention."""
        sentences = None if numbers is None else set(numbers)
        ids: dict[str, None] = {}
        for mention, number in zip(reading.mentions, reading.sentence_numbers, strict=True):
            entity = self.concepts.entities.get(mention.concept)
            if entity is None or entity.kind != kind:
                continue
            if sentences is None or number in sentences:
                ids[entity.id] = None
        return list(ids)

    def places(self, reading: Reading, numbers: Iterable[int]) -> list[str]:
        """Return where it happens: places of title and lead, else of the proving sentences.

        What comes later names the road that a pipeline takes, or where a plant will stand.
        """
        mentions = {id(m) for m in reading.head.mentions}
        pairs = zip(reading.mentions, reading.sentence_numbers, strict=True)
        early = self.named(reading, "place", {n for m, n in pairs if id(m) in mentions})
        return early or self.named(reading, "place", numbers)

    def persons(self, reading: Reading) -> list[str]:
        """Return everyone named: the lexicon's people, and names beside a rank or an office.

        Sought once a document, however many rules hold.
        """
        if reading.people is None:
            reading.people = self._persons(reading)
        return reading.people

    def _persons(self, reading: Reading) -> list[str]:
        found: dict[str, int] = {}
        taken: list[tuple[int, int]] = []
        for mention, span in zip(reading.mentions, reading.spans, strict=True):
            entity = self.concepts.entities.get(mention.concept)
            if entity is None:
                continue
            taken.append(span)
            if entity.kind == "person":
                found.setdefault(entity.id, span[0])
        from matcher.people import nearest_known, titled_names  # noqa: PLC0415 - hits only

        if _LATIN.search(reading.text.data) is None:
            return sorted(found, key=found.__getitem__)
        for begin, slug in titled_names(reading.text.original, taken):
            found.setdefault(nearest_known(slug, self._people) or slug, begin)
        return sorted(found, key=found.__getitem__)

    def dates(self, reading: Reading, mentions: Sequence[Mention]) -> tuple[EventDate, ...]:
        """Return the days of the event that ``mentions`` prove."""
        from matcher.dates import event_dates, find_dates  # noqa: PLC0415 - hits only

        published = reading.document.published_at
        # « ce mardi » is a Tuesday in Algiers, where it may be Wednesday while UTC says Tuesday.
        day = day_in(HOME_ZONE, published) if published else None
        text = reading.text
        spans = sorted({(text.start(m.start), text.end(m.end)) for m in mentions})
        if reading.dates is None:
            reading.dates = find_dates(text, reading.language, day)
        return event_dates(reading.dates, text, spans, day, starts=reading.sentence_starts)

    def evidence(self, reading: Reading, mentions: Iterable[Mention]) -> tuple[Evidence, ...]:
        """Return the proving words with offsets into the field they stand in."""
        document = reading.document
        fields = {"title": document.title, "text": document.text}
        unique = {(m.start, m.end, m.concept): m for m in mentions}
        rows: list[Evidence] = []
        for key in sorted(unique)[:EVIDENCE_LIMIT]:
            field, begin, end = reading.place(unique[key])
            rows.append(
                Evidence(
                    start=begin,
                    end=end,
                    text=fields[field][begin:end],
                    field=field,
                    concept=self.concepts.names[key[2]],
                )
            )
        return tuple(rows)
