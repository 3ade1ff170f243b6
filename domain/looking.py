"""What the page shows: rows gathered from several tables, for people to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.asking import HitRow
from domain.notice import Notice
from domain.page import Archived
from domain.time import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much the store holds."""

    articles: int
    hits: int
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the store stands at a moment."""

    sources: Mapping[str, int]  # by state
    deliveries: Mapping[str, int]  # by state
    waiting_since: datetime | None  # since when the oldest delivery that is due waits
    last_success: datetime | None  # of any source
    last_article: datetime | None
    last_hit: datetime | None
    oldest_due: datetime | None  # next_due of the source that waits longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A fact of a hit with its words for people."""

    kind: str  # partner, activity, person, ..., date
    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HitPage:
    """One hit with all that proves it."""

    row: HitRow
    outlet: str  # the source's name
    notice: Notice  # of its article: text, and the matches of every rule that holds
    labels: tuple[Label, ...]
    threshold: float
    rule_version: str
    first_seen: datetime
    authors: tuple[str, ...]
    note: str  # what is to be said of how the text was had; empty mostly
    archived: Archived | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One hit article of a story, as far as a list needs it."""

    hit_id: int  # of its best hit
    article_id: int
    outlet: str  # id of the source
    language: str
    title: str
    url: str
    score: float
    at: datetime  # published, else found
    partners: tuple[str, ...]
    activities: tuple[str, ...]
    persons: tuple[str, ...]
    organisations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story with all its articles, and the one that proves it best."""

    story_id: int
    title: str
    first_seen: datetime
    last_seen: datetime
    tellings: tuple[Telling, ...]  # the earliest first; at least one
    best: Telling
    notice: Notice  # of the best one
    newest_hit: int
    acknowledged_by: str | None = None  # who looks after it; None: nobody said so
    acknowledged_at: datetime | None = None

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who told it, the first one first."""
        return tuple(dict.fromkeys(telling.outlet for telling in self.tellings))

    @property
    def languages(self) -> tuple[str, ...]:
        """In which languages, the first one first."""
        return tuple(dict.fromkeys(telling.language for telling in self.tellings))

    @property
    def partners(self) -> tuple[str, ...]:
        """All that any article names as partners, the best article's first."""
        return self._all("partners")

    @property
    def activities(self) -> tuple[str, ...]:
        """All that any article reports as done."""
        return self._all("activities")

    def _all(self, name: str) -> tuple[str, ...]:
        ordered = (self.best, *self.tellings)
        return tuple(dict.fromkeys(v for telling in ordered for v in getattr(telling, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source and how it fares, in the figures of ``v_sources``."""

    source_id: str
    name: str
    url: str
    language: str
    articles_7d: int
    hits_7d: int
    daily: tuple[int, ...]  # articles of each of the last days, the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many hits a pair of values has."""

    row: str
    column: str
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstReport:
    """How often an outlet was the first of several to tell a story."""

    outlet: str
    first: int
    stories: int  # that it shared with others


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What hits of a span of time say together."""

    since: datetime
    until: datetime
    hits: int
    months: tuple[Count, ...]  # row: month as 2026-03, column: partner
    activities: tuple[Count, ...]  # row: activity, column: language
    outlets: tuple[Count, ...]  # row: outlet, column: language
    matrix: tuple[Count, ...]  # row: partner, column: activity
    first: tuple[FirstReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an analyst says of a hit: right or wrong. The last one of a hit counts."""

    article_id: int
    rule: str
    is_right: bool
    note: str
    made_by: str
    at: datetime

    def __post_init__(self) -> None:
        require_utc(self.at, "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedArticle:
    """A judgement with its article and what the rule said of it."""

    judgement: Judgement
    hit_id: int
    title: str
    text: str
    language: str
    url: str
    published_at: datetime | None
    partners: tuple[str, ...]
    activities: tuple[str, ...]
