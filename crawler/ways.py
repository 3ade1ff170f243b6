"""The ways into a source, and what one of them lists today."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from crawler.archives import address, has_days
from crawler.entries import Entry
from crawler.feeds import ParsedFeed
from crawler.fetching import Fetched, Fetcher, RefusedError
from crawler.jobs import Unreadable, read_archive, read_feed, read_section, read_sitemap
from crawler.ports import WorkerCrashError, Workers, WorkerTimeoutError
from crawler.settings import CrawlSettings
from crawler.sitemaps import MAX_CHILDREN, Child
from crawler.urls import host_of
from domain.health import Impostor
from domain.page import Page
from domain.source import Source, Validators, VisitOutcome

_MOST_ITEMS = 1000  # of a feed, whose hashes are kept


class Kind(StrEnum):
    """How a way lists articles."""

    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    ARCHIVE = "archive"  # a section page or a feed, by day or by page number


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One address that lists articles of a source."""

    kind: Kind
    url: str
    article_url: str = ""  # which links are articles; sections and archives need it
    hosts: frozenset[str] = (
        frozenset()
    )  # of the outlet: a section's links elsewhere are not its own

    def __str__(self) -> str:
        return f"{self.kind} {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a way listed."""

    way: Way
    outcome: VisitOutcome  # ok | not_modified | empty
    entries: tuple[Entry, ...] = ()
    listed: int = 0
    validators: Validators | None = None
    fresh_for: timedelta | None = None
    next_page: str | None = None  # where the list goes on
    others: tuple[Validators, ...] = ()  # of what stands behind it: the sitemaps of an index
    moved_to: str | None = None  # where permanent redirects lead
    page: Page | None = None  # the document as it came


def ways_of(source: Source, today: date) -> list[list[Way]]:
    """Return the ways into a source, in groups: a later group is for when an earlier fails.

    ``today`` is the day in Algiers; an archive by day is read of today and yesterday.
    """
    pattern = source.article_url or ""
    days = (today, today - timedelta(days=1))
    archives = [
        address(template, day) for template in source.archives if has_days(template) for day in days
    ]
    groups = (
        (Kind.FEED, source.feeds),
        (Kind.FEED, source.fallback_feeds),
        (Kind.SITEMAP, source.sitemaps),
        (Kind.SECTION, source.sections if pattern else ()),
        (Kind.ARCHIVE, dict.fromkeys(archives) if pattern else ()),
    )
    hosts = hosts_of(source)
    return [
        [Way(kind=kind, url=url, article_url=pattern, hosts=hosts) for url in urls]
        for kind, urls in groups
        if urls
    ]


def hosts_of(source: Source) -> frozenset[str]:
    """Return the hosts whose pages are the outlet's own, without ``www.``."""
    addresses = (source.url, *source.sections, *source.archives)
    return frozenset({*map(host_of, addresses), *source.domains} - {""})


