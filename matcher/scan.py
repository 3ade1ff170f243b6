"""One automaton over every phrase: where in a text which concept is named.

A Latin phrase is sought between two spaces, so word boundaries cost nothing. Arabic glues
conjunctions, prepositions and the article to the front of a word; stripping them blindly
would damage words that begin with those letters, and listing every combination would
multiply the phrases by ten. So an Arabic phrase is sought without its front boundary,
and what stands between the hit and the space before it is looked up in a table.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

import daachorse

from matcher.bits import bits_of
from matcher.lexicon import Form, FormKind
from matcher.packing import missing, unpacked
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


# Acronyms that are plain words too: in a line of capitals, « A EU LIEU », they are the words.
_WORDS_TOO = {
    "fr": frozenset(b"ars as au bel dol eau em est eu fan hal ins mod plan ras sa sami".split()),
    "en": frozenset(b"ant edge em fan far fans ideas mod oak plan roe".split()),
}
_WORDS_TOO["und"] = _WORDS_TOO["fr"] | _WORDS_TOO["en"]
_NEIGHBOURHOOD = 60  # characters on either side that tell a line of capitals
_FEWEST_CAPITALS = 8  # letters


class Sense(NamedTuple):
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


_TYPICAL = 20_000  # phrases of whose words a text is made that stands for all texts
MOST_HITS = 50_000  # of one text; more than a book of 600,000 characters on nothing else has
Hit = tuple[int, int, int]
"""Where a pattern stands: start, end (bytes of the match form), number of the pattern."""


class Scanner:
    """Finds every phrase of ``forms`` in one pass. Build once, use for years."""

    def __init__(self, forms: Iterable[Form], concepts: Sequence[str]) -> None:
        numbers = {name: i for i, name in enumerate(concepts)}
        senses: dict[bytes, dict[Sense, None]] = {}
        known: dict[Sense, Sense] = {}
        for form in forms:
            pattern, article = _pattern(form.data, is_prefix=form.is_prefix)
            sense = Sense(
                numbers[form.concept],
                form.kind,
                LANGUAGE_BITS[form.language],
                article,
                form.capitals,
            )
            senses.setdefault(pattern, {})[known.setdefault(sense, sense)] = None
        patterns = list(senses)
        # Many patterns share what they stand for: a place among the groups for each.
        groups: dict[tuple[Sense, ...], int] = {}
        found = (tuple(senses[p]) for p in patterns)
        self._places = array("L", (groups.setdefault(group, len(groups)) for group in found))
        self._groups = tuple(groups)
        self._masks = [bits_of(sense.concept for sense in group) for group in groups]
        self._arabic = bytes(p[0] >= ARABIC_FIRST for p in patterns)
        self._before_lam = bytes(p.startswith(_LAM) for p in patterns)
        self._automaton = _automaton(patterns) if patterns else None

    def __getstate__(self) -> dict[str, object]:
        """Pack what only a text with a mention that counts is asked for."""
        packed = pickle.dumps({"_groups": self._groups}, pickle.HIGHEST_PROTOCOL)
        state = {k: v for k, v in self.__dict__.items() if k != "_groups"}
        return state | {"packed": packed}

    def __getattr__(self, name: str) -> Any:
        """Unpack the senses when the first text needs them."""
        return unpacked(self).__dict__[name] if name == "_groups" else missing(name)

    def scan(self, text: MatchText, language: str) -> list[Mention]:
        """Return the mentions in ``text``, in order of their ends."""
        return self.mentions(text, language, self.hits(text))

    def hits(self, text: MatchText) -> list[Hit]:
        """Return where a pattern stands in ``text``, whether or not it is a mention there.

        The first ``MOST_HITS`` only: what has more is no report but a dump of words, and is
        judged by its beginning, so that no text takes more than seconds.
        """
        if self._automaton is None:
            return []
        hits: list[Hit] = self._automaton.find_overlapping(text.data)
        return hits if len(hits) <= MOST_HITS else hits[:MOST_HITS]

    def mask(self, hits: Iterable[Hit]) -> int:
        """Return the concepts that ``hits`` may mention, and perhaps more: a bit for each."""
        masks, places = self._masks, self._places
        found = 0
        for pattern in {hit[2] for hit in hits}:
            found |= masks[places[pattern]]
        return found

    def whole_words(self, data: bytes, hits: Iterable[Hit]) -> list[Hit]:
        """Return those of ``hits`` that begin a word, or stand in one behind clitics alone."""
        arabic, before_lam = self._arabic, self._before_lam
        return [
            hit
            for hit in hits
            if not arabic[hit[2]] or _clitic(data, hit[0], before_lam=before_lam[hit[2]])[1]
        ]

    def of_concepts(self, mask: int, hits: Iterable[Hit]) -> list[Hit]:
        """Return those of ``hits`` that may mention a concept of ``mask``."""
        masks, places = self._masks, self._places
        return [hit for hit in hits if masks[places[hit[2]]] & mask]

    def mentions(
        self, text: MatchText, language: str, hits: Iterable[Hit], *, as_printed: bool = True
    ) -> list[Mention]:
        """Return those of ``hits`` that are mentions in a text of ``language``.

        Not ``as_printed``, acronyms count that are not printed as such: more than are mentions.
        """
        wanted = LANGUAGE_BITS.get(language, ALL)
        words_too = _WORDS_TOO.get(language, frozenset())
        data = text.data
        mentions: list[Mention] = []
        groups, places = self._groups, self._places
        arabic, before_lam = self._arabic, self._before_lam
        for start, end, pattern in hits:
            article = 0
            if arabic[pattern]:
                begin, article = _clitic(data, start, before_lam=before_lam[pattern])
                if not article:
                    continue
            else:
                begin = start + 1
            stop = end - 1 if data[end - 1] == SPACE else data.find(b" ", end)
            for sense in groups[places[pattern]]:
                if not sense.languages & wanted or (article and not article & sense.article):
                    continue
                is_checked = sense.capitals and as_printed
                if is_checked and not _is_acronym(text, begin, stop, words_too):
                    continue
                mentions.append(
                    Mention(begin, stop, sense.concept, sense.kind, max(0, start - begin))
                )
        return mentions


def _automaton(patterns: list[bytes]) -> daachorse.DoubleArrayAhoCorasick:
    """Build the automaton so that what texts ask most of it lies together in memory.

    Where words begin and no phrase goes on is what most of a text asks: so do words of the
    phrases themselves, in an order in which no phrase has them. With 20,000 phrases a scan
    takes a third less than without.
    """
    step = len(patterns) // _TYPICAL + 1
    columns = zip_longest(*(pattern.split() for pattern in patterns[::step]), fillvalue=b"")
    typical = b" ".join(word for column in columns for word in column if word)
    return daachorse.DoubleArrayAhoCorasick(patterns, corpus=[b" " + typical + b" "])


def _pattern(data: bytes, *, is_prefix: bool) -> tuple[bytes, int]:
    """Return the bytes to seek for a form, and how its article stands."""
    after = b"" if is_prefix else b" "
    if data[0] < ARABIC_FIRST:
        return b" " + data + after, 0
    stem = data[len(_ARTICLE) :]
    if data.startswith(_ARTICLE) and len(stem.split(b" ", 1)[0]) > 1:
        return stem + after, DEFINITE
    return data + after, BARE


def _clitic(data: bytes, start: int, *, before_lam: int) -> tuple[int, int]:
    """Return where the word that holds an Arabic hit begins, and how its article may stand.

    0 for the article where what stands before the hit is no clitic.
    """
    begin = data.rfind(b" ", max(0, start - _LONGEST_CLITIC - 1), start) + 1
    table = _CLITICS_BEFORE_LAM if before_lam else _CLITICS
    return begin, table.get(data[begin:start], 0) if begin else 0


def begins_word(data: bytes, start: int, pattern: bytes) -> bool:
    """Whether an Arabic ``pattern`` found at ``start`` begins a word, or stands behind clitics."""
    return _clitic(data, start, before_lam=pattern.startswith(_LAM))[1] > 0


def form_pattern(form: Form) -> bytes:
    """Return the bytes that are sought for ``form``."""
    return _pattern(form.data, is_prefix=form.is_prefix)[0]


def _is_acronym(text: MatchText, start: int, end: int, words_too: frozenset[bytes]) -> bool:
    """Whether a word is printed in capitals, and its line is not where it may be any word."""
    first, last = text.start(start), text.end(end)
    printed = text.original[first:last]
    if printed != printed.upper():
        return False
    if text.data[start:end] not in words_too:
        return True
    before = text.original[max(0, first - _NEIGHBOURHOOD) : first].rsplit("\n", 1)[-1]
    after = text.original[last : last + _NEIGHBOURHOOD].split("\n", 1)[0]
    beside = [c for c in before + after if c.isalpha()]
    return len(beside) < _FEWEST_CAPITALS or any(c.islower() for c in beside)
