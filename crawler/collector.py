"""The crawler's front door: give it sources that are due, it files what they publish."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from random import Random
from typing import Any, TypeVar
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerRunner

from crawler.addresses import GuardedResolver, Lookup
from crawler.backfilling import Backfill, BackfillWatcher, Span, StepShelf, Tally
from crawler.discovery import Look
from crawler.extraction import PageText
from crawler.fetching import Fetched, ScrapyFetcher
from crawler.jobs import Unreadable, look_at, read_page
from crawler.page_reading import ArticleReader
from crawler.ports import (
    Desk,
    HoldShelf,
    Judge,
    RobotsShelf,
    Turns,
    WorkerCrashError,
    Workers,
    WorkerTimeoutError,
    no_step,
)
from crawler.prospecting import Prospect, Prospector
from crawler.reactor import current_reactor, install_reactor
from crawler.robots import RobotsGate
from crawler.scrapy_settings import FewSignals, scrapy_settings
from crawler.settings import CrawlSettings
from crawler.sitemaps import MOST_URLS
from crawler.spider import PressSpider
from crawler.urls import bare_host
from crawler.visit import Tools, Visit
from crawler.ways import Reader
from domain.errors import ExtractionError
from domain.source import FetchState, Source, VisitReport

R = TypeVar("R")
_log = logging.getLogger(__name__)


class NotOpenError(RuntimeError):
    """The collector takes no visit: it has not started, or it stops."""


class Collector:
    """Visits sources through one long-lived Scrapy crawl on the running asyncio loop.

    ``clock`` gives aware UTC datetimes; ``lookup`` replaces the system's name resolution in
    tests. One collector at a time a process.
    """

    def __init__(
        self,
        settings: CrawlSettings,
        desk: Desk,
        workers: Workers,
        shelf: RobotsShelf,
        clock: Callable[[], datetime],
        *,
        rng: Random | None = None,
        lookup: Lookup | None = None,
        holds: HoldShelf | None = None,
        turns: Turns | None = None,
        judge: Judge | None = None,
        failpoint: Callable[[str], None] = no_step,
    ) -> None:
        self._failpoint = failpoint
        self._turns = turns
        self._judge = judge
        self._holds = holds
        self._settings = settings
        self._desk = desk
        self._workers = workers
        self._shelf = shelf
        self._clock = clock
        self._rng = rng or Random()  # noqa: S311 - spreads visits, guards nothing
        self._lookup = lookup
        self._visits: dict[str, asyncio.Task[VisitReport]] = {}
        self._owners: dict[str, set[str]] = defaultdict(set)  # by address, of sources seen so far
        self._places = asyncio.Semaphore(settings.concurrency)
        self._runner: AsyncCrawlerRunner | None = None
        self._is_open = False
        self._at_work: set[str] = set()

    async def start(self) -> None:
        """Open the crawl. Raises RuntimeError when Twisted is otherwise engaged."""
        install_reactor()
        self._resolver = GuardedResolver(
            allow_private=self._settings.allow_private_networks,
            timeout=self._settings.connect_timeout.total_seconds(),
            lookup=self._lookup,
        )
        # Scrapy's runner, unlike its process, never installs the resolver that it is told of.
        self._former_resolver = current_reactor().installNameResolver(self._resolver)
        fetcher = ScrapyFetcher(
            resolver=self._resolver,
            clock=self._clock,
            holds=self._holds,
            failpoint=self._failpoint,
        )
        await fetcher.recall()
        gate = RobotsGate(
            user_agent=self._settings.user_agent,
            shelf=self._shelf,
            download=fetcher.robots,
            clock=self._clock,
        )
        self._gate = gate
        await self._open_crawl(fetcher, gate)
        self._tools = Tools(
            settings=self._settings,
            fetcher=fetcher,
            desk=self._desk,
            workers=self._workers,
            clock=self._clock,
            rng=self._rng,
            judge=self._judge,
        )
        self._is_open = True

    async def _open_crawl(self, fetcher: ScrapyFetcher, gate: RobotsGate) -> None:
        self._runner = AsyncCrawlerRunner(scrapy_settings(self._settings))
        crawler = self._runner.create_crawler(PressSpider)
        crawler.signals = FewSignals(crawler)
        self._crawl = self._runner.crawl(crawler, gate=gate, turns=self._turns)
        spider: Any = None
        while spider is None:
            await asyncio.sleep(0)
            spider = crawler.spider
            if self._crawl.done():
                self._crawl.result()
        opened = asyncio.ensure_future(spider.is_open.wait())
        await asyncio.wait({opened, self._crawl}, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            opened.cancel()
            self._crawl.result()
            raise RuntimeError("the crawl did not open")
        fetcher.spider, fetcher.crawl = spider, self._crawl
        self._spider: PressSpider = spider

    def submit(self, source: Source, state: FetchState) -> bool:
        """Begin a visit of ``source``. Returns False when it is being visited already."""
        if not self._is_open:
            raise NotOpenError("the collector is not open")
        if source.id in self._visits:
            return False
        self._exempt(source)
        for address in (*source.feeds, *source.sitemaps, *source.sections):
            self._owners[address].add(source.id)
        visit = asyncio.create_task(self._visit(source, state), name=f"visit {source.id}")
        self._visits[source.id] = visit
        visit.add_done_callback(lambda _: self._visits.pop(source.id, None))
        return True

    def _exempt(self, source: Source) -> None:
        """Stop checking the certificates of a source's hosts, if its entry says so."""
        if source.verify_certificate:
            return
        ways = (*source.feeds, *source.fallback_feeds, *source.sitemaps, *source.sections)
        hosts = {bare_host(urlsplit(url).hostname or "") for url in (source.url, *ways)}
        new = {*hosts, *source.domains} - self._spider.unverified
        if new:
            self._spider.unverified |= new
            named = ", ".join(sorted(new))
            _log.warning("%s: certificates are NOT checked for %s", source.id, named)

    async def visit(self, source: Source, state: FetchState) -> VisitReport:
        """Visit ``source`` now. Raises LeaseLostError when its host was taken over meanwhile."""
        await self._tools.fetcher.recall()  # what other programs were asked to leave alone
        self.submit(source, state)
        return await asyncio.shield(self._visits[source.id])

    async def _visit(self, source: Source, state: FetchState) -> VisitReport:
        async with self._places:
            self._at_work.add(source.id)
            others = _OfOthers(self._owners, source.id)
            visit = Visit(source, state, self._tools, taken=others)
            try:
                report = await visit.run()
            finally:
                self._at_work.discard(source.id)
        _log.info(
            "%s: %s, %d entries, %d new%s",
            source.id,
            report.outcome,
            report.entries,
            report.new_articles,
            f" ({report.reason})" if report.reason else "",
        )
        return report

    async def fetch_page(self, url: str) -> PageText:
        """Fetch one page, as politely as in a visit, and return its article.

        Raises FetchError or ExtractionError.
        """
        answer = await self._fetch(url)
        page = await self._read(read_page, answer)
        if isinstance(page, Unreadable):
            raise ExtractionError(page.reason, url=url)
        return page

    async def prospect(self, url: str) -> Prospect:
        """Return the best way into the outlet of ``url``, read once. Raises CrawlError."""
        tools = self._tools
        reader = Reader(settings=tools.settings, fetcher=tools.fetcher, workers=tools.workers)
        scout = Prospector(reader=reader, looks=self._look, sitemaps=self._gate.sitemaps)
        async with self._places:
            return await scout.prospect(url)

    async def backfill(
        self,
        source: Source,
        span: Span,
        shelf: StepShelf,
        watcher: BackfillWatcher,
        desk: Desk | None = None,
    ) -> Tally:
        """Collect the articles of a time gone by. Raises NoArchiveError where none is kept.

        ``desk`` takes them in the place of the collector's own. What the shelf raises when it
        keeps a step ends the walk there.
        """
        self._exempt(source)
        tools, settings = self._tools, self._settings
        whole = settings.model_copy(update={"items_per_visit": MOST_URLS})
        articles = ArticleReader(
            source,
            tools.fetcher,
            tools.workers,
            tools.clock,
            page_max_bytes=settings.page_max_bytes,
            judge=tools.judge,
        )
        walk = Backfill(
            source,
            span,
            reader=Reader(settings=whole, fetcher=tools.fetcher, workers=tools.workers),
            fetcher=tools.fetcher,
            articles=articles,
            desk=desk or self._desk,
            shelf=shelf,
            watcher=watcher,
            clock=tools.clock,
            max_bytes=settings.feed_max_bytes,
        )
        async with self._places:
            return await walk.run(await self._gate.sitemaps(source.url))

    async def _look(self, url: str) -> tuple[str, Look]:
        limit = max(self._settings.page_max_bytes, self._settings.feed_max_bytes)
        answer = await self._tools.fetcher.fetch(url, max_bytes=limit)
        found = await self._read(look_at, answer)
        if isinstance(found, Unreadable):
            raise ExtractionError(found.reason, url=url)
        return answer.url, found

    async def _fetch(self, url: str) -> Fetched:
        if not self._is_open:
            raise NotOpenError("the collector is not open")
        async with self._places:
            limit = max(self._settings.page_max_bytes, self._settings.feed_max_bytes)
            return await self._tools.fetcher.fetch(url, max_bytes=limit)

    async def _read(self, job: Callable[[bytes, str, str], R], answer: Fetched) -> R:
        try:
            return await self._workers.call(job, answer.body, answer.url, answer.content_type)
        except WorkerTimeoutError:
            raise ExtractionError("the parser took too long", url=answer.url) from None
        except WorkerCrashError:
            raise ExtractionError("the parser crashed", url=answer.url) from None

    @property
    def visiting(self) -> frozenset[str]:
        """The ids of the sources that are being visited or wait for their turn."""
        return frozenset(self._visits)

    @property
    def at_work(self) -> Collection[str]:
        """The ids of the sources that are being visited, those that wait left out."""
        return frozenset(self._at_work)

    async def drain(self) -> None:
        """Wait until no visit is left."""
        while self._visits:
            await asyncio.wait(set(self._visits.values()))

    async def stop(self, timeout: float) -> None:
        """End visits, then the crawl, within ``timeout`` seconds.

        A visit that is cut leaves its source's state as it was: it is made again in full,
        and what it filed already is not filed twice. A commit that runs is not torn.
        """
        if self._runner is None:
            return
        self._is_open = False
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        for visit in self._visits.values():
            visit.cancel()
        if self._visits:
            await asyncio.wait(set(self._visits.values()), timeout=timeout / 2)
        self._spider.abort()
        runner, self._runner = self._runner, None
        try:
            async with asyncio.timeout_at(deadline):
                await runner.stop()
                await asyncio.wait({self._crawl})
        except TimeoutError:
            _log.warning("the crawl did not close in %g s and is left behind", timeout)
        finally:
            current_reactor().installNameResolver(self._former_resolver)
            self._resolver.close()


class _OfOthers:
    """The addresses of every source but one. Looked up, not gathered: there may be thousands."""

    def __init__(self, owners: Mapping[str, Collection[str]], source_id: str) -> None:
        self._owners = owners
        self._source_id = source_id

    def __contains__(self, address: object) -> bool:
        owners = self._owners.get(address, ()) if isinstance(address, str) else ()
        return any(owner != self._source_id for owner in owners)
