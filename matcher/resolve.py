"""Which mentions count: the longest name wins, and an unsure form needs a cue beside it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from matcher.concepts import Concepts
from matcher.lexicon import FormKind
from matcher.reading import Reading
from matcher.scan import Mention
from matcher.text import match_form

# Names of one group compete: the Guinea inside Guinea-Bissau is no mention of Guinea.
_GROUPS = {
    "country": "land",
    "alliance": "land",
    "place": "land",
    "lookalike": "land",
    "outlet": "land",
    "person": "person",
    "equipment": "equipment",
    "exercise": "exercise",
    "organisation": "organisation",
}
# A paragraph that begins so points to other articles: no word of it is evidence for this one.
_POINTER = re.compile(
    r"[\s>»•*\-–—]{0,40}(?:lire (?:aussi|également|encore)|[àa] lire|voir aussi"
    r"|sur le même (?:sujet|thème)|articles? (?:lié|similaire)s?|see also"
    r"|read (?:also|more)|also read|related(?: posts| articles)?"
    r"|(?:ا|إ|أ)قر(?:أ|ا) (?:أ|ا)يض(?:ا|ًا|اً)|(?:مواضيع|مقالات) ذات صلة|طالع (?:أ|ا)يضا)\b",
    re.IGNORECASE,
)

_LINE = re.compile(r"\S[^\n]*")

# Words before a capital's name that make it a place: « à Washington », in Moscow, في موسكو.
_PLACE_WORDS = frozenset(
    match_form(w)
    for w in (
        "à vers depuis in at from to near outside toward towards في وفي الى إلى وإلى من ومن نحو "
        "قرب بمدينة مدينة ومدينة بالعاصمة العاصمة والعاصمة وسط ضواحي بضواحي شمال جنوب شرق غرب "
        "aéroport port ville capitale city capital مطار بمطار ميناء بميناء جامعة بجامعة محكمة"
    ).split(" ")
)
# Words before a state whose name is a common word too: « في مالي » beside « دعم مالي ».
_STATE_WORDS = frozenset(
    match_form(word)
    for base in "في من إلى مع بين عن على لدى شمال جنوب شرق غرب دولة دولتي حكومة شمالي جنوبي".split(
        " "
    )
    for word in (base, "و" + base)
)
# After a town at the head of a line: « موسكو (وأج) - ».
_DATELINE = re.compile(r"\s*(?:[-–—:/(]|العاصمة\s*[-–—:/(])")
# Before « de » and a capital's name, or in Arabic just before it, what is called after the
# city where it was held or signed: « le sommet de Lisbonne », the Berlin conference.
_EVENTS = frozenset(
    match_form(w)
    for w in (
        "sommet conférence accord accords déclaration traité processus pacte protocole congrès "
        "convention initiative agence statut charte coalition "
        "forum salon club bourse université universités école aéroport port summit conference "
        "declaration treaty process university airport"
    ).split(" ")
) | frozenset(
    match_form(conjunction + preposition + w)
    for conjunction in ("", "و", "ف")
    for preposition in ("", "ب", "ل")
    for w in (
        "قمة مؤتمر إعلان معاهدة مسار منتدى معرض ندوة نداء ميثاق بروتوكول اتفاق اتفاقات اتفاقية "
        "محكمة صالون بورصة جامعة مطار ميناء"
    ).split(" ")
)
_OF = frozenset(match_form(w) for w in ("de", "d", "du", "of"))
# What may stand between two capitals that act together, or in a list: a comma is two spaces.
_JOINTS = frozenset(
    (b" ", b"  ", b" et ", b" and ", b" with ", b" avec ", match_form("مع").join((b" ", b" ")))
)
_LONGEST_JOINT = max(map(len, _JOINTS))
_AFTER_TITLE = 14  # bytes between a rank and a surname: room for one given name
_PLACE_CLITICS = frozenset(
    match_form(conjunction + preposition)
    for conjunction in ("", "و", "ف")
    for preposition in ("ب", "ل", "بال", "لل")
)


class Resolver:
    """Decides which mentions of a reading count."""

    def __init__(self, concepts: Concepts) -> None:
        self._group = {
            number: _GROUPS[entity.kind]
            for number, entity in concepts.entities.items()
            if entity.kind in _GROUPS
        }
        self._support = {number: _supporters(concepts, number) for number in concepts.entities}
        self._countries = frozenset(
            number for number, e in concepts.entities.items() if e.kind == "country"
        )
        # « intervention militaire » is no force of anybody: nothing inside such a phrase counts.
        self._set_phrases = frozenset(
            number for number, e in concepts.entities.items() if "set_phrase" in e.classes
        )
        self._shared = _shared_names(concepts, self._countries)
        self._cues = concepts.cue_mask()
        self._titles = 0
        for family in ("rank_titles", "diplomatic_titles"):
            if family in concepts.lexicon.families:
                self._titles |= concepts.mask(f"#{family}")

        self._press = concepts.mask("#press") if "press" in concepts.lexicon.families else 0

    def resolve(self, reading: Reading, mentions: list[Mention]) -> list[Mention]:
        """Return those of ``mentions`` that count, in order of their starts."""
        mentions.sort(key=lambda m: (m.start, -m.end))
        mentions = _without_pointers(reading, mentions)
        mentions = self._without_inner_names(mentions)
        mentions = self._without_outlets(mentions)
        sure = [m for m in mentions if m.kind <= FormKind.COMPOUND]
        if len(sure) == len(mentions):
            return mentions
        named = 0
        for mention in sure:
            named |= 1 << mention.concept
        masks: dict[int, int] = {}
        if any(m.kind is FormKind.WEAK for m in mentions):
            masks = self._sentence_masks(reading, sure)
        beside = _Beside(
            [m for m in sure if m.concept in self._countries],
            [m for m in sure if self._titles >> m.concept & 1],
        )
        return [m for m in mentions if self._counts(reading, m, masks, named, beside)]

    def _counts(
        self,
        reading: Reading,
        mention: Mention,
        masks: dict[int, int],
        named: int,
        beside: _Beside,
    ) -> bool:
        if mention.kind <= FormKind.COMPOUND:
            return True
        if mention.kind is FormKind.METONYM:
            return not (
                _is_located(reading.text.data, mention)
                or _is_dateline(reading, mention)
                or _is_lower(reading, mention)
            )
        if mention.kind is FormKind.SURNAME:
            return bool(named >> mention.concept & 1) or beside.has_title(mention)
        if mention.concept in self._countries and (
            beside.is_joined(reading.text.data, mention) or self._is_state(reading, mention)
        ):
            return True
        named = masks.get(self._sentence(reading, mention), 0)
        # Beside an entity, its country or itself; beside a family, any cue of the lexicon.
        support = self._support.get(mention.concept, self._cues | 1 << mention.concept)
        return bool(named & support)

    def _is_state(self, reading: Reading, mention: Mention) -> bool:
        """Whether a word that may be a state's name stands where only a name can: « في مالي »."""
        data = reading.text.data
        if data[mention.start + mention.glued : mention.end] in self._shared:
            return False
        return _words_before(data, mention.start)[1] in _STATE_WORDS

    def _without_inner_names(self, mentions: list[Mention]) -> list[Mention]:
        """Drop a name inside a longer one of its group, a country inside a person's name."""
        kept: list[Mention] = []
        outermost: dict[str, Mention] = {}
        phrase: Mention | None = None
        for mention in mentions:
            if phrase is not None and _is_inside(mention, phrase):
                continue
            if mention.concept in self._set_phrases:
                phrase = mention
            group = self._group.get(mention.concept)
            if group is not None:
                rivals = [outermost.get(group), outermost.get("person")]
                if group == "organisation":
                    rivals.append(outermost.get("equipment"))  # the maker in a Sukhoi 30
                if any(r is not None and _is_inside(mention, r) for r in rivals):
                    continue
                outer = outermost.get(group)
                if outer is None or mention.end > outer.end:
                    outermost[group] = mention
            kept.append(mention)
        return kept

    def _without_outlets(self, mentions: list[Mention]) -> list[Mention]:
        """Drop the adjective of a newspaper: « le quotidien russe » is no side of anything."""
        press = [m for m in mentions if self._press >> m.concept & 1]
        if not press:
            return mentions
        edges = {m.end + 1 for m in press} | {m.start - 1 for m in press}
        return [
            m
            for m in mentions
            if m.kind is not FormKind.ADJECTIVE
            or m.concept not in self._countries
            or not edges & {m.start, m.end}
        ]

    def _sentence(self, reading: Reading, mention: Mention) -> int:
        return reading.sentence_at(reading.text.start(mention.start))

    def _sentence_masks(self, reading: Reading, mentions: Iterable[Mention]) -> dict[int, int]:
        masks: dict[int, int] = {}
        for mention in mentions:
            number = self._sentence(reading, mention)
            masks[number] = masks.get(number, 0) | 1 << mention.concept
        return masks


