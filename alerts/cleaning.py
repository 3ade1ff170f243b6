"""Text from a page, made safe to stand in a message: no control, no stray direction, bounded."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
# Overrides, embeddings and isolates could turn the rest of a message around; marks stay.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"\s+")


def clean(text: str, limit: int | None = None) -> str:
    """Drop controls and direction overrides; cut to ``limit`` code points on a whole character."""
    safe = _DIRECTION.sub("", _CONTROL.sub("", text))
    return safe if limit is None else cut(safe, limit)


def one_line(text: str, limit: int = 200) -> str:
    """Return ``text`` as one clean line: fit for a header, a title or a log."""
    return cut(_SPACE.sub(" ", clean(text)).strip(), limit)


def cut(text: str, limit: int) -> str:
    """Shorten to ``limit`` code points with an ellipsis, never between a letter and its marks."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + "…"


def safe_link(url: str) -> str:
    """Return an http(s) address, or nothing: no script or file opens from an alert."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_plain = parts.scheme in ("http", "https") and parts.netloc and not _SPACE.search(url)
    return clean(url) if is_plain else ""


def slack_escape(text: str) -> str:
    """Escape the three characters that Slack reads: no mention, no forged link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
