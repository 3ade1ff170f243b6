"""The passage of an article that proves the hit, with the words that count marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.cleaning import cut, spaced
from domain.match import Evidence
from domain.notice import Notice

PROOF_LENGTH = 420  # characters of the passage
_LEAD = 60  # characters before the first proof where a sentence is too long to show
_MOST_SPANS = 400  # an article with more proofs is proved by its first ones
_SENTENCE_END = re.compile(r"(?<=[.!?؟…])((?:\s?[\"»”’)])*)\s+(?=\S)|\n+")
_INITIAL = re.compile(r"(?:^|[\s'’(])\w{1,2}\.$")  # "M." and "J." end no sentence

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the proving passage; ``is_proof`` marks the words that count."""

    text: str
    is_proof: bool


def proof(notice: Notice, length: int = PROOF_LENGTH) -> tuple[Piece, ...]:
    """Return the passage with the most proving words, or the text's beginning."""
    text = notice.text
    evidence = [e for m in notice.matches for e in m.evidence if e.field == "text"]
    spans = joined(evidence, len(text))
    if not spans:
        beginning = cut(spaced(text[: 4 * length]).strip(), length)
        return (Piece(text=beginning, is_proof=False),) if beginning else ()
    window = passage(text, spans, length)
    return _pieces(text, spans, window)


def joined(evidence: Sequence[Evidence], length: int) -> list[Span]:
    """Return the proved stretches in order, overlapping ones as one; what lies outside is left."""
    spans: list[Span] = []
    for start, end in sorted({(e.start, e.end) for e in evidence if 0 <= e.start < e.end}):
        if end > length:
            continue
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans[:_MOST_SPANS]


def passage(text: str, spans: Sequence[Span], length: int) -> Span:
    """Return whole sentences around the most proof, or words where a sentence is too long."""
    sentences = _sentences(text, spans[0][0], spans[-1][1])
    windows = [_window(text, sentences, spans, start, length) for start, _ in spans]
    return max(windows, key=lambda window: _held(spans, window))


def _window(
    text: str, sentences: Sequence[Span], spans: Sequence[Span], start: int, length: int
) -> Span:
    """Return the window that opens with the sentence around ``start``."""
    number = next((n for n, (_, end) in enumerate(sentences) if start < end), len(sentences) - 1)
    begin, end = sentences[number]
    if end - begin > length:
        return _words(text, begin, end, start, length)
    for later, later_end in sentences[number + 1 :]:
        # A sentence more is worth its room when it proves something too.
        if later_end - begin > length or not _held(spans, (later, later_end)):
            break
        end = later_end
    return begin, end


def _words(text: str, first: int, last: int, start: int, length: int) -> Span:
    begin = max(first, start - _LEAD)
    while first < begin < start and not text[begin - 1].isspace():
        begin += 1
    end = min(last, begin + length)
    stop = end
    while stop > start + length // 2 and stop < last and not text[stop].isspace():
        stop -= 1
    return begin, stop if stop > start + length // 2 else end


def _held(spans: Sequence[Span], window: Span) -> int:
    return sum(
        min(end, window[1]) - max(start, window[0])
        for start, end in spans
        if start < window[1] and end > window[0]
    )


def _sentences(text: str, first: int, last: int) -> list[Span]:
    """Return the sentences of ``text`` from the one around ``first`` to the one around ``last``."""
    low = max(0, first - 2000)
    high = min(len(text), last + 2000)
    found: list[Span] = []
    begin = low
    for gap in _SENTENCE_END.finditer(text, low, high):
        if "\n" not in gap[0] and _INITIAL.search(text, max(low, gap.start() - 4), gap.start()):
            continue
        found.append((begin, gap.start() if gap[1] is None else gap.end(1)))
        begin = gap.end()
    found.append((begin, high))
    return [s for s in found if s[1] > first and s[0] < last] or [(low, high)]


def _pieces(text: str, spans: Sequence[Span], window: Span) -> tuple[Piece, ...]:
    start, end = window
    pieces = [Piece(text="… " if text[:start].strip() else "", is_proof=False)]
    position = start
    for first, last in spans:
        if last <= start or first >= end:
            continue
        first, last = max(first, start), min(last, end)  # noqa: PLW2901 - clipped to the window
        pieces.append(Piece(text=spaced(text[position:first]), is_proof=False))
        pieces.append(Piece(text=spaced(text[first:last]), is_proof=True))
        position = last
    pieces.append(Piece(text=spaced(text[position:end]), is_proof=False))
    pieces.append(Piece(text=" …" if text[end:].strip() else "", is_proof=False))
    return tuple(piece for piece in pieces if piece.text)
