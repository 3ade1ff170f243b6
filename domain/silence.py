"""Silences: what is stored and counted, but told to nobody until a set time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.match import Match
from domain.time import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """All of its conditions must hold; None is no condition. At least one is set."""

    id: int
    ends: datetime
    reason: str
    rule: str | None = None
    partner: str | None = None
    outlet: str | None = None
    story_id: int | None = None
    text: str | None = None  # words that title or text hold next to each other
    made_by: str = ""
    created_at: datetime | None = None
    removed_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(self.ends, "ends")

    def is_active(self, now: datetime) -> bool:
        """Whether it mutes anything at ``now``."""
        return self.removed_at is None and now < self.ends

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """What must hold, as (name, value)."""
        values = (
            ("rule", self.rule),
            ("partner", self.partner),
            ("outlet", self.outlet),
            ("story", self.story_id),
            ("text", self.text),
        )
        return tuple((name, str(value)) for name, value in values if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a silence looks at. ``text`` is title and text folded, between single spaces."""

    matches: tuple[Match, ...]
    outlet: str
    story_id: int | None
    text: str


def muting(
    silences: Sequence[Silence], subject: Subject, folded: dict[int, str], now: datetime
) -> Silence | None:
    """Return the silence that mutes ``subject``: every one of its matches must be muted.

    ``folded`` gives the text of each silence that has one, in the form of the subject's.
    """
    active = [s for s in silences if s.is_active(now)]
    found: Silence | None = None
    for match in subject.matches:
        by = next((s for s in active if _mutes(s, match, subject, folded)), None)
        if by is None:
            return None
        found = found or by
    return found


def _mutes(silence: Silence, match: Match, subject: Subject, folded: dict[int, str]) -> bool:
    words = folded.get(silence.id, "")
    return (
        silence.rule in (None, match.rule)
        and (silence.partner is None or silence.partner in match.partners)
        and silence.outlet in (None, subject.outlet)
        and silence.story_id in (None, subject.story_id)
        and (silence.text is None or (bool(words) and f" {words} " in f" {subject.text} "))
    )
