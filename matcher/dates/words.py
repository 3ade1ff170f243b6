"""The words of dates, each as one letter of the alphabet in which the grammar is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import daachorse
import yaml

from matcher.text import ARABIC_FIRST, SPACE, match_form
from matcher.text import OTHER as OTHER_LETTER

LANGUAGES = ("fr", "ar", "en")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WORDS = Path(__file__).with_name("words.yaml")

MONTH, WEEKDAY, DAY_WORD, NUMBER, YEAR, OTHER, BREAK = "MWRdy.|"
_LETTERS = {  # where a form is listed twice, the later letter holds
    "in_month": "i",
    "part_of_day": "P",
    "last": "L",
    "next": "X",
    "current": "C",
    "this": "T",
    "day": "J",
    "month": "S",
    "week": "K",
    "year": "Q",
    "weekend": "E",
    "of": "f",
    "of_from": "n",  # Arabic min: both
    "from": "u",
    "between": "B",
    "to": "a",
    "until": "A",
    "and": "&",
    "since": "s",
    "article": "l",
    "future": "F",
    "each": "e",
    "named": "b",
}
_APART = bytes(SPACE if chr(b) in "0123456789" or b == OTHER_LETTER else b for b in range(256))
_ESSENTIAL = MONTH + WEEKDAY + DAY_WORD + "KQSEC"
# What Arabic writes together with the next word. The lam of the article has its own spelling.
_PROCLITICS = ("و", "ف", "ب", "ل", "وب", "ول", "ك")


@dataclass(frozen=True, slots=True)
class Word:
    """What a form stands for."""

    letter: str
    value: int = 0
    proclitic: int = 0  # bytes at the front that belong to the words before
    is_joined_by_and: bool = False
    needs_stop: bool = False
    needs_capital: bool = False


class Keys:
    """The words and phrases without which there is no date, and what finds them."""

    def __init__(self, forms: Iterable[bytes]) -> None:
        self.forms = sorted(set(forms))
        patterns = [form.join((b" ", b" ")) for form in self.forms]
        self._finder = daachorse.DoubleArrayAhoCorasick(patterns)

    def spots(self, data: bytes) -> list[tuple[int, int]]:
        """Return where one stands in a match form, in order: of a phrase its first word."""
        found: dict[int, int] = {}
        # Digits and letters of other scripts end a word as a space does.
        for start, end, number in self._finder.find_overlapping(data.translate(_APART)):
            form = self.forms[number]
            if b" " not in form:
                found[start + 1] = end - 1
            elif data.startswith(form + b" ", start + 1):
                found[start + 1] = start + 1 + form.index(b" ")
        return sorted(found.items())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The forms of one language, by their match form."""

    forms: dict[bytes, Word]
    keys: Keys
    firsts: frozenset[bytes]  # first words of forms of several words
    month_first: bool  # December 4
    not_future: frozenset[bytes]
    before_day: frozenset[bytes]
    after_day: frozenset[bytes]
    emblems: frozenset[str]  # days that are also names, as "1-11"


def _entries(data: dict[str, Any]) -> Iterator[tuple[str, Word]]:
    # Later entries win: what is also something else comes first.
    for name, letter in _LETTERS.items():
        for form in data["words"].get(name, ()):
            yield form, Word(letter)
    for form, value in data["numbers"].items():
        yield form, Word(NUMBER, value)
    for form, value in data["days"].items():
        yield form, Word(DAY_WORD, value)
    for letter, rows, base in ((WEEKDAY, data["weekdays"], 0), (MONTH, data["months"], 1)):
        for value, row in enumerate(rows, base):
            for form in row.split("|"):
                yield form, Word(letter, value, needs_capital=form in ("may", "march"))
    for form, value in data.get("short_months", {}).items():
        yield form, Word(MONTH, value, needs_capital=True)
    for form, value in data["dotted"].items():
        yield form, Word(MONTH, value, needs_stop=True)


def _with_proclitics(form: bytes, word: Word) -> Iterator[tuple[bytes, Word]]:
    yield form, word
    if form[0] < ARABIC_FIRST or word.letter not in "MWRdPJnaAsi":
        return
    # "لامس" is a verb: what counts from today takes only the conjunctions.
    for clitic in _PROCLITICS[:2] if word.letter == DAY_WORD else _PROCLITICS:
        prefix = match_form(clitic)
        is_and = clitic == "و"
        yield prefix + form, Word(word.letter, word.value, len(prefix), is_and)
    article = match_form("ال")
    if form.startswith(article):  # li + al- is written lil-
        lil = match_form("لل")
        yield lil + form[len(article) :], Word(word.letter, word.value, 1)


def _folded(words: list[str]) -> frozenset[bytes]:
    return frozenset(match_form(word) for word in words)


@lru_cache(maxsize=1)
def read_words() -> dict[str, Any]:
    """Return the word file as it is written."""
    with WORDS.open(encoding="utf-8") as stream:
        data: dict[str, Any] = yaml.load(stream, _Loader)  # noqa: S506 - a safe loader
    return data


def _keys(forms: dict[bytes, Word]) -> Keys:
    return Keys(form for form, word in forms.items() if word.letter in _ESSENTIAL)


@lru_cache(maxsize=3)
def _of_language(name: str) -> Vocabulary:
    data = read_words()[name]
    forms: dict[bytes, Word] = {}
    joined: dict[bytes, Word] = {}
    for form, word in _entries(data):
        for spelling, meaning in _with_proclitics(match_form(form), word):
            (joined if meaning.proclitic else forms)[spelling] = meaning
    forms = {**joined, **forms}  # "وإلى" as listed, before waw + "إلى"
    return Vocabulary(
        forms=forms,
        keys=_keys(forms),
        firsts=frozenset(f.split(b" ")[0] for f in forms if b" " in f),
        month_first=name == "en",
        not_future=_folded(data["not_future"]),
        before_day=_folded(data["before_day"]),
        after_day=_folded(data["after_day"]),
        emblems=frozenset(data.get("emblems", ())),
    )


@lru_cache(maxsize=1)
def _of_all() -> Vocabulary:
    """Join the vocabularies; where two have a word, the first one's meaning holds."""
    parts = [_of_language(name) for name in LANGUAGES]
    forms: dict[bytes, Word] = {}
    for part in reversed(parts):
        forms |= part.forms
    return Vocabulary(
        forms=forms,
        keys=_keys({form: w for part in parts for form, w in part.forms.items()}),
        firsts=frozenset[bytes]().union(*(p.firsts for p in parts)),
        month_first=True,
        not_future=frozenset[bytes]().union(*(p.not_future for p in parts)),
        before_day=frozenset[bytes]().union(*(p.before_day for p in parts)),
        after_day=frozenset[bytes]().union(*(p.after_day for p in parts)),
        emblems=frozenset[str]().union(*(p.emblems for p in parts)),
    )


def vocabulary(language: str) -> Vocabulary:
    """Return the words of ``language``; of all three when it is none of fr, ar and en."""
    return _of_language(language) if language in LANGUAGES else _of_all()
