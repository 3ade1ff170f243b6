"""What people ask of the hits, in their own words: one reading for commands, page and feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.asking import HitQuery, TextQuery
from domain.errors import SearchError, UsageError, nearest
from domain.match import ACTIVITIES
from marsad.clock import read_last, read_moment

LANGUAGES = ("fr", "ar", "en", "und")


def hit_query(
    now: datetime,
    *,
    since: str | None = None,
    until: str | None = None,
    partner: Sequence[str] = (),
    activity: Sequence[str] = (),
    outlet: Sequence[str] = (),
    language: Sequence[str] = (),
    rule: Sequence[str] = (),
    text: str | None = None,
    story: int | None = None,
    before: int | None = None,
    limit: int | None = None,
    prefix: str = "--",
) -> HitQuery:
    """Read filters as they were typed; ``prefix`` stands before names in what is raised.

    Raises SearchError on words that leave nothing to seek, UsageError on any other nonsense.
    """
    require_known(f"{prefix}activity", activity, ACTIVITIES)
    require_known(f"{prefix}language", language, LANGUAGES)
    return HitQuery(
        since=read_moment(since, now) if since else None,
        until=read_last(until, now) if until else None,
        partners=tuple(p.upper() if len(p) == 2 else p.lower() for p in partner),
        activities=tuple(activity),
        outlets=tuple(outlet),
        languages=tuple(language),
        rules=tuple(rule),
        text=search_words(text) if text is not None else None,
        story_id=story,
        before=before,
        limit=limit,
    )


def search_words(text: str) -> TextQuery:
    """Read the words of a full-text search. Raises SearchError."""
    from matcher.searching import parse_search  # noqa: PLC0415 - numpy

    try:
        return parse_search(text)
    except ValueError as error:
        raise SearchError(str(error)) from None


def require_known(option: str, values: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a word of a closed list that is none: it would find nothing and say nothing."""
    for value in values:
        if value not in known:
            hint = nearest(value, known) or f"; one of {', '.join(known)}"
            raise UsageError(f"{option} {value!r} is unknown{hint}")
