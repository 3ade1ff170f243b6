"""Back in time: every page on which an outlet lists its old articles, one step after another.

A step is one address: a sitemap, an archive's day or page, a page of a section. What came of each
is kept when its articles are filed, so that a backfill that was stopped goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from crawler.archives import address, has_days, has_pages
from crawler.articles import Candidate, candidates, from_feed
from crawler.dates import local_day
from crawler.entries import Entry
from crawler.feeds import ParsedFeed
from crawler.fetching import Fetcher, RefusedError
from crawler.page_reading import ArticleReader
from crawler.ports import Desk
from crawler.turning import usual_next_page
from crawler.ways import Kind, Reader, Way, hosts_of
from domain.article import Article
from domain.backfill import BackfillStep
from domain.errors import FeedError
from domain.source import Source

_MOST_PAGES = 10_000  # of one section or archive; a circle ends sooner
_FOLLOWED = 3  # pages behind an archive's day
_CLOCKS_DIFFER = timedelta(days=1)  # and some dates are dates only
_log = logging.getLogger(__name__)


class StepShelf(Protocol):
    """Remembers the steps of one backfill."""

    async def steps(self) -> Mapping[str, BackfillStep]:
        """Return the steps that are done, by address."""

    async def keep(self, step: BackfillStep) -> None:
        """Keep a step that is done."""


class BackfillWatcher(Protocol):
    """Is told how a backfill gets on."""

    def listed(self, url: str, articles: int) -> None:
        """A step lists that many articles that are to be read."""

    def read(self) -> None:
        """One of them is read."""

    def done(self, step: BackfillStep, share: float) -> None:
        """A step is done; ``share`` of the way back is behind us, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time whose articles are wanted; ``until`` is not in it."""

    since: datetime
    until: datetime

    def share(self, moment: datetime) -> float:
        """Return how much of the way from ``until`` back to ``since`` lies behind ``moment``."""
        whole = (self.until - self.since).total_seconds()
        gone = (self.until - moment).total_seconds()
        return min(max(gone / whole, 0.0), 1.0) if whole > 0 else 1.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a backfill came to."""

    steps: int = 0
    listed: int = 0
    new: int = 0
    failed: int = 0  # articles whose page could not be read
    oldest: datetime | None = None  # date of the oldest article seen
    is_whole: bool = True  # False: a server asked to be left alone, the rest is for another time
    is_reached: bool = False  # the walk came to the beginning of the span
    refusals: list[str] = field(default_factory=list)  # a line each

    def add(self, step: BackfillStep) -> None:
        """Count a step, done now or before."""
        self.steps += 1
        self.listed += step.listed
        self.new += step.new
        dates = [date for date in (self.oldest, step.oldest) if date is not None]
        self.oldest = min(dates, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An address to be listed. ``share`` of the way back lies behind it, where that is known."""

    way: Way
    share: float | None = None


class NoArchiveError(FeedError):
    """The outlet has nothing that goes back in time."""


class Backfill:
    """Walks a source's archives, sitemaps and sections, newest first, until one goes far enough."""

    def __init__(
        self,
        source: Source,
        span: Span,
        *,
        reader: Reader,
        fetcher: Fetcher,
        articles: ArticleReader,
        desk: Desk,
        shelf: StepShelf,
        watcher: BackfillWatcher,
        clock: Callable[[], datetime],
        max_bytes: int,
    ) -> None:
        self._source = source
        self._span = span
        self._reader = reader
        self._fetcher = fetcher
        self._articles = articles
        self._desk = desk
        self._shelf = shelf
        self._watcher = watcher
        self._clock = clock
        self._max_bytes = max_bytes
        self._done: dict[str, BackfillStep] = {}
        self._walked: set[str] = set()
        self._seen: set[str] = set()  # links
        self._dates: list[datetime] = []  # of what the present step lists and reads
        self._new = 0
        self._share = 0.0
        self._tally = Tally()

    async def run(self, named: Sequence[str] = ()) -> Tally:
        """Walk; ``named`` are the sitemaps that robots.txt names. Raises NoArchiveError."""
        self._done = dict(await self._shelf.steps())
        source = self._source
        pattern = source.article_url or ""
        walks = [self._archive(template) for template in source.archives if pattern]
        sitemaps = dict.fromkeys((*source.sitemaps, *named))
        walks += [self._sitemap(self._way(Kind.SITEMAP, url)) for url in sitemaps]
        walks += [self._section(url) for url in (source.sections if pattern else ())]
        if not walks:
            raise NoArchiveError(
                "no archive, sitemap or section page is known that goes back in time; name one in"
                " config.yaml",
                url=source.url,
            )
        for walk in walks:
            if self._tally.is_reached or self._articles.wait is not None:
                walk.close()
            else:
                await walk
        self._tally.failed = self._articles.failed
        self._tally.is_whole = self._articles.wait is None
        if not self._tally.steps:
            raise NoArchiveError("; ".join(self._tally.refusals)[:500], url=source.url)
        return self._tally

    def _way(self, kind: Kind, url: str) -> Way:
        pattern = self._source.article_url or ""
        return Way(kind=kind, url=url, article_url=pattern, hosts=hosts_of(self._source))

    async def _archive(self, template: str) -> None:
        if not has_days(template):
            today = local_day(self._span.until)
            await self._pages(lambda n: address(template, today, n), Kind.ARCHIVE)
            return
        day, last = local_day(self._span.until), local_day(self._span.since)
        span = max((day - last).days, 1)
        failures = 0
        for number in range(span + 1):
            url = address(template, day - timedelta(days=number))
            step = await self._take(Step(way=self._way(Kind.ARCHIVE, url), share=number / span))
            failures = failures + 1 if step is None else 0
            if self._articles.wait is not None or (failures > 3 and failures > number):
                return  # not one of the first days answers: it is no archive
            await self._behind(step, has_pages=has_pages(template))
        self._tally.is_reached = True

    async def _behind(self, step: BackfillStep | None, *, has_pages: bool) -> None:
        """Follow the pages behind an archive's day."""
        for _ in range(0 if has_pages else _FOLLOWED):
            if step is None or not step.next_page or step.next_page in self._walked:
                return
            step = await self._take(Step(way=self._way(Kind.ARCHIVE, step.next_page)))

    async def _section(self, url: str) -> None:
        here, is_first = url, True
        for _ in range(_MOST_PAGES):
            step = await self._take(Step(way=self._way(Kind.SECTION, here)))
            if step is None or self._is_at_end(step, is_first=is_first):
                return
            is_first = False
            here = step.next_page or usual_next_page(url, here, self._source.family) or ""
            if not here or here in self._walked:
                return

    async def _pages(self, place: Callable[[int], str], kind: Kind) -> None:
        for number in range(1, _MOST_PAGES):
            step = await self._take(Step(way=self._way(kind, place(number))))
            if step is None or self._is_at_end(step, is_first=number == 1):
                return

    def _is_at_end(self, step: BackfillStep, *, is_first: bool) -> bool:
        """Whether nothing that is wanted stands behind a page."""
        if step.newest is not None and step.newest < self._span.since:
            self._tally.is_reached = True
            return True
        return not step.is_fresh and not is_first

    async def _sitemap(self, way: Way, *, is_child: bool = False) -> None:
        if way.url in self._walked:
            return
        step = await self._take(Step(way=way), follow=not is_child)
        if step is not None and step.oldest is not None and step.oldest < self._span.since:
            self._tally.is_reached = True

    async def _take(self, step: Step, *, follow: bool = True) -> BackfillStep | None:
        """Do a step, unless it is done; None when its address gave nothing."""
        url = step.way.url
        self._walked.add(url)
        held = self._done.get(url)
        if held is not None:
            self._tally.add(held)
            return held
        try:
            parsed = await self._list(step.way)
        except RefusedError as error:
            _log.info("%s: %s", step.way, error)
            self._tally.refusals.append(f"{step.way}: {error}")
            if error.wait is not None:
                self._articles.wait = error.wait
            return None
        if parsed.children and follow:
            return await self._children(step.way, parsed)
        return await self._read(step, parsed)

    async def _list(self, way: Way) -> ParsedFeed:
        answer = await self._fetcher.fetch(way.url, max_bytes=self._max_bytes)
        return await self._reader.parse(way, answer, ())

    async def _children(self, way: Way, index: ParsedFeed) -> BackfillStep:
        """Walk the sitemaps of an index, those that may hold what is wanted."""
        wanted = [c for c in index.children if c.changed is None or c.changed >= self._span.since]
        if len(wanted) < len(index.children):
            self._tally.is_reached = True  # what is older was left out
        for number, child in enumerate(wanted):
            self._share = max(self._share, number / len(wanted))
            await self._sitemap(replace(way, url=child.url), is_child=True)
            if self._articles.wait is not None:
                break
        return BackfillStep(url=way.url, listed=len(index.children))

    async def _read(self, step: Step, parsed: ParsedFeed) -> BackfillStep | None:
        fresh = [entry for entry in parsed.entries if entry.link not in self._seen]
        self._seen |= {entry.link for entry in fresh}
        wanted = await self._unseen(fresh)
        self._watcher.listed(step.way.url, len(wanted))
        before = self._new
        self._dates = [e.published_at for e in parsed.entries if e.published_at is not None]
        await self._read_articles(wanted)
        if self._articles.wait is not None:
            return None  # not done: it is for another time
        done = BackfillStep(
            url=step.way.url,
            listed=len(parsed.entries),
            new=self._new - before,
            oldest=min(self._dates, default=None),
            newest=max(self._dates, default=None),
            next_page=parsed.next_page,
            is_fresh=bool(fresh),
        )
        await self._shelf.keep(done)
        self._tally.add(done)
        self._watcher.done(done, self._behind_us(step, done))
        return done

    async def _read_articles(self, wanted: Sequence[Candidate]) -> None:
        for candidate in wanted:
            if candidate.entry.text:  # the list holds it whole
                await self._file(from_feed(candidate, self._source, self._clock()))
        pages = [candidate for candidate in wanted if not candidate.entry.text]
        last = await self._articles.read_all(pages, self._file)
        if last is not None:
            await self._file(last)

    def _behind_us(self, step: Step, done: BackfillStep) -> float:
        if step.share is not None:
            self._share = max(self._share, step.share)
        elif done.oldest is not None and step.way.kind is not Kind.SITEMAP:
            self._share = max(self._share, self._span.share(done.oldest))
        return self._share

    async def _unseen(self, entries: Iterable[Entry]) -> list[Candidate]:
        """Return what is to be read: of the span as far as the list tells, and not stored."""
        found = [c for c in candidates(tuple(entries), self._source) if self._may_be(c.entry)]
        unseen = await self._desk.unseen([c.url for c in found])
        return [candidate for candidate in found if candidate.url in unseen]

    def _may_be(self, entry: Entry) -> bool:
        date = entry.published_at
        if date is None:
            return True
        if entry.is_dated_by_change:
            return date >= self._span.since - _CLOCKS_DIFFER
        return self._span.since - _CLOCKS_DIFFER <= date < self._span.until + _CLOCKS_DIFFER

    async def _file(self, article: Article) -> None:
        self._watcher.read()
        date = article.published_at
        if date is not None:
            self._dates.append(date)
        if date is None or self._span.since <= date < self._span.until:
            self._new += await self._desk.file([article], None)
