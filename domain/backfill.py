"""A backfill: articles of a time gone by, collected step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStep:
    """An address that was listed and whose articles are filed."""

    url: str
    listed: int = 0  # articles that stood there
    new: int = 0  # of them filed
    oldest: datetime | None = None  # by what the list and the pages say
    newest: datetime | None = None
    next_page: str | None = None
    is_fresh: bool = True  # False: everything there stood on an earlier page


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStanding:
    """How far the workers are with a backfill."""

    backfill_id: int
    is_finished: bool
    refusal: str  # why a worker left it; empty while there is no reason
    steps: int
    listed: int
    new: int
    oldest: datetime | None  # date of the oldest article listed


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRun:
    """One backfill of one source. ``is_resumed``: it was begun by an earlier call."""

    backfill_id: int
    source_id: str
    since: datetime
    until: datetime  # not in it
    is_resumed: bool = False