class Reader:
    """Reads a way: asks conditionally, knows an unchanged body, parses in a worker."""

    def __init__(self, *, settings: CrawlSettings, fetcher: Fetcher, workers: Workers) -> None:
        self._settings = settings
        self._fetcher = fetcher
        self._workers = workers

    async def read(
        self,
        way: Way,
        known: Mapping[str, Validators],
        *,
        ask: bool,
        since: datetime | None = None,
        follow: bool = True,
    ) -> Listing:
        """Return what ``way`` lists. Raises RefusedError.

        ``known`` is what earlier visits kept, by address; with ``ask`` false the server is asked
        as if for the first time, and only the body's hash is compared. Of an index, a sitemap
        that is known and did not change from ``since`` on is not asked for; without
        ``follow`` none is.
        """
        mine = known.get(way.url)
        answer = await self._fetcher.fetch(
            way.url,
            max_bytes=self._settings.feed_max_bytes,
            validators=mine if ask else None,
        )
        if answer.is_not_modified or (mine is not None and mine.body_hash == _hash(answer)):
            return _unchanged(way, answer, mine)
        parsed = await self.parse(way, answer, mine.items if mine is not None else ())
        listing = _listing(way, answer, parsed)
        if parsed.children and follow:
            return await self._with_children(listing, parsed.children, known, ask, since)
        return listing

    async def _with_children(
        self,
        index: Listing,
        children: Sequence[Child],
        known: Mapping[str, Validators],
        ask: bool,
        since: datetime | None,
    ) -> Listing:
        """Return an index with what its sitemaps list.

        The index itself may stay as it is while they change: no validator of it tells. One
        sitemap that fails does not sink the others.
        """
        parts: list[Listing] = []
        kept: list[Validators] = []
        refusals: list[RefusedError] = []
        for child in children[:MAX_CHILDREN]:
            held = known.get(child.url)
            if held and since and child.changed and child.changed < since:
                kept.append(held)
                continue
            way = replace(index.way, url=child.url)
            try:
                parts.append(await self.read(way, known, ask=ask, follow=False))
            except RefusedError as error:
                refusals.append(error)
        if refusals and not parts and not kept:
            raise refusals[0]
        kept += [v for part in parts for v in (part.validators, *part.others) if v is not None]
        entries = tuple(entry for part in parts for entry in part.entries)
        outcomes = {part.outcome for part in parts} or {VisitOutcome.NOT_MODIFIED}
        return replace(
            index,
            outcome=best_outcome(outcomes),
            entries=entries,
            listed=sum(part.listed for part in parts),
            validators=None,
            others=tuple(kept),
        )

    async def parse(self, way: Way, answer: Fetched, known: tuple[str, ...]) -> ParsedFeed:
        """Read what a way answered, but for the items ``known``. Raises RefusedError."""
        try:
            if way.kind is Kind.SITEMAP:
                return await self._sitemap(way, answer)
            if way.kind in (Kind.SECTION, Kind.ARCHIVE):
                parsed = await self._workers.call(
                    read_section if way.kind is Kind.SECTION else read_archive,
                    answer.body,
                    answer.url,
                    way.article_url,
                    answer.content_type,
                    way.hosts,
                )
            else:
                parsed = await self._workers.call(
                    read_feed, answer.body, answer.url, answer.content_type, known
                )
        except WorkerTimeoutError:
            raise _refused(way, "the parser took too long", VisitOutcome.PARSE) from None
        except WorkerCrashError:
            raise _refused(way, "the parser crashed", VisitOutcome.PARSE) from None
        if isinstance(parsed, Unreadable):
            raise _refused(way, parsed.reason, VisitOutcome.NOT_A_FEED, parsed.impostor)
        return parsed

    async def _sitemap(self, way: Way, answer: Fetched) -> ParsedFeed:
        limit = self._settings.items_per_visit
        read = await self._workers.call(
            read_sitemap, answer.body, answer.url, answer.content_type, limit, way.article_url
        )
        if isinstance(read, Unreadable):
            raise _refused(way, read.reason, VisitOutcome.NOT_A_FEED, read.impostor)
        is_index = bool(read.children)
        return ParsedFeed(
            kind="sitemap index" if is_index else "sitemap",
            title="",
            entries=read.entries,
            listed=len(read.children) if is_index else read.listed,
            children=read.children,
        )


def best_outcome(outcomes: Collection[VisitOutcome]) -> VisitOutcome:
    """Return what several listings come to together: one that lists something is enough."""
    for outcome in (VisitOutcome.OK, VisitOutcome.NOT_MODIFIED):
        if outcome in outcomes:
            return outcome
    return VisitOutcome.EMPTY


def _hash(answer: Fetched) -> str:
    return hashlib.sha256(answer.body).hexdigest()


def _received(answer: Fetched) -> datetime | None:
    return answer.page.fetched_at if answer.page is not None else None


def _unchanged(way: Way, answer: Fetched, mine: Validators | None) -> Listing:
    """Return the listing of a way that says what it said before."""
    if mine is not None and mine.body_hash == _hash(answer):
        mine = replace(mine, received=_received(answer))
    return Listing(
        way=way,
        outcome=VisitOutcome.NOT_MODIFIED,
        validators=_awake(mine),
        fresh_for=answer.fresh_for,
        moved_to=answer.moved_to,
    )


def _listing(way: Way, answer: Fetched, parsed: ParsedFeed) -> Listing:
    """Return what was read; validators are kept only of an answer that is whole."""
    kept = Validators(
        url=way.url,
        body_hash=_hash(answer),
        received=_received(answer),
        items=parsed.items[:_MOST_ITEMS],
    )
    if answer.is_complete and not parsed.bozo:
        kept = replace(kept, etag=answer.etag, last_modified=answer.last_modified)
    return Listing(
        way=way,
        outcome=VisitOutcome.OK if parsed.listed else VisitOutcome.EMPTY,
        entries=parsed.entries,
        listed=parsed.listed,
        validators=kept,
        fresh_for=_longest(answer.fresh_for, parsed.ttl_seconds),
        next_page=parsed.next_page,
        moved_to=answer.moved_to,
        page=answer.page,
    )


def _awake(known: Validators | None) -> Validators | None:
    return replace(known, failures=0, rests_until=None) if known is not None else None


def _refused(
    way: Way, reason: str, outcome: VisitOutcome, impostor: Impostor | None = None
) -> RefusedError:
    return RefusedError(reason, url=way.url, outcome=outcome, impostor=impostor)


def _longest(header: timedelta | None, ttl_seconds: float | None) -> timedelta | None:
    ttl = timedelta(seconds=ttl_seconds) if ttl_seconds else None
    known = [span for span in (header, ttl) if span is not None]
    return max(known, default=None)
