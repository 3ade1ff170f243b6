"""The trace of an article: what of its text tells whether another is about the same event."""

from __future__ import annotations

import codecs
import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from domain.article import Document
from domain.match import ACTIVITIES, EventDate, Match
from domain.story import Trace
from domain.time import day_in
from matcher.concepts import HOME
from matcher.dates import event_dates, find_dates
from matcher.facts import HOME_ZONE
from matcher.judge import Matcher
from matcher.reading import Reading
from matcher.searching import LETTERS
from matcher.stories.sketch import LOOKED_UP, sketch
from matcher.stories.stems import known_stem

TERMS = 80  # stems that are kept, the most telling first
RARE_TERMS = 4  # stems that an article is looked up by
TITLE = 2  # times that a word of the title counts
NAMED = ("person", "organisation", "exercise", "equipment")
KEYS = 24  # that an article is found under
_SIDES = ("country", "alliance")
_NUMBER = re.compile(r"\d[\d\u00a0\u202f.,  ]*\d|\d")
_YEARS = range(1950, 2101)


class Tracer:
    """Draws traces of articles. Thread-safe: tracing changes nothing."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._facts = matcher.facts
        self._entities = matcher.concepts.entities
        self._speaking = matcher.concepts.family_mask("source_official")

    def trace(self, document: Document, matches: Sequence[Match] = ()) -> Trace:
        """Return the trace of ``document``, of which ``matches`` were found."""
        reading = self._matcher.read(document)
        words = codecs.charmap_decode(reading.text.data, "strict", LETTERS)[0].split()
        sequences = sketch(reading.text.data)
        terms, rare = _terms(words, document.title)
        partners = _union(m.partners for m in matches) or self._sides(reading)
        dates = _days(matches) or self._dates(reading)
        names = self._names(reading)
        places = self._places(reading)
        return Trace(
            language=reading.language,
            sketch=sequences,
            terms=terms,
            names=names,
            places=places,
            numbers=_numbers(document),
            partners=partners,
            activities=tuple(a for a in ACTIVITIES if any(a in m.activities for m in matches)),
            dates=dates,
            keys=tuple(dict.fromkeys(_keys(sequences, names, partners, dates, rare)))[:KEYS],
        )

    def officials(self, document: Document) -> tuple[str, ...]:
        """Return the bodies of state whose own statement the article reports, sorted."""
        return self._officials(self._matcher.read(document))

    def _names(self, reading: Reading) -> tuple[str, ...]:
        """People and things named. Home's own bodies and people are in every article."""
        found = {
            entity.id
            for entity in map(self._entities.get, {m.concept for m in reading.mentions})
            if entity is not None and entity.kind in NAMED and entity.country != HOME
        }
        found.update(self._facts.persons(reading))
        home = {e.id for e in self._entities.values() if e.kind == "person" and e.country == HOME}
        return tuple(sorted(found - home))

    def _places(self, reading: Reading) -> tuple[str, ...]:
        return tuple(sorted(set(self._facts.named(reading, "place")) - {"algiers"}))

    def _sides(self, reading: Reading) -> tuple[str, ...]:
        """States and alliances that title and lead name, where no rule names partners."""
        found = {
            entity.id
            for entity in map(self._entities.get, {m.concept for m in reading.head.mentions})
            if entity is not None and entity.kind in _SIDES and entity.id != HOME
        }
        return tuple(sorted(found))

    def _dates(self, reading: Reading) -> tuple[EventDate, ...]:
        published = reading.document.published_at
        day = day_in(HOME_ZONE, published) if published else None
        found = find_dates(reading.text, reading.language, day)
        return event_dates(found, reading.text, [(0, reading.lead_end)], day)

    def _officials(self, reading: Reading) -> tuple[str, ...]:
        found: set[str] = set()
        for window in reading.by_sentence:
            if window.mask & self._speaking:
                for mention in window.mentions:
                    entity = self._entities.get(mention.concept)
                    if entity is not None and _speaks_for_a_state(entity.classes):
                        found.add(entity.id)
        return tuple(sorted(found))


def _speaks_for_a_state(classes: Sequence[str]) -> bool:
    return any(c.startswith("ministry") or c == "presidency" for c in classes)


def _union(many: Iterator[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({value for values in many for value in values}))


def _days(matches: Sequence[Match]) -> tuple[EventDate, ...]:
    return tuple(dict.fromkeys(day for match in matches for day in match.dates))


def _terms(words: Sequence[str], title: str) -> tuple[tuple[tuple[int, float], ...], list[str]]:
    """Return the weighted stems, squares summing to 1, and the rarest for looking up."""
    headline = len(title.split())
    counts: Counter[tuple[str, int, float]] = Counter()
    for number, word in enumerate(words):
        if len(word) > 2 and not word[0].isdigit():
            counts[known_stem(word)] += TITLE if number < headline else 1
    weighed = [
        ((1 + math.log(count)) * rarity, number, found)
        for (found, number, rarity), count in counts.items()
    ]
    weighed.sort(key=lambda row: (-row[0], row[1]))
    kept = weighed[:TERMS]
    length = math.sqrt(sum(weight**2 for weight, _, _ in kept)) or 1.0
    terms = tuple(sorted((number, round(weight / length, 4)) for weight, number, _ in kept))
    return terms, [found for _, _, found in weighed[:RARE_TERMS]]


def _numbers(document: Document) -> tuple[str, ...]:
    """Figures of two digits and more, without years: amounts, headcounts, totals."""
    found = set()
    for match in _NUMBER.finditer(f"{document.title}\n{document.text}"[:20_000]):
        digits = "".join(str(int(c)) for c in match[0] if c.isdigit())
        if len(digits) >= 2 and not (len(digits) == 4 and int(digits) in _YEARS):
            found.add(digits)
    return tuple(sorted(found))


def _keys(
    sequences: Sequence[int],
    names: Sequence[str],
    partners: Sequence[str],
    dates: Sequence[EventDate],
    rare: Sequence[str],
) -> Iterator[int]:
    """Yield what an article is looked up by, the most telling first."""
    yield from sequences[:LOOKED_UP]
    days = [day for span in dates[:2] for day in dict.fromkeys((span.first, span.last))]
    for partner in partners[:3]:
        yield from (_hash(f"on {partner} {day}") for day in days)
    yield from (_hash(f"name {name}") for name in names[:6])
    yield from (_hash(f"stem {found}") for found in rare)
    yield from (_hash(f"with {partner}") for partner in partners[:2])


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
