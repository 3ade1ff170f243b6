"""The ways into a source, and what one of them lists today."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from crawler.entries import Entry
from crawler.feeds import ParsedFeed
from crawler.fetching import Fetched, Fetcher, RefusedError
from crawler.jobs import Unreadable, read_feed, read_section, read_sitemap
from crawler.ports import WorkerCrashError, Workers, WorkerTimeoutError
from crawler.settings import CrawlSettings
from crawler.sitemaps import Sitemap
from domain.health import Impostor
from domain.page import Page
from domain.source import Source, Validators, VisitOutcome

_MOST_ITEMS = 1000  # of a feed, whose hashes are kept
_INDEX = "sitemap index"  # stays as it is while its children change: no validator tells


class Kind(StrEnum):
    """How a way lists articles."""

    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One address that lists articles of a source."""

    kind: Kind
    url: str
    article_url: str = ""  # of a section: which links are articles

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
    moved_to: str | None = None  # where permanent redirects lead
    page: Page | None = None  # the document as it came


def ways_of(source: Source) -> list[list[Way]]:
    """Return the ways into a source, in groups: a later group is for when an earlier fails."""
    sections = [
        Way(kind=Kind.SECTION, url=url, article_url=source.article_url)
        for url in source.sections
        if source.article_url
    ]
    groups = [
        [Way(kind=Kind.FEED, url=url) for url in source.feeds],
        [Way(kind=Kind.SITEMAP, url=url) for url in source.sitemaps],
        sections,
    ]
    return [group for group in groups if group]


class Reader:
    """Reads a way: asks conditionally, knows an unchanged body, parses in a worker."""

    def __init__(self, *, settings: CrawlSettings, fetcher: Fetcher, workers: Workers) -> None:
        self._settings = settings
        self._fetcher = fetcher
        self._workers = workers

    async def read(self, way: Way, known: Validators | None, *, ask: bool) -> Listing:
        """Return what ``way`` lists. Raises RefusedError.

        ``known`` is what the last visit kept; with ``ask`` false the server is asked as if
        for the first time, and only the body's hash is compared.
        """
        answer = await self._fetcher.fetch(
            way.url,
            max_bytes=self._settings.feed_max_bytes,
            validators=known if ask else None,
        )
        digest = hashlib.sha256(answer.body).hexdigest()
        now = answer.page.fetched_at if answer.page is not None else None
        is_same = known is not None and known.body_hash == digest
        if answer.is_not_modified or is_same:
            return Listing(
                way=way,
                outcome=VisitOutcome.NOT_MODIFIED,
                validators=replace(known, received=now) if known and is_same else known,
                fresh_for=answer.fresh_for,
                moved_to=answer.moved_to,
            )
        parsed = await self._parse(way, answer, known.items if known is not None else ())
        kept: Validators | None = Validators(
            url=way.url, body_hash=digest, received=now, items=parsed.items[:_MOST_ITEMS]
        )
        if parsed.kind == _INDEX:
            kept = None
        elif kept and answer.is_complete and not parsed.bozo:
            kept = replace(kept, etag=answer.etag, last_modified=answer.last_modified)
        return Listing(
            way=way,
            outcome=VisitOutcome.OK if parsed.listed else VisitOutcome.EMPTY,
            entries=parsed.entries,
            listed=parsed.listed,
            validators=kept,
            fresh_for=_longest(answer.fresh_for, parsed.ttl_seconds),
            moved_to=answer.moved_to,
            page=answer.page,
        )

    async def _parse(self, way: Way, answer: Fetched, known: tuple[str, ...]) -> ParsedFeed:
        try:
            if way.kind is Kind.SITEMAP:
                return await self._sitemap(way, answer)
            if way.kind is Kind.SECTION:
                parsed = await self._workers.call(
                    read_section, answer.body, answer.url, way.article_url, answer.content_type
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
        sitemap = await self._read_sitemap(way, answer)
        entries, listed = list(sitemap.entries), sitemap.listed
        for child in sitemap.children:
            page = await self._fetcher.fetch(child, max_bytes=self._settings.feed_max_bytes)
            part = await self._read_sitemap(way, page)
            entries.extend(part.entries)
            listed += part.listed
        kind = _INDEX if sitemap.children else "sitemap"
        return ParsedFeed(kind=kind, title="", entries=tuple(entries), listed=listed)

    async def _read_sitemap(self, way: Way, answer: Fetched) -> Sitemap:
        limit = self._settings.items_per_visit
        read = await self._workers.call(
            read_sitemap, answer.body, answer.url, answer.content_type, limit
        )
        if isinstance(read, Unreadable):
            raise _refused(way, read.reason, VisitOutcome.NOT_A_FEED, read.impostor)
        return read


def _refused(
    way: Way, reason: str, outcome: VisitOutcome, impostor: Impostor | None = None
) -> RefusedError:
    return RefusedError(reason, url=way.url, outcome=outcome, impostor=impostor)


def _longest(header: timedelta | None, ttl_seconds: float | None) -> timedelta | None:
    ttl = timedelta(seconds=ttl_seconds) if ttl_seconds else None
    known = [span for span in (header, ttl) if span is not None]
    return max(known, default=None)
