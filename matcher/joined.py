"""Words that the press glued together: « الجزائروموسكو », « الأمريكيةواشنطن ».

Archives lose the space beside a name that they make a link of. Two signs tell where it was:
a ta marbuta ends a word whatever follows, and the name of a state is known in full.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

import daachorse

from matcher.text import ARABIC_FIRST, MatchText, match_form

_ARTICLE = match_form("ال")
_BEFORE_NAME = tuple(match_form(c) for c in ("", "و", "ب", "ل", "ف", "وب", "ول"))
_SHORTEST_NAME = 4  # letters, without the article
_SHORTEST_REST = 3
_SHORTEST_TOKEN = 9
_LONGEST_TOKEN = 60
_LONG_TOKEN = re.compile(b"[%c-\xff]{%d,%d}(?= )" % (ARABIC_FIRST, _SHORTEST_TOKEN, _LONGEST_TOKEN))
# Harakat, tatweel and marks that are not seen may follow it.
_INSIDE = (
    "[\u0300-\u036f\u0600-\u0605\u0890\u0891\u0898-\u089f\u08ca-\u08ff\u180e\u206a-\u206f"
    "\ufe00-\ufe0f\ufe20-\ufe2f\ufe71\ufe77\ufe79\ufe7b\ufe7d\ufe7f\ufff9-\ufffb"
    "\u0610-\u061a\u061c\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u00ad\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2069\ufeff]*+(?=[\u0621-\u063a\u0641-\u064a\ufe80-\ufefc])"
)
_TA_MARBUTA_INSIDE = re.compile("ة" + _INSIDE)  # found by its letter
_PRESENTED = re.compile("[\ufe93\ufe94]" + _INSIDE)  # its presentation forms


class JoinedWords:
    """Finds where a space is missing, by the names of states. Build once."""

    def __init__(self, names: Iterable[bytes]) -> None:
        """``names``: match forms, of one word or more, with their article if they have one."""
        names = set(names)
        single = {n for n in names if b" " not in n}
        definite = {n for n in single if n.startswith(_ARTICLE)}
        self._names = {
            n for n in single if len(n) - len(_ARTICLE) * (n in definite) >= _SHORTEST_NAME
        }
        self._definite = self._names & definite
        self._run_together = {
            n.replace(b" ", b""): n for n in names if n.count(b" ") and len(n) > _SHORTEST_NAME
        }
        # Every word that is cut holds one of them, whatever its clitics are.
        known = sorted(self._names | self._run_together.keys())
        self._automaton = daachorse.DoubleArrayAhoCorasick(known) if known else None
        self.cuts = lru_cache(maxsize=1 << 15)(self._cuts)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "cuts"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.cuts = lru_cache(maxsize=1 << 15)(self._cuts)

    def split(self, text: MatchText) -> MatchText:
        """Return ``text`` with the missing spaces; itself where none is missing."""
        original = text.original
        ends = [m.end() for m in _TA_MARBUTA_INSIDE.finditer(original)]
        if "\ufe93" in original or "\ufe94" in original:
            ends = sorted(ends + [m.end() for m in _PRESENTED.finditer(original)])
        sure = [text.position(end) for end in ends]
        places = list(sure)
        for first, last in self._suspects(text.data):
            inside = sure[bisect_right(sure, first) : bisect_left(sure, last)]
            for begin, end in pairwise((first, *inside, last)):
                places += [begin + cut for cut in self.cuts(text.data[begin:end])]
        return text.with_spaces(places) if places else text

    def _suspects(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where the long Arabic words with the name of a state in them stand."""
        if self._automaton is None:
            return
        seen = -1
        for start, end, _ in self._automaton.find_overlapping(data):
            if start < seen:
                continue  # the same word
            first, seen = data.rfind(b" ", 0, start) + 1, data.find(b" ", end)
            if seen - first >= _SHORTEST_TOKEN:
                yield from (token.span() for token in _LONG_TOKEN.finditer(data, first, seen + 1))

    def _cuts(self, token: bytes) -> tuple[int, ...]:
        """Return the offsets in one long word at which another begins."""
        known = self._known(token)
        if known is not None:
            return known
        for cut in range(_SHORTEST_REST, len(token) - _SHORTEST_REST + 1):
            before, after = self._known(token[:cut]), self._known(token[cut:])
            if before is not None and (after is not None or self._is_definite(token[cut:])):
                return (*before, cut, *(cut + c for c in after or ()))
        for cut in range(len(token) - _SHORTEST_REST, _SHORTEST_REST - 1, -1):
            if token[cut:] in self._definite and token[:cut] not in _CLITIC_CHAINS:
                return (cut,)
        return ()

    def _known(self, token: bytes) -> tuple[int, ...] | None:
        """Return the cuts of a name written as one word; None where it is no name."""
        for clitic in _BEFORE_NAME:
            name = token[len(clitic) :]
            if token.startswith(clitic):
                if name in self._names:
                    return ()
                if name in self._run_together:
                    words = self._run_together[name].split(b" ")
                    ends = [sum(map(len, words[:n])) for n in range(1, len(words))]
                    return tuple(len(clitic) + end for end in ends)
        return None

    def _is_definite(self, word: bytes) -> bool:
        return word.startswith(_ARTICLE) and len(word) >= _SHORTEST_TOKEN - _SHORTEST_NAME


# What a name may have glued to it: no word of its own.
_CLITIC_CHAINS = frozenset(
    match_form(a + b + c)
    for a in ("", "و", "ف")
    for b in ("", "أ", "س")
    for c in ("ب", "ك", "ل", "")
)
