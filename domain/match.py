"""What the matcher says of a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ACTIVITIES = (
    "dialogue",
    "visit",
    "agreement",
    "exercise",
    "port_call",
    "training",
    "procurement",
    "industry",
    "counter_terrorism",
    "intelligence",
    "cyber",
    "multilateral",
    "aid",
    "other",
)
"""Every activity, in the order in which a verdict lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Words that prove something. ``field[start:end] == text``, in Unicode code points."""

    start: int
    end: int
    text: str
    field: str  # title | text
    concept: str  # e.g. "#cooperation_military", "@US"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDate:
    """Days of the event, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One rule that holds on a document, with the facts drawn from its evidence."""

    rule: str
    score: float  # 0..1
    threshold: float  # 0..1; a match has score >= threshold
    partners: tuple[str, ...] = ()  # ISO 3166-1 alpha-2 or organisation ids; never DZ
    activities: tuple[str, ...] = ()  # of ACTIVITIES
    persons: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    dates: tuple[EventDate, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rule_version: str = ""  # changes with the rule's file and with the lexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one document: a match for every rule that holds."""

    id: str | None
    language: str
    matches: tuple[Match, ...] = ()

    @property
    def is_match(self) -> bool:
        """Whether any rule holds."""
        return bool(self.matches)
