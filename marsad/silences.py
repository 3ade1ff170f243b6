"""Silences as people ask for them: read, held against what is known, kept. Command and page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.errors import UsageError, nearest
from domain.silence import Silence
from marsad.clock import read_end

if TYPE_CHECKING:
    from marsad.config import Config
    from storage.store import Store

MOST_TEXT = 200  # characters of a reason, of words, of a name
CHECKED = ("rule", "partner", "outlet")  # a name that nobody knows mutes nothing
Known = Callable[[str], Collection[str]]
"""From one of ``CHECKED`` to the ids that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was typed. None is no condition; of several all must hold."""

    reason: str
    until: str  # a duration from now, or a date
    by: str
    rule: str | None = None
    partner: str | None = None
    outlet: str | None = None
    story: int | None = None
    text: str | None = None


def read_silence(wish: Wish, now: datetime, known: Known | None, prefix: str = "") -> Silence:
    """Return the silence that ``wish`` means; ``prefix`` stands before names in what is raised.

    Raises UsageError where it would mute nothing, everything, or what is past.
    """
    text = " ".join((wish.text or "").split())[:MOST_TEXT]
    reason = " ".join(wish.reason.split())[:MOST_TEXT]
    if not any((wish.rule, wish.partner, wish.outlet, wish.story is not None, text)):
        names = ", ".join(prefix + name for name in (*CHECKED, "story"))
        raise UsageError(f"say what to silence: {names} or {prefix}text")
    if not reason:
        raise UsageError(f"{prefix}reason must not be empty")
    return Silence(
        id=0,
        ends=_end(wish.until, now, prefix),
        reason=reason,
        rule=_known("rule", wish.rule, known, prefix),
        partner=_known("partner", wish.partner, known, prefix),
        outlet=_known("outlet", wish.outlet, known, prefix),
        story_id=wish.story,
        text=text or None,
        made_by=wish.by[:MOST_TEXT],
    )


def keep(store: Store, silence: Silence, now: datetime) -> tuple[int, int]:
    """Keep ``silence``; return its id and how many waiting deliveries it mutes.

    Raises UsageError when there is no story of its number.
    """
    added = store.duty.silence(silence, now)
    if added is None:
        raise UsageError(f"no story {silence.story_id}; `marsad hits` shows the story of a hit")
    return added


def known_ids(config: Config, kind: str) -> Collection[str]:
    """Return the ids of ``kind``, one of ``CHECKED``, that ``config`` and the lexicon have."""
    from marsad.references import catalogue, partners, rule_ids  # noqa: PLC0415 - slow to import

    if kind == "partner":
        return partners()
    if kind == "outlet":
        return {source.id for source in (*catalogue(), *config.sources)}
    return rule_ids(config.rules)


def _end(text: str, now: datetime, prefix: str) -> datetime:
    ends = read_end(text, now)
    if ends <= now:
        raise UsageError(
            f"{prefix}until {text}: that is past; write a duration like 2d or a later date"
        )
    return ends


def _known(kind: str, value: str | None, known: Known | None, prefix: str) -> str | None:
    """Return ``value`` as it is stored."""
    if not value or known is None:
        return value or None
    if kind == "partner":
        from alerts.settings import as_verdicts_write_it  # noqa: PLC0415 - reads pydantic

        value = as_verdicts_write_it(value)
    ids = known(kind)
    if value not in ids:
        raise UsageError(f"{prefix}{kind}: no {kind} {value!r}{nearest(value, ids)}")
    return value
