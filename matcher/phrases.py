"""Phrases as rules write them: wildcards opened, and what would match everything refused.

``coop*`` is any word that begins so, ``organi?ation`` has one letter or digit for each
``?``. A phrase of several words with a wildcard inside, ``"coop* milit*"``, is sought as
its pieces, each directly behind the other.
"""

from __future__ import annotations

import re
from itertools import product

from matcher.text import match_form

_FEWEST = 3  # letters of a word with a wildcard, beside it
_MOST_MARKS = 2  # question marks of one word: each multiplies what is sought by forty
_ARTICLE = "ال"
_LATIN = "abcdefghijklmnopqrstuvwxyz0123456789"
_ARABIC = "ءابتثجحخدذرزسشصضطظعغفقكلمنهوي"
# What people write who expect regular expressions or the lexicon's notation.
_REGEX = re.compile(r"^/.*/$|\.[*+?{]|[\\\[\]{}|^]|[)\]][*+?]")
# Words that hardly a text of their language lacks: alone they say nothing.
_EVERYWHERE = frozenset(
    match_form(w)
    for w in (
        "de la le les et à en du des un une au aux que qui dans pour sur par est il elle ne pas "
        "the of and to in a an is for on that by it with as at from "
        "في من على إلى عن ان أن هذا هذه التي الذي مع ما لا هو هي كما قد"
    ).split(" ")
)


def bare(term: str) -> str:
    """Return a term's phrase without its quotation marks."""
    return term.strip('"')


def pieces(term: str) -> list[str]:
    """Return the phrases that ``term`` is sought as, each ending in a wildcard or at the end.

    Raises ValueError with the reason when it cannot be sought or would match everything.
    """
    phrase = bare(term)
    _check(phrase)
    found: list[list[str]] = [[]]
    for word in phrase.split():
        found[-1].append(word)
        if "*" in word:
            found.append([])
    return [" ".join(words) for words in found if words]


def _check(phrase: str) -> None:
    if not phrase.strip():
        raise ValueError("an empty phrase matches nothing")
    if _REGEX.search(phrase):
        raise ValueError(
            f"{phrase!r}: regular expressions and brackets are not read here; "
            "a word takes * at its end, or ? for one letter"
        )
    for word in phrase.split():
        _check_wildcard(phrase, word)
    folded = match_form(phrase)
    letters = len(folded.replace(b" ", b""))
    if not letters:
        raise ValueError(f"{phrase!r} has no letter to look for")
    if letters < 2 or folded in _EVERYWHERE:
        raise ValueError(f"{phrase!r} stands in almost every text")


def _check_wildcard(phrase: str, word: str) -> None:
    if "*" not in word and "?" not in word:
        return
    if "*" in word[:-1]:
        raise ValueError(f"{phrase!r}: * stands at the end of a word only")
    if word.count("?") > _MOST_MARKS:
        raise ValueError(f"{phrase!r}: at most {_MOST_MARKS} ? in a word; * takes any ending")
    stem = match_form(word.replace("*", "").replace("?", "")).decode("latin-1")
    article = match_form(_ARTICLE).decode("latin-1")
    if len(stem.removeprefix(article).replace(" ", "")) < _FEWEST:
        raise ValueError(f"{phrase!r}: a wildcard needs three letters beside it")


def variants(piece: str) -> tuple[list[str], bool]:
    """Return every spelling of a piece that is sought, and whether any ending goes.

    Its ``?`` are filled in. Arabic written without the article is sought with it as well:
    on every word (تعاون عسكري, التعاون العسكري) or on the last (وزير دفاع, وزير الدفاع).
    """
    is_open = piece.endswith("*")
    stem = piece.removesuffix("*")
    is_arabic = any("\u0600" <= c <= "\u06ff" for c in stem)
    parts = stem.split("?")
    fillings = product(_ARABIC if is_arabic else _LATIN, repeat=len(parts) - 1)
    filled = [
        parts[0] + "".join(f + p for f, p in zip(filling, parts[1:], strict=True))
        for filling in fillings
    ]
    return (_with_article(filled) if is_arabic else filled), is_open


def _with_article(phrases: list[str]) -> list[str]:
    found = list(phrases)
    for phrase in phrases:
        words = phrase.split()
        if not any(word.startswith(_ARTICLE) for word in words):
            found.append(" ".join(_ARTICLE + word for word in words))
            found.append(" ".join([*words[:-1], _ARTICLE + words[-1]]))
    return found
