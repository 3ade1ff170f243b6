"""One automaton over every phrase: where in a text which concept is named.

A Latin phrase is sought between two spaces, so word boundaries cost nothing. Arabic glues
conjunctions, prepositions and the article to the front of a word; stripping them blindly
would damage words that begin with those letters, and listing every combination would
multiply the phrases by ten. So an Arabic phrase is sought without its front boundary,
and what stands between the hit and the space before it is looked up in a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import daachorse

from matcher.lexicon import Form, FormKind
from matcher.text import ARABIC_FIRST, SPACE, MatchText, match_form

_ARTICLE = match_form("ال")
_LAM = match_form("ل")

BARE = 1  # the form as written, without the article
DEFINITE = 2  # the form was written with the article


def _clitics() -> dict[bytes, int]:
    """Which glued prefixes may stand before a form.

    Conjunction (wa, fa), then preposition (bi, ka, li), then the article; li and the
    article merge into ll. The interrogative a and the future sa never come before names.
    """
    table: dict[bytes, int] = {}
    for conjunction in ("", "و", "ف"):
        for preposition in ("", "ب", "ك", "ل"):
            table[match_form(conjunction + preposition)] = BARE
            article = "لل" if preposition == "ل" else preposition + "ال"
            table[match_form(conjunction + article)] = DEFINITE
    return table


_CLITICS = _clitics()
# Before a stem that begins with lam the article merges further: li + al-lajna = lillajna.
_CLITICS_BEFORE_LAM = _CLITICS | {match_form(c + "ل"): BARE | DEFINITE for c in ("", "و", "ف")}
_LONGEST_CLITIC = max(map(len, _CLITICS))

ALL = 0b1111
LANGUAGE_BITS = {"fr": 1, "ar": 2, "en": 4, "any": ALL, "und": ALL}


@dataclass(frozen=True, slots=True)
class Sense:
    """What a pattern stands for: one concept in one way, in some languages."""

    concept: int
    kind: FormKind
    languages: int
    article: int  # BARE | DEFINITE for Arabic; 0 where there is no clitic
    capitals: bool


@dataclass(slots=True)
class Mention:
    """A concept named in a text. Offsets are bytes of the match form, of whole words.

    ``glued`` counts the bytes of Arabic clitics at the start that are not of the name.
    """

    start: int
    end: int
    concept: int
    kind: FormKind
    glued: int = 0

    def __len__(self) -> int:
        return self.end - self.start


Hit = tuple[int, int, int]
"""Where a pattern stands: start, end (bytes of the match form), number of the pattern."""


class Scanner:
    """Finds every phrase of ``forms`` in one pass. Build once, use for years."""

    def __init__(self, forms: Iterable[Form], concepts: Sequence[str]) -> None:
        numbers = {name: i for i, name in enumerate(concepts)}
        senses: dict[bytes, dict[Sense, None]] = {}
        for form in forms:
            pattern, article = _pattern(form.data, is_prefix=form.is_prefix)
            sense = Sense(
                numbers[form.concept],
                form.kind,
                LANGUAGE_BITS[form.language],
                article,
                form.capitals,
            )
            senses.setdefault(pattern, {})[sense] = None
        patterns = list(senses)
        self._senses = [tuple(senses[p]) for p in patterns]
        self._arabic = [p[0] >= ARABIC_FIRST for p in patterns]
        self._before_lam = [p.startswith(_LAM) for p in patterns]
        # What a pattern may stand for, whatever the language: one object for all its patterns.
        bits = [1 << number for number in range(len(concepts))]
        self._masks = [_union(bits, senses[p]) for p in patterns]
        self._automaton = daachorse.DoubleArrayAhoCorasick(patterns) if patterns else None

    def scan(self, text: MatchText, language: str) -> list[Mention]:
        """Return the mentions in ``text``, in order of their ends."""
        return self.mentions(text, language, self.hits(text))

    def hits(self, text: MatchText) -> list[Hit]:
        """Return where a pattern stands in ``text``, whether or not it is a mention there."""
        if self._automaton is None:
            return []
        hits: list[Hit] = self._automaton.find_overlapping(text.data)
        return hits

    def mask(self, hits: Iterable[Hit]) -> int:
        """Return the concepts that ``hits`` may mention, and perhaps more: a bit for each."""
        masks = self._masks
        found = 0
        for pattern in {hit[2] for hit in hits}:
            found |= masks[pattern]
        return found

    def mentions(self, text: MatchText, language: str, hits: Iterable[Hit]) -> list[Mention]:
        """Return those of ``hits`` that are mentions in a text of ``language``."""
        wanted = LANGUAGE_BITS.get(language, ALL)
        data = text.data
        mentions: list[Mention] = []
        senses_of = self._senses
        arabic, before_lam = self._arabic, self._before_lam
        for start, end, pattern in hits:
            article = 0
            if arabic[pattern]:
                begin = data.rfind(b" ", max(0, start - _LONGEST_CLITIC - 1), start) + 1
                table = _CLITICS_BEFORE_LAM if before_lam[pattern] else _CLITICS
                article = table.get(data[begin:start], 0) if begin else 0
                if not article:
                    continue
            else:
                begin = start + 1
            stop = end - 1 if data[end - 1] == SPACE else data.find(b" ", end)
            for sense in senses_of[pattern]:
                if not sense.languages & wanted or (article and not article & sense.article):
                    continue
                if sense.capitals and not _is_capital(text, begin, stop):
                    continue
                mentions.append(
                    Mention(begin, stop, sense.concept, sense.kind, max(0, start - begin))
                )
        return mentions


def _union(bits: Sequence[int], senses: Iterable[Sense]) -> int:
    numbers = {sense.concept for sense in senses}
    first = bits[numbers.pop()]
    return sum((bits[n] for n in numbers), first) if numbers else first


def _pattern(data: bytes, *, is_prefix: bool) -> tuple[bytes, int]:
    """Return the bytes to seek for a form, and how its article stands."""
    after = b"" if is_prefix else b" "
    if data[0] < ARABIC_FIRST:
        return b" " + data + after, 0
    stem = data[len(_ARTICLE) :]
    if data.startswith(_ARTICLE) and len(stem.split(b" ", 1)[0]) > 1:
        return stem + after, DEFINITE
    return data + after, BARE


def _is_capital(text: MatchText, start: int, end: int) -> bool:
    printed = text.original[text.start(start) : text.end(end)]
    return printed == printed.upper()
