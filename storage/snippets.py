"""The snippet of a hit: its proving words in about 200 characters of their text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.match import Evidence

WIDTH = 200
REACH = 20  # how far an end moves to fall between two words


def snippet(title: str, text: str, evidence: Sequence[Evidence]) -> str:
    """Return the stretch of ``text`` with the most proving words, else ``title``, else its start.

    An ellipsis stands where the text goes on; white space is one space.
    """
    spans = sorted((e.start, e.end) for e in evidence if e.field == "text" and e.end <= len(text))
    if not spans and any(e.field == "title" for e in evidence):
        return _flat(title[:WIDTH])
    first, last = _densest(spans) if spans else (0, 0)
    spare = max(0, WIDTH - (last - first)) // 2
    start = _outer(text, max(0, first - spare), first, ahead=True)
    end = _outer(text, min(len(text), max(last + spare, start + WIDTH)), last, ahead=False)
    before = "… " if text[:start].strip() else ""
    after = " …" if text[end:].strip() else ""
    return before + _flat(text[start:end]) + after


def _densest(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the bounds of the window of WIDTH that holds most spans, the earliest of equals."""
    best, reach = (0, spans[0][0], spans[0][1]), 0
    for index, (start, end) in enumerate(spans):
        reach = max(reach, index)
        while reach < len(spans) and spans[reach][1] - start <= WIDTH:
            reach += 1
        if reach - index > best[0]:
            best = (reach - index, start, max(end, *(e for _, e in spans[index:reach])))
    return best[1], min(best[2], best[1] + WIDTH)


def _outer(text: str, edge: int, inner: int, *, ahead: bool) -> int:
    """Move ``edge`` towards ``inner`` to the next gap between words, if one is near."""
    if edge in (0, len(text)):
        return edge
    if ahead:
        for place in range(edge, min(inner, edge + REACH)):
            if text[place].isspace():
                return place + 1
        return edge
    for place in range(edge, max(inner, edge - REACH), -1):
        if text[place].isspace():
            return place
    return edge


def _flat(text: str) -> str:
    return " ".join(text.split())
