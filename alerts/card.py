"""What a message says of a notice, before it takes the form of a channel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.cleaning import clean, cut, one_line, safe_link
from domain.match import ACTIVITIES, EventDate, Evidence, Match
from domain.notice import Delivery, Notice

HOME = ZoneInfo("Africa/Algiers")
PROOF_LENGTH = 420  # characters of the proving passage
_ALLIANCES = {
    "nato": "NATO",
    "eu": "European Union",
    "african-union": "African Union",
    "un": "United Nations",
    "5plus5-defence": "5+5 Defence",
    "cemoc": "CEMOC",
}

Namer = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the proving passage; ``is_proof`` marks the words that count."""

    text: str
    is_proof: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One hit article, ready to be laid out. Every text is clean; none is escaped."""

    title: str
    link: str
    outlet: str
    language: str
    is_rtl: bool
    published: str
    partners: tuple[str, ...]
    activities: tuple[str, ...]
    people: tuple[str, ...]
    dates: tuple[str, ...]
    rules: tuple[str, ...]
    score: float
    proof: tuple[Piece, ...]
    reference: str


def reference(key: str) -> str:
    """Return the short mark by which two messages of one delivery are known as one."""
    return "M-" + hashlib.sha256(key.encode()).hexdigest()[:10].upper()


def card(delivery: Delivery, name: Namer = str) -> Card:
    """Lay out what a message says of ``delivery``. ``name`` gives words for ids."""
    notice = delivery.notice
    matches = notice.matches
    return Card(
        title=one_line(notice.title, 300) or "(no title)",
        link=safe_link(notice.url),
        outlet=one_line(notice.outlet, 80),
        language=notice.language,
        is_rtl=notice.language == "ar",
        published=_when(notice.published_at, notice.first_seen),
        partners=tuple(_partner(p, name) for p in _merged(m.partners for m in matches)),
        activities=tuple(a.replace("_", " ") for a in _activities(matches)),
        people=tuple(_person(p, name) for p in _merged(m.persons for m in matches)),
        dates=tuple(_days(d) for d in _merged(m.dates for m in matches)),
        rules=tuple(m.rule for m in matches),
        score=max((m.score for m in matches), default=0.0),
        proof=_proof(notice),
        reference=reference(delivery.key),
    )


def _merged(groups: Iterable[Iterable[object]]) -> list:  # type: ignore[type-arg]
    return list(dict.fromkeys(item for group in groups for item in group))


def _activities(matches: Sequence[Match]) -> list[str]:
    found = {a for m in matches for a in m.activities}
    return [a for a in ACTIVITIES if a in found]


def _partner(ident: str, name: Namer) -> str:
    if len(ident) == 2 and ident.isalpha() and ident.isupper():
        flag = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in ident)
        words = name(ident)
        return f"{flag} {words}" if words != ident else f"{flag} {ident}"
    return _ALLIANCES.get(ident, name(ident))


def _person(ident: str, name: Namer) -> str:
    words = name(ident)
    return words if words != ident else ident.replace("-", " ").title()


def _days(days: EventDate) -> str:
    first, last = days.first, days.last
    if first == last:
        return f"{first.day} {first:%b %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%b %Y}"
    return f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}"


def _when(published: datetime | None, seen: datetime) -> str:
    if published is None:
        return f"no date; seen {seen.astimezone(HOME):%d %b %Y %H:%M} (Algiers)"
    return f"{published.astimezone(HOME):%d %b %Y %H:%M} (Algiers)"


def _proof(notice: Notice) -> tuple[Piece, ...]:
    """Cut the passage with the most proving words, those words marked."""
    evidence = [e for m in notice.matches for e in m.evidence if e.field == "text"]
    text = notice.text
    spans = _joined(evidence, len(text))
    if not spans:
        return (Piece(text=cut(clean(text).strip(), PROOF_LENGTH), is_proof=False),)
    start, end = _densest(spans, text)
    pieces: list[Piece] = []
    position = start
    for first, last in spans:
        if first < start or last > end:
            continue
        if first > position:
            pieces.append(Piece(text=clean(text[position:first]), is_proof=False))
        pieces.append(Piece(text=clean(text[first:last]), is_proof=True))
        position = last
    pieces.append(Piece(text=clean(text[position:end]), is_proof=False))
    before = "… " if start else ""
    after = " …" if end < len(text) else ""
    edges = (Piece(text=before, is_proof=False), Piece(text=after, is_proof=False))
    return tuple(p for p in (edges[0], *pieces, edges[1]) if p.text)


def _joined(evidence: Sequence[Evidence], length: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in sorted({(e.start, e.end) for e in evidence if 0 <= e.start < e.end}):
        if end > length:
            continue
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _densest(spans: Sequence[tuple[int, int]], text: str) -> tuple[int, int]:
    """Return the window of PROOF_LENGTH, on word boundaries, that holds the most proof."""
    best, most = spans[0][0], 0
    for start, _ in spans:
        held = sum(b - a for a, b in spans if a >= start and b <= start + PROOF_LENGTH - 60)
        if held > most:
            best, most = start, held
    begin = max(0, best - 60)
    while begin > 0 and not text[begin - 1].isspace():
        begin -= 1
    end = min(len(text), begin + PROOF_LENGTH)
    while end < len(text) and not text[end - 1].isspace() and end > best + 1:
        end -= 1
    inside = [b for a, b in spans if a >= begin and a < end]
    return begin, max([end, *inside[-1:]]) if inside else end
