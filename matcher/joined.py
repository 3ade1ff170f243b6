"""Words that the press glued together: « الجزائروموسكو », « الأمريكيةواشنطن ».

Archives lose the space beside a name that they make a link of. Two signs tell where it was:
a ta marbuta ends a word whatever follows, and the name of a state is known in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from matcher.text import ARABIC_FIRST, MatchText, match_form

_ARTICLE = match_form("ال")
_BEFORE_NAME = tuple(match_form(c) for c in ("", "و", "ب", "ل", "ف", "وب", "ول"))
_SHORTEST_NAME = 4  # letters, without the article
_SHORTEST_REST = 3
_SHORTEST_TOKEN = 9
_LONGEST_TOKEN = 60
_LONG_TOKEN = re.compile(b"[%c-\xff]{%d,%d}(?= )" % (ARABIC_FIRST, _SHORTEST_TOKEN, _LONGEST_TOKEN))
_AFTER_TA_MARBUTA = re.compile("(?<=ة)(?=[\u0621-\u063a\u0641-\u064a])")


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
        self._run_together = {n.replace(b" ", b""): n for n in names if n.count(b" ")}
        self.cuts = lru_cache(maxsize=1 << 15)(self._cuts)

    def split(self, text: MatchText) -> MatchText:
        """Return ``text`` with the missing spaces; itself where none is missing."""
        sure = [text.position(m.start()) for m in _AFTER_TA_MARBUTA.finditer(text.original)]
        if not sure and not any(map(self.cuts, _LONG_TOKEN.findall(text.data))):
            return text
        places = list(sure)
        for token in _LONG_TOKEN.finditer(text.data):
            inside = [p for p in sure if token.start() < p < token.end()] if sure else []
            for begin, end in pairwise((token.start(), *inside, token.end())):
                places += [begin + cut for cut in self.cuts(text.data[begin:end])]
        return text.with_spaces(places) if places else text

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
