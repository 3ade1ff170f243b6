"""Which mentions count: the longest name wins, and an unsure form needs a cue beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matcher.concepts import HOME, Concepts
from matcher.lexicon import FormKind
from matcher.reading import Reading
from matcher.scan import Mention
from matcher.text import match_form

# Names of one group compete: the Guinea inside Guinea-Bissau is no mention of Guinea.
_GROUPS = {
    "country": "land",
    "alliance": "land",
    "place": "land",
    "outlet": "land",
    "person": "person",
    "equipment": "equipment",
    "exercise": "exercise",
    "organisation": "organisation",
}
# A paragraph that begins so points to other articles: no word of it is evidence for this one.
_POINTER = re.compile(
    r"^[\s>»•*\-–—]*(?:lire (?:aussi|également|encore)|[àa] lire|voir aussi"
    r"|sur le même (?:sujet|thème)|articles? (?:lié|similaire)s?|see also"
    r"|read (?:also|more)|also read|related(?: posts| articles)?"
    r"|(?:ا|إ|أ)قر(?:أ|ا) (?:أ|ا)يض(?:ا|ًا|اً)|(?:مواضيع|مقالات) ذات صلة|طالع (?:أ|ا)يضا)\b",
    re.IGNORECASE | re.MULTILINE,
)

# Words before a capital's name that make it a place: « à Washington », in Moscow, في موسكو.
_PLACE_WORDS = frozenset(
    match_form(w)
    for w in (
        "à vers depuis in at from to near outside toward towards في الى إلى من نحو بمدينة "
        "مدينة بالعاصمة العاصمة aéroport port ville capitale city capital"
    ).split(" ")
)
# Nouns that name a text or a meeting after the town where it was: the Ottawa convention is
# no act of Canada.
_TEXTS = frozenset(
    match_form(w)
    for w in (
        "convention traité accord accords processus protocole déclaration pacte initiative "
        "statut charte اتفاقية اتفاق اتفاقيات مسار اعلان إعلان معاهدة"
    ).split(" ")
)
_NAMED_AFTER = _TEXTS | frozenset(
    match_form(w) for w in "conférence sommet congrès agence coalition مؤتمر قمة".split(" ")
)
_OF = frozenset((b"d", b"de", b"du"))
# What may stand between two capitals that act together.
_JOINTS = frozenset(
    (b" ", b" et ", b" and ", b" with ", b" avec ", match_form("مع").join((b" ", b" ")))
)
_PLACE_CLITICS = frozenset(match_form(c) for c in ("ب", "وب", "ل", "ول"))


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
        # The town of a text's name is no place where anything happens.
        self._towns_abroad = frozenset(
            number
            for number, e in concepts.entities.items()
            if e.kind == "place" and e.country != HOME
        )
        self._cues = concepts.cue_mask()
        self._titles = 0
        for family in ("rank_titles", "diplomatic_titles"):
            if family in concepts.lexicon.families:
                self._titles |= concepts.mask(f"#{family}")

    def resolve(self, reading: Reading, mentions: list[Mention]) -> list[Mention]:
        """Return those of ``mentions`` that count, in order of their starts."""
        mentions.sort(key=lambda m: (m.start, -m.end))
        mentions = _without_pointers(reading, mentions)
        mentions = self._without_inner_names(mentions)
        mentions = [
            m
            for m in mentions
            if m.concept not in self._towns_abroad
            or not _is_named_after(reading.text.data, m, _TEXTS)
        ]
        sure = [m for m in mentions if m.kind <= FormKind.COMPOUND]
        if len(sure) == len(mentions):
            return mentions
        named = 0
        for mention in sure:
            named |= 1 << mention.concept
        masks: dict[int, int] = {}
        if any(m.kind is FormKind.WEAK for m in mentions):
            masks = self._sentence_masks(reading, sure)
        return [m for m in mentions if self._counts(reading, m, masks, named, sure)]

    def _counts(
        self,
        reading: Reading,
        mention: Mention,
        masks: dict[int, int],
        named: int,
        sure: Iterable[Mention],
    ) -> bool:
        if mention.kind <= FormKind.COMPOUND:
            return True
        if mention.kind is FormKind.METONYM:
            return not _is_located(reading.text.data, mention)
        if mention.kind is FormKind.SURNAME:
            return bool(named >> mention.concept & 1) or self._has_title(mention, sure)
        if mention.concept in self._countries and self._is_joined(reading, mention, sure):
            return True
        beside = masks.get(self._sentence(reading, mention), 0)
        # Beside an entity, its country or itself; beside a family, any cue of the lexicon.
        support = self._support.get(mention.concept, self._cues | 1 << mention.concept)
        return bool(beside & support)

    def _is_joined(self, reading: Reading, mention: Mention, sure: Iterable[Mention]) -> bool:
        """Whether a capital stands beside another country: « Tunis et Alger », Rabat-Alger."""
        data = reading.text.data
        for other in sure:
            if other.concept in self._countries and other.concept != mention.concept:
                first, second = (
                    (other, mention) if other.start < mention.start else (mention, other)
                )
                if data[first.end : second.start] in _JOINTS:
                    return True
        return False

    def _has_title(self, mention: Mention, sure: Iterable[Mention]) -> bool:
        """Whether a rank or an office stands just before a surname, one given name between."""
        return any(self._titles >> m.concept & 1 and 0 <= mention.start - m.end <= 14 for m in sure)

    def _without_inner_names(self, mentions: list[Mention]) -> list[Mention]:
        """Drop a name inside a longer one of its group, a country inside a person's name."""
        kept: list[Mention] = []
        outermost: dict[str, Mention] = {}
        for mention in mentions:
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

    def _sentence(self, reading: Reading, mention: Mention) -> int:
        return reading.sentence_at(reading.text.start(mention.start))

    def _sentence_masks(self, reading: Reading, mentions: Iterable[Mention]) -> dict[int, int]:
        masks: dict[int, int] = {}
        for mention in mentions:
            number = self._sentence(reading, mention)
            masks[number] = masks.get(number, 0) | 1 << mention.concept
        return masks


