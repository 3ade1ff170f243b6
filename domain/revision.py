"""When an edited article says something else, and when it is the same words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

_WORD = re.compile(r"\w+")
_MOST_TYPOS = 5
_TYPO_SHARE = 0.01  # of a text's words
_ALIKE = 0.7  # of two spellings of one word
_SHORTEST = 4  # letters of a word that can be misspelt: "est" and "ont" are two words
_FREE_LOOKS = 3  # at an article whose list told of an edit; then one in _PAUSE
_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of an article, for the crawler to notice an edit by."""

    listed: str  # see Article.listed; empty: nothing is remembered
    checked_at: datetime  # when it was read last
    checks: int  # how often it was read again

    def is_worth_a_look(self, listed: str, now: datetime) -> bool:
        """Whether the page is to be read again, now that the list says ``listed``."""
        if not self.listed or listed == self.listed:
            return False
        return self.checks < _FREE_LOOKS or now - self.checked_at >= _PAUSE


def is_edited(old: str, new: str) -> bool:
    """Whether ``new`` differs from ``old`` by more than marks, blanks and misspellings."""
    before, after = _words(old), _words(new)
    if before == after:
        return False
    most = min(_MOST_TYPOS, max(1, int(_TYPO_SHARE * len(before))))
    if len(before) != len(after):
        return True
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    return len(changed) > most or not all(_is_typo(a, b) for a, b in changed)


def _words(text: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u0640", ""))
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def _is_typo(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _SHORTEST or any(c.isdigit() for c in one + other):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE
