"""A text as any other print of it would be: what a reader does not see is left out.

The press writes one word in many ways that look alike: with harakat or tatweel, composed or
decomposed accents, presentation forms, zero-width and bidirectional marks, blanks and line
breaks of many kinds. What is read as printed (sentences, names, capitals, dates) is read
from the plain form, so that none of these makes a difference. It has the same match form.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.text import APOSTROPHES, HYPHENS, is_unseen, unseen_codes

_MOST_MARKS = 30  # on one letter; the rest is ornament
_COMPATIBLE = (  # letters of other shapes: ligatures, presentation forms, wide and bold ones
    "\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
    "\U0001d400-\U0001d7ff"
)
_BREAKS = "\r\x85\u2028\u2029"
_LINE_ENDS = frozenset("\n" + _BREAKS[1:])
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in plain form. ``origin``: for each character the one it came from.

    None where nothing was left out, added or composed: each is the one at its own place.
    """

    text: str
    origin: npt.NDArray[np.int64] | None = None


def plain(text: str) -> Plain:
    """Return the plain form of ``text``; the text itself where it is plain already. Linear."""
    places = _odd_places(text)
    if not places:
        return Plain(text)
    pieces: list[str] = []
    lengths = np.ones(len(text), dtype=np.int64)
    last = 0
    match_at = _odd().match
    for place in places:
        if place < last:
            continue  # seen with what it follows
        match = (match_at(text, place - 1) if place > last else None) or match_at(text, place)
        if match is None:
            continue
        begin, end = match.span()
        is_half = match[0] == "\r" and text[end : end + 1] in _LINE_ENDS  # of one line's end
        shown = "" if is_half else _shown(match[0][: _MOST_MARKS + 1])
        pieces += (text[last:begin], shown)
        lengths[begin:end] = 0
        lengths[begin] = len(shown)
        last = end
    pieces.append(text[last:])
    return Plain("".join(pieces), np.repeat(np.arange(len(text)), lengths))


def _odd_places(text: str) -> list[int]:
    """Return where a character stands that is not plain, ascending."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) == 2 * len(text):
        points: npt.NDArray[Any] = np.frombuffer(units, dtype=np.uint16)
    else:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    found: list[int] = np.flatnonzero(_odd_codes().take(points, mode="clip")).tolist()
    return found


@lru_cache(maxsize=1)
def _odd_codes() -> npt.NDArray[np.bool_]:
    """Return for each code point below U+20000 whether it is not plain; the last for the rest."""
    table = np.zeros(0x20000, dtype=np.bool_)
    table[unseen_codes()] = True
    for char in _BREAKS + APOSTROPHES[1:] + HYPHENS[1:]:
        table[ord(char)] = True
    for first, last in re.findall("(.)-(.)|.", _BLANKS + _COMPATIBLE):
        if first:  # a range
            table[ord(first) : ord(last) + 1] = True
    for char in re.sub("(.)-(.)", "", _BLANKS + _COMPATIBLE):
        table[ord(char)] = True
    return table


@lru_cache(maxsize=1)
def _odd() -> re.Pattern[str]:
    """Return what is not plain: a character with what is not seen behind it, or an odd one."""
    unseen = _ranges(unseen_codes())
    replaced = _BREAKS + _BLANKS + _COMPATIBLE + re.escape(APOSTROPHES[1:] + HYPHENS[1:])
    joined = rf"\r(?=[{_BREAKS[1:]}\n])"
    return re.compile(rf"[^{unseen}]?(?:[{unseen}]|{joined})+|[{replaced}]")


def _ranges(codes: list[int]) -> str:
    """Return ascending code points as the inside of a class of a regular expression."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in found)


@lru_cache(maxsize=8192)
def _shown(cluster: str) -> str:
    """Return a character and what follows unseen as one would print it."""
    letter, marks = cluster[:1], cluster[1:].replace("\r", "")
    if is_unseen(letter):
        return ""
    letter = _replaced(letter)
    accents = [m for m in marks if "\u0300" <= m <= "\u036f" or "\u0653" <= m <= "\u0655"]
    if accents:
        letter = unicodedata.normalize("NFC", letter + "".join(accents))
    return "".join(c for c in letter if not is_unseen(c))


def _replaced(char: str) -> str:
    if char in APOSTROPHES:
        return APOSTROPHES[0]
    if char in HYPHENS:
        return HYPHENS[0]
    if char in _BREAKS:
        return "\n"
    if unicodedata.category(char) == "Zs":
        return " "
    if _is_compatible(char):
        folded = unicodedata.normalize("NFKC", char)
        return folded if folded.replace(" ", "") and folded[0] != " " else char
    return char


def _is_compatible(char: str) -> bool:
    return re.match(f"[{_COMPATIBLE}]", char) is not None
