"""Text of an article with its proofs marked, cut into pieces that a template can escape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from alerts.cleaning import clean
from domain.match import Evidence

_PARAGRAPH = re.compile(r"\n\s*\n|\n")
MOST = 400_000  # characters of a text that is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text; ``proofs`` are the numbers of the evidence that it belongs to."""

    text: str
    proofs: tuple[int, ...] = ()
    is_first: bool = False  # of its proof: where a link to it leads

    @property
    def is_word(self) -> bool:
        """Whether there is anything to see: a blank between two proofs is no link."""
        return bool(self.text.strip())


def paragraphs(text: str, evidence: Sequence[Evidence], field: str) -> list[list[Piece]]:
    """Return ``text`` by paragraphs, marked where ``evidence`` of ``field`` proves something."""
    spans = [
        (e.start, e.end, number)
        for number, e in enumerate(evidence)
        if e.field == field and 0 <= e.start < e.end <= len(text)
    ]
    shown: set[int] = set()
    found = []
    for start, end in _paragraphs(text[:MOST]):
        pieces = _pieces(text, start, end, [s for s in spans if s[0] < end and s[1] > start], shown)
        if any(piece.text.strip() for piece in pieces):
            found.append(pieces)
    return found


def _paragraphs(text: str) -> list[tuple[int, int]]:
    found, begin = [], 0
    for gap in _PARAGRAPH.finditer(text):
        found.append((begin, gap.start()))
        begin = gap.end()
    return [*found, (begin, len(text))]


def _pieces(
    text: str, start: int, end: int, spans: Sequence[tuple[int, int, int]], shown: set[int]
) -> list[Piece]:
    """Cut where any proof begins or ends: proofs overlap."""
    edges = {start, end, *(min(max(edge, start), end) for span in spans for edge in span[:2])}
    pieces = []
    places = sorted(edges)
    for first, last in pairwise(places):
        proofs = tuple(number for a, b, number in spans if a <= first and last <= b)
        is_first = bool(set(proofs) - shown) and bool(text[first:last].strip())
        shown.update(proofs if is_first else ())
        pieces.append(Piece(text=clean(text[first:last]), proofs=proofs, is_first=is_first))
    return pieces
