"""What a message says of a notice, before it takes the form of a channel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from alerts.cleaning import is_rtl, one_line, safe_link
from alerts.proof import Piece, proof
from domain.match import ACTIVITIES, EventDate, Match
from domain.notice import Delivery, Notice

HOME = ZoneInfo("Africa/Algiers")
LONGEST_TITLE = 300  # code points
_MOST_VALUES = 8  # of one fact; the rest is counted
_LANGUAGES = {"ar": "Arabic", "fr": "French", "en": "English", "und": "language unknown"}
_ALLIANCES = {
    "nato": "NATO",
    "eu": "European Union",
    "african-union": "African Union",
    "un": "United Nations",
    "5plus5-defence": "5+5 Defence",
    "cemoc": "CEMOC",
}

Namer = Callable[[str], str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One hit article, ready to be laid out. Every text is clean; none is escaped."""

    title: str
    link: str  # empty when the address is none to click on
    outlet: str
    language: str  # ar | fr | en | und, as the attribute ``lang`` wants it
    language_name: str
    is_rtl: bool
    published: str
    partners: tuple[str, ...]
    activities: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]  # (label, values): all that is known, empty ones left out
    rules: tuple[str, ...]
    score: float
    proof: tuple[Piece, ...]
    reference: str
    story_id: int


def reference(key: str) -> str:
    """Return the short mark by which two messages of one delivery are known as one."""
    return "M-" + hashlib.sha256(key.encode()).hexdigest()[:10].upper()


def best_score(delivery: Delivery) -> float:
    """Return the score of the rule that holds best."""
    return max((m.score for m in delivery.notice.matches), default=0.0)


def card(delivery: Delivery, name: Namer = str) -> Card:
    """Lay out what a message says of ``delivery``. ``name`` gives words for ids."""
    notice = delivery.notice
    title = one_line(notice.title, LONGEST_TITLE) or "(no title)"
    language = notice.language if notice.language in _LANGUAGES else "und"
    return Card(
        title=title,
        link=safe_link(notice.url),
        outlet=one_line(notice.outlet, 80) or "(unnamed outlet)",
        language=language,
        language_name=_LANGUAGES[language],
        is_rtl=language == "ar" or is_rtl(title),
        published=_when(notice.published_at, notice.first_seen),
        partners=_partners(notice, name),
        activities=_activities(notice.matches),
        facts=_facts(notice, name),
        rules=tuple(one_line(m.rule, 80) for m in notice.matches[:_MOST_VALUES]),
        score=best_score(delivery),
        proof=proof(notice),
        reference=reference(delivery.key),
        story_id=notice.story_id,
    )


def _facts(notice: Notice, name: Namer) -> tuple[tuple[str, str], ...]:
    matches = notice.matches
    things = [_thing(i, name) for i in _merged(m.equipment for m in matches)]
    bodies = [_thing(i, name) for i in _merged(m.organisations for m in matches)]
    people = [_thing(i, name) for i in _merged(m.persons for m in matches)]
    rows = (
        ("Partners", _partners(notice, name)),
        ("Activities", _activities(matches)),
        ("People", people),
        ("Organisations", bodies),
        ("Equipment", things),
        ("When", [_days(d) for d in _merged(m.dates for m in matches)]),
    )
    return tuple((label, _listed(values)) for label, values in rows if values)


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(values[:_MOST_VALUES])
    left = len(values) - _MOST_VALUES
    return f"{shown} and {left} more" if left > 0 else shown


def _merged(groups: Iterable[Iterable[T]]) -> list[T]:
    return list(dict.fromkeys(item for group in groups for item in group))


def _activities(matches: Sequence[Match]) -> tuple[str, ...]:
    found = {a for m in matches for a in m.activities}
    return tuple(a.replace("_", " ") for a in ACTIVITIES if a in found)


def _partners(notice: Notice, name: Namer) -> tuple[str, ...]:
    return tuple(_partner(p, name) for p in _merged(m.partners for m in notice.matches))


def _partner(ident: str, name: Namer) -> str:
    words = one_line(name(ident), 60)
    if len(ident) == 2 and ident.isascii() and ident.isalpha() and ident.isupper():
        flag = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in ident)
        return f"{flag} {words}"
    return _ALLIANCES.get(ident, words)


def _thing(ident: str, name: Namer) -> str:
    """Return words for an id; one that nobody named is written as a name."""
    words = one_line(name(ident), 80)
    return words if words != ident else one_line(ident.replace("-", " ").title(), 80)


def _days(days: EventDate) -> str:
    first, last = days.first, days.last
    if first == last:
        return f"{first.day} {first:%b %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%b %Y}"
    return f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}"


def _when(published: datetime | None, seen: datetime) -> str:
    return _moment(published) if published is not None else f"no date; seen {_moment(seen)}"


def _moment(moment: datetime) -> str:
    """Return a moment as Algiers and as UTC have it. The day is said twice where it differs."""
    moment = moment.astimezone(UTC)
    try:
        local = moment.astimezone(HOME)
    except OverflowError:  # a page may claim the last hour of the year 9999
        return f"{moment:%d %b %Y %H:%M} UTC"
    day = "" if local.date() == moment.date() else f"{moment:%d %b} "
    return f"{local:%d %b %Y %H:%M} (Algiers), {day}{moment:%H:%M} UTC"