class _Beside:
    """What stands directly beside an unsure mention, found by the places of the sure ones."""

    def __init__(self, countries: Sequence[Mention], titles: Sequence[Mention]) -> None:
        self._starts = sorted((m.start, m.concept) for m in countries)
        self._ends = sorted((m.end, m.concept) for m in countries)
        self._titles = sorted(m.end for m in titles)

    def is_joined(self, data: bytes, mention: Mention) -> bool:
        """Whether a capital stands beside another country: « Tunis et Alger », Rabat-Alger."""
        begin, end = mention.start, mention.end
        before = bisect_left(self._ends, (begin - _LONGEST_JOINT, -1))
        for place, concept in self._ends[before : bisect_left(self._ends, (begin, -1))]:
            if concept != mention.concept and data[place:begin] in _JOINTS:
                return True
        after = bisect_left(self._starts, (end + 1, -1))
        stop = bisect_left(self._starts, (end + _LONGEST_JOINT + 1, -1))
        for place, concept in self._starts[after:stop]:
            if concept != mention.concept and data[end:place] in _JOINTS:
                return True
        return False

    def has_title(self, mention: Mention) -> bool:
        """Whether a rank or an office stands just before a surname, one given name between."""
        last = bisect_right(self._titles, mention.start) - 1
        return last >= 0 and mention.start - self._titles[last] <= _AFTER_TITLE


