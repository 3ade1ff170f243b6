"""A plain text made to fit a service's limit: links stay whole, and the first one stays."""

from __future__ import annotations

from alerts.cleaning import cut, utf16


def fitted(text: str, limit: int) -> str:
    """Return the beginning of ``text`` within ``limit`` UTF-16 units, its first link included.

    Services count differently; whoever counts characters sees no more than these units.
    """
    if utf16(text) <= limit:
        return text
    lines = text.split("\n")
    link = next((n for n, line in enumerate(lines) if _has_link(line)), None)
    reserved = 0 if link is None else utf16(lines[link]) + 1
    if reserved > limit // 2:  # a link that would push out the words
        link, reserved = None, 0
    kept: list[str] = []
    room = limit - reserved
    for number, line in enumerate(lines):
        if number == link:
            kept.append(line)
            link = None
        elif utf16(line) + 1 <= room:
            kept.append(line)
            room -= utf16(line) + 1
        elif not _has_link(line):
            kept += [cut(line, room - 1, utf16)] if room > 8 else []
            break
    if link is not None:
        kept.append(lines[link])
    return "\n".join(kept).rstrip()


def _has_link(line: str) -> bool:
    return "://" in line
