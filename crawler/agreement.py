"""How alike two texts of one page are, by their sequences of words."""

from __future__ import annotations

import re

_SHINGLE = 4
_WORD = re.compile(r"\w+")


def agreement(one: str, other: str) -> float:
    """Return the Jaccard likeness of the 4-word shingles of two texts, 0 to 1."""
    a, b = _shingles(one), _shingles(other)
    both = len(a & b)
    union = len(a) + len(b) - both
    return both / union if union else 0.0


def is_agreed(narrow: str, wide: str, least: float) -> bool:
    """Whether the agreement of two texts is ``least`` or more.

    Where ``wide`` holds all of ``narrow`` in one piece and little else, no shingle is counted.
    """
    return _least_agreement(narrow.split(), wide) >= least or agreement(narrow, wide) >= least


def _least_agreement(words: list[str], wide: str) -> float:
    """Return what the agreement of ``words`` and ``wide`` cannot be less than.

    Every shingle of the words is one of the wider text, which has at most one more for each word
    beyond; each word begins a shingle of its own where it comes first, but for the last three.
    """
    text, line = " ".join(words), " ".join(wide.split())
    start = f" {line} ".find(f" {text} ")
    if start < 0:
        return 0.0
    end = start + len(text)
    beyond = len(_WORD.findall(line, 0, start)) + len(_WORD.findall(line, end))
    different = sum(word.isalnum() for word in set(words)) - _SHINGLE + 1
    return different / (different + beyond) if different > 0 else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text)
    return set(zip(*(words[n:] for n in range(_SHINGLE)), strict=False))
