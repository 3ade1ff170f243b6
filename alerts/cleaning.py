"""Text from a page, made safe to stand in a message: no control, no stray direction, bounded."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

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
_JOINERS = ("\u200d", "\ufe0f")  # between the parts of one emoji
_MOST_MARKS = 24  # on one letter; whoever piles up more is cut through


def clean(text: str) -> str:
    """Drop controls, halves of characters and direction overrides. Line breaks become ``\\n``."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


def spaced(text: str) -> str:
    """Return clean ``text`` with every run of white space as one blank, at its ends too."""
    return _SPACE.sub(" ", clean(text))


def one_line(text: str, limit: int = 200) -> str:
    """Return ``text`` as one clean line: fit for a header, a title or a log."""
    return cut(spaced(text).strip(), limit)


def cut(text: str, limit: int) -> str:
    """Shorten to ``limit`` code points with an ellipsis, never within what reads as one sign."""
    if len(text) <= limit:
        return text
    end = max(limit - 1, 0)
    for _ in range(_MOST_MARKS):
        if end == 0 or not _belongs(text, end):
            break
        end -= 1
    else:
        end = max(limit - 1, 0)
    return text[:end].rstrip() + "…"


def _belongs(text: str, position: int) -> bool:
    """Whether the code point at ``position`` is part of the sign before it."""
    here, before = text[position], text[position - 1]
    is_flag = "\U0001f1e6" <= here <= "\U0001f1ff" and "\U0001f1e6" <= before <= "\U0001f1ff"
    is_tone = "\U0001f3fb" <= here <= "\U0001f3ff"
    is_mark = unicodedata.category(here).startswith("M")
    return is_flag or is_tone or is_mark or here in _JOINERS or before == "\u200d"


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
