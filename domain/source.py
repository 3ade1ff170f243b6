"""A source: an outlet and the ways into it, and what is remembered between two visits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.health import Health, WayHealth
from domain.rhythm import Rhythm
from domain.time import require_utc, require_utc_where_given


class Confidence(StrEnum):
    """How sure it is that an outlet can be read at its best address."""

    HIGH = "high"  # somebody was seen to read it there, with a date
    MEDIUM = "medium"  # many use the address, nobody wrote down that it answers
    LOW = "low"  # the address was mentioned once or is the usual one of its engine
    NONE = "none"  # known by name only


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """An outlet's name as its readers write it, where it differs from ``Source.name``."""

    fr: str = ""
    ar: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """CSS selectors of the parts of an article's page. Empty: nothing is known."""

    text: str = ""  # every element that it finds, in page order
    title: str = ""
    author: str = ""
    date: str = ""
    section: str = ""
    drop: tuple[str, ...] = ()  # never a part of the article


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An outlet as configured. ``id`` is stable for years; addresses may change."""

    id: str
    name: str
    url: str
    language: (
        str  # fr | ar | en: what the outlet mostly writes; an article's own is judged from its text
    )
    country: str  # ISO 3166-1 alpha-2 of the outlet
    tags: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()  # index pages to read for links
    article_url: str | None = None  # regular expression: which links of a section are articles
    fallback_feeds: tuple[str, ...] = ()  # the same articles again: read when no feed answers
    archives: tuple[str, ...] = ()  # address templates by date or page number: crawler.archives
    domains: tuple[str, ...] = ()  # every host it ever had, with the same paths; without www.
    languages: tuple[str, ...] = ()  # all that it writes, the main one among them
    names: Names = field(default_factory=Names)
    confidence: Confidence = Confidence.HIGH  # an operator's own source is one he has looked at
    family: str = ""  # id of its publishing system: crawler.families
    selectors: Selectors = field(default_factory=Selectors)
    verify_certificate: bool = True  # False: its hosts may be anybody's who sits in between


class VisitOutcome(StrEnum):
    """How a visit of a source ended. Success is ``ok``, ``not_modified`` and ``empty``."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    EMPTY = "empty"  # a valid feed without entries
    NETWORK = "network"  # DNS, connect, TLS, time-out, truncated body
    HTTP = "http"  # a status that is no success
    ROBOTS = "robots"  # robots.txt forbids it
    NOT_A_FEED = "not_a_feed"  # HTML or junk where a feed was
    PARSE = "parse"  # the parser gave up, hung or crashed
    NO_WAY_IN = "no_way_in"  # no feed, sitemap or section that this version can read
    ERROR = "error"  # a fault of marsad's own, logged with its traceback; the store was away

    @property
    def is_success(self) -> bool:
        """Whether the source answered as it should."""
        return self in (VisitOutcome.OK, VisitOutcome.NOT_MODIFIED, VisitOutcome.EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What is remembered of one way into a source: how to ask again, and how it fares.

    Some servers answer 304 wrongly or repeat validators over a changed body, and others
    send none: ``body_hash`` (SHA-256, hex) tells an unchanged body without them.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failures: int = 0  # in a row, while another way answered
    rests_until: datetime | None = None  # not tried before, as long as another way answers
    received: datetime | None = None  # when a body last came, not a "not modified"
    items: tuple[str, ...] = ()  # hashes of the items of a feed, which need no second reading

    def __post_init__(self) -> None:
        require_utc_where_given(self, "received")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What is remembered of a source between two visits."""

    source_id: str
    next_due: datetime
    last_visit: datetime | None = None
    last_success: datetime | None = None
    last_article: datetime | None = None  # first_seen of the newest article
    failures: int = 0  # in a row
    outcome: VisitOutcome | None = None  # of the last visit; None before the first
    reason: str = ""  # why, in one line; empty on success
    interval_seconds: float | None = None  # the adaptive pace; None before the first visit
    validators: tuple[Validators, ...] = field(default=())
    rhythm: Rhythm | None = None  # None before the first success
    health: Health | None = None  # None before the first visit
    ways: tuple[WayHealth, ...] = ()  # of those that were read at least once

    def __post_init__(self) -> None:
        require_utc(self.next_due, "next_due")
        require_utc_where_given(self, "last_visit", "last_success", "last_article")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport:
    """The end of one visit: what the source's row becomes, and what to tell the operator."""

    source_id: str
    outcome: VisitOutcome
    reason: str  # one line; empty on success
    started: datetime
    finished: datetime
    entries: int = 0  # entries the feed listed
    new_articles: int = 0
    failed_pages: int = 0  # articles filed from the feed's summary because their page failed
    state: FetchState | None = None