def _without_pointers(reading: Reading, mentions: list[Mention]) -> list[Mention]:
    """Drop what stands in lines that only point to other articles."""
    text = reading.text.original
    lines = []
    for pointer in _POINTER.finditer(text):
        end = text.find("\n", pointer.end())
        lines.append((pointer.start(), len(text) if end < 0 else end))
    if not lines:
        return mentions
    start = reading.text.start
    return [m for m in mentions if not any(a <= start(m.start) < b for a, b in lines)]


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
        mask |= concepts.cue_mask() | concepts.class_mask("ministry_defence")
    if entity.country:
        mask |= concepts.side_mask(entity.country, ("country", "organisation", "person"))
    return mask


def _is_located(data: bytes, mention: Mention) -> bool:
    """Whether the words before a capital make it the place, not the state."""
    if data[mention.start : mention.start + mention.glued] in _PLACE_CLITICS:
        return True
    if _word_before(data, mention.start - 1)[0] in _PLACE_WORDS:
        return True
    return _is_named_after(data, mention, _NAMED_AFTER)


def _is_named_after(data: bytes, mention: Mention, nouns: frozenset[bytes]) -> bool:
    """Whether one of ``nouns`` stands before a name, with or without "of" between."""
    before, rest = _word_before(data, mention.start - 1)
    if before in _OF:
        before, _ = _word_before(data, rest)
    return before in nouns


def _word_before(data: bytes, space: int) -> tuple[bytes, int]:
    """Return the word that ends at ``space``, and the space before it."""
    space = max(space, 0)
    start = data.rfind(b" ", 0, space)
    return data[start + 1 : space], start
