"""Text from a page, made safe to stand in a message: no control, no stray direction, bounded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

import regex

LONGEST_LINK = 1500  # characters; a longer address is told as none
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, among them those of a terminal
    "\u202a-\u202e\u2066-\u206f"  # direction: would turn the rest of a message around; marks stay
    "\ufff9-\ufffb\ufeff\ufdd0-\ufdef\ud800-\udfff"  # interlinear, BOM, noncharacters, halves
    + "".join(f"{chr(p + 0xFFFE)}{chr(p + 0xFFFF)}" for p in range(0, 0x110000, 0x10000))
    + "]"
)
_SPACE = re.compile(r"\s+")
# In an address these end a link of Slack, an attribute or a header; a URL may not hold them raw.
_BREAKS_LINK = re.compile(r"""[<>|"'`\\^{}]""")
_SIGN = regex.compile(r"\X")  # a grapheme cluster: what reads as one sign
_MOST_MARKS = 24  # code points of one sign; the longest emoji have about ten


def clean(text: str) -> str:
    """Drop controls, halves of characters and direction overrides. Line breaks become ``\\n``."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


def spaced(text: str) -> str:
    """Return clean ``text`` with every run of white space as one blank, at its ends too."""
    return _SPACE.sub(" ", clean(text))


def one_line(text: str, limit: int = 200) -> str:
    """Return ``text`` as one clean line: fit for a header, a title or a log."""
    return cut(spaced(text).strip(), limit)


def cut(text: str, limit: int, size: Callable[[str], int] = len) -> str:
    """Shorten to ``limit`` code points with an ellipsis, never within what reads as one sign.

    ``size`` counts what a far side counts, such as ``utf16``.
    """
    if size(text) <= limit:
        return text
    end = 0
    room = max(limit - 1, 0)
    for sign in _SIGN.finditer(text):
        width = size(sign[0])
        if width > room:
            # Whoever piles up marks on a letter is cut through.
            end += 0 if width <= _MOST_MARKS else _count_that_fit(sign[0], room, size)
            break
        room -= width
        end = sign.end()
    return text[:end].rstrip() + "…"


def utf16(text: str) -> int:
    """Return the length of ``text`` as browsers and most chat services count it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def _count_that_fit(text: str, room: int, size: Callable[[str], int]) -> int:
    count = 0
    for letter in text:
        room -= size(letter)
        if room < 0:
            break
        count += 1
    return count


def safe_link(url: str) -> str:
    """Return an http(s) address, or nothing: no script or file opens from an alert."""
    if len(url) > LONGEST_LINK or _SPACE.search(url) or _UNSEEN.search(url):
        return ""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return _BREAKS_LINK.sub(lambda m: f"%{ord(m[0]):02X}", url) if is_plain else ""


def is_rtl(text: str) -> bool:
    """Whether the first letter with a direction is written from right to left."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False
