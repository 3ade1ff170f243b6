"""Words cut to their stems, so that « accords signés » and « accord signé » share theirs.

French and English words are cut at a fixed length once the plural is gone, which serves
retrieval about as well as a full stemmer. Arabic words lose the particles, the article and
the commonest endings, as a light stemmer does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from zlib import crc32

_CUT = 7
_PREFIXES = ("وال", "بال", "كال", "فال", "ولل", "لل", "ال")
_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_FEWEST = 3  # letters that remain of an Arabic word
_TABLE = Path(__file__).with_name("frequencies.txt")
UNSEEN = 0.001  # share of articles that hold a stem which the table lacks


def is_arabic(word: str) -> bool:
    """Whether a word of the match form is in Arabic letters."""
    return word[0] >= "ء"


def stem(word: str) -> str:
    """Return the stem of a word in match form."""
    return _arabic(word) if is_arabic(word) else _latin(word)


def _latin(word: str) -> str:
    if len(word) > 4 and word[-1] in "sx":
        word = word[:-1]
    if len(word) > 4 and word[-1] == "e":
        word = word[:-1]
    return word[:_CUT]


def _arabic(word: str) -> str:
    if word[0] == "و" and len(word) > _FEWEST + 1 and not word.startswith(_PREFIXES):
        word = word[1:]
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) >= len(prefix) + _FEWEST:
            word = word[len(prefix) :]
            break
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) >= len(suffix) + _FEWEST:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=1)
def frequencies() -> dict[str, float]:
    """Return the share of articles that hold a stem, for every stem of the shipped table."""
    rows = (line.split() for line in _TABLE.read_text(encoding="utf-8").splitlines())
    return {row[0]: float(row[1]) for row in rows if row and row[0] != "#"}


@lru_cache(maxsize=100_000)
def known_stem(word: str) -> tuple[str, int, float]:
    """Return the stem of a word, its hash and how telling it is: the log of its rarity."""
    found = stem(word)
    share = frequencies().get(found, UNSEEN)
    return found, crc32(found.encode()), -math.log(max(share, UNSEEN))


def stems(words: Iterable[str]) -> list[str]:
    """Return the stem of each word."""
    return [stem(w) for w in words]