def _without_pointers(reading: Reading, mentions: list[Mention]) -> list[Mention]:
    """Drop what stands in lines that only point to other articles."""
    text = reading.text.original
    begins: list[int] = []
    ends: list[int] = []
    for line in _LINE.finditer(text):
        begin = line.start()
        if ends and begin < ends[-1]:
            continue
        pointer = _POINTER.match(text, begin)
        if pointer is not None:
            end = text.find("\n", pointer.end())
            begins.append(begin)
            ends.append(len(text) if end < 0 else end)
    if not begins:
        return mentions
    start = reading.text.start
    kept = []
    for mention in mentions:
        place = start(mention.start)
        line_before = bisect_right(begins, place) - 1
        if line_before < 0 or place >= ends[line_before]:
            kept.append(mention)
    return kept


def _is_inside(inner: Mention, outer: Mention) -> bool:
    return (
        outer.start <= inner.start
        and inner.end <= outer.end
        and (len(inner) < len(outer) or inner.kind > outer.kind)
    )


def _supporters(concepts: Concepts, number: int) -> int:
    """What beside an unsure form of this entity makes it count: itself and its country."""
    entity = concepts.entities[number]
    mask = 1 << number
    if "arms_company" in entity.classes:
        # Leonardo or Boxer is a firm or a machine where the sentence is military.
        mask |= concepts.cue_mask()
    if entity.country:
        mask |= concepts.side_mask(entity.country, ("country", "organisation", "person"))
    return mask


def _shared_names(concepts: Concepts, countries: frozenset[int]) -> frozenset[bytes]:
    """Names that may be of either of two states: عمان is Oman or Amman."""
    owners: dict[bytes, set[int]] = {}
    for form in concepts.forms:
        number = concepts.numbers[form.concept]
        if number in countries:
            owners.setdefault(form.data, set()).add(number)
    return frozenset(data for data, numbers in owners.items() if len(numbers) > 1)


def _is_lower(reading: Reading, mention: Mention) -> bool:
    """Whether a capital's name is printed like any word: « se rabat » is no Rabat."""
    return reading.text.original[reading.text.start(mention.start)].islower()


def _is_located(data: bytes, mention: Mention) -> bool:
    """Whether the words before a capital make it the place, not the state."""
    if data[mention.start : mention.start + mention.glued] in _PLACE_CLITICS:
        return True
    first, second = _words_before(data, mention.start)
    return second in _PLACE_WORDS or second in _EVENTS or (second in _OF and first in _EVENTS)


def _is_dateline(reading: Reading, mention: Mention) -> bool:
    """Whether a capital stands at the head of a line only to say where that was written."""
    text, begin = reading.text.original, reading.text.start(mention.start)
    if begin < reading.body_start or (begin > reading.body_start and text[begin - 1] != "\n"):
        return False
    return _DATELINE.match(text, reading.text.end(mention.end)) is not None


def _words_before(data: bytes, start: int) -> tuple[bytes, bytes]:
    """The two words before an offset; empty where there is none."""
    words = data[max(0, start - 60) : start].split(b" ")[:-1]
    first, second = ([b"", b"", *words])[-2:]
    return first, second
