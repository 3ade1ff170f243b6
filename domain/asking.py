"""Questions to the store, and the rows that answer them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.article import Article
from domain.match import Match
from domain.notice import DeliveryState, Mode
from domain.time import require_utc_where_given


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerm:
    """A word or phrase to seek, in every form that counts as the same."""

    source: str  # as typed
    phrases: tuple[tuple[str, ...], ...]  # alternatives of one length, of folded words
    is_prefix: bool = False  # the last word may go on


@dataclass(frozen=True, slots=True, kw_only=True)
class TextQuery:
    """A full-text search: every group must be found, by any of its terms."""

    source: str  # as typed
    groups: tuple[tuple[SearchTerm, ...], ...]  # at least one
    without: tuple[SearchTerm, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleQuery:
    """Which articles, hits or not. Found ones come by rank, the best first."""

    text: TextQuery
    since: datetime | None = None  # on coalesce(published_at, first_seen)
    until: datetime | None = None
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    limit: int | None = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """An article that a search found."""

    article_id: int
    title: str
    text: str
    url: str
    outlet: str
    language: str
    published_at: datetime | None
    first_seen: datetime
    rank: float  # higher is better; comparable within one answer only
    hit_id: int | None  # of its best hit


@dataclass(frozen=True, slots=True, kw_only=True)
class HitQuery:
    """Which hits. Empty tuples and None do not filter; values of one field are alternatives."""

    since: datetime | None = None  # on coalesce(published_at, matched_at)
    until: datetime | None = None
    partners: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    text: TextQuery | None = None  # words that title or text hold
    story_id: int | None = None
    hit_id: int | None = None
    before: int | None = None  # the id of a hit: only what comes after it in the order of answers
    limit: int | None = 50

    def __post_init__(self) -> None:
        require_utc_where_given(self, "since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRow:
    """A row of ``v_hits``, lists as tuples."""

    hit_id: int
    rule: str
    score: float
    matched_at: datetime
    published_at: datetime | None
    outlet: str
    language: str
    country: str
    title: str
    url: str
    partners: tuple[str, ...]
    activities: tuple[str, ...]
    persons: tuple[str, ...]
    organisations: tuple[str, ...]
    story_id: int | None
    snippet: str
    alerted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHit:
    """A hit with all that decides who is told of it."""

    hit_id: int
    article_id: int
    story_id: int | None
    article: Article
    match: Match
    tags: tuple[str, ...]  # of its source


UNSENT = (DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxQuery:
    """Which rows of the outbox. Empty tuples and None do not filter."""

    states: tuple[DeliveryState, ...] = UNSENT
    ids: tuple[int, ...] = ()
    channel: str | None = None
    mode: Mode | None = None
    route: str | None = None
    story_id: int | None = None
    article_id: int | None = None
    since: datetime | None = None  # on created_at
    limit: int | None = None
