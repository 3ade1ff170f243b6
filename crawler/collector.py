"""The crawler's front door: give it sources that are due, it files what they publish."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from scrapy.crawler import AsyncCrawlerRunner

from crawler.addresses import GuardedResolver, Lookup
from crawler.extraction import PageText
from crawler.fetching import Fetched, ScrapyFetcher
from crawler.jobs import Unreadable, find_feeds, read_page
from crawler.ports import (
    Desk,
    HoldShelf,
    RobotsShelf,
    WorkerCrashError,
    Workers,
    WorkerTimeoutError,
)
from crawler.reactor import current_reactor, install_reactor
from crawler.robots import RobotsGate
from crawler.scrapy_settings import scrapy_settings
from crawler.settings import CrawlSettings
from crawler.spider import PressSpider
from crawler.visit import Tools, Visit
from domain.errors import ExtractionError
from domain.source import FetchState, Source, VisitReport

if TYPE_CHECKING:
    from scrapy import Request

R = TypeVar("R")
_log = logging.getLogger(__name__)


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
    ) -> None:
        self._holds = holds
        self._settings = settings
        self._desk = desk
        self._workers = workers
        self._shelf = shelf
        self._clock = clock
        self._rng = rng or Random()  # noqa: S311 - spreads visits, guards nothing
        self._lookup = lookup
        self._visits: dict[str, asyncio.Task[VisitReport]] = {}
        self._addresses: dict[str, frozenset[str]] = {}  # of every source seen so far
        self._places = asyncio.Semaphore(settings.concurrency)
        self._runner: AsyncCrawlerRunner | None = None
        self._is_open = False

    async def start(self) -> None:
        """Open the crawl. Raises RuntimeError when Twisted is otherwise engaged."""
        install_reactor()
        orders: asyncio.Queue[Request] = asyncio.Queue()
        self._resolver = GuardedResolver(
            allow_private=self._settings.allow_private_networks,
            timeout=self._settings.connect_timeout.total_seconds(),
            lookup=self._lookup,
        )
        # Scrapy's runner, unlike its process, never installs the resolver that it is told of.
        self._former_resolver = current_reactor().installNameResolver(self._resolver)
        fetcher = ScrapyFetcher(
            orders=orders, resolver=self._resolver, clock=self._clock, holds=self._holds
        )
        await fetcher.recall()
        gate = RobotsGate(
            user_agent=self._settings.user_agent,
            shelf=self._shelf,
            download=fetcher.robots,
            clock=self._clock,
        )
        await self._open_crawl(fetcher, orders, gate)
        self._tools = Tools(
            settings=self._settings,
            fetcher=fetcher,
            desk=self._desk,
            workers=self._workers,
            clock=self._clock,
            rng=self._rng,
        )
        self._is_open = True

    async def _open_crawl(
        self, fetcher: ScrapyFetcher, orders: asyncio.Queue[Request], gate: RobotsGate
    ) -> None:
        self._runner = AsyncCrawlerRunner(scrapy_settings(self._settings))
        crawler = self._runner.create_crawler(PressSpider)
        self._crawl = self._runner.crawl(crawler, orders=orders, gate=gate)
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
            raise RuntimeError("the collector is not open")
        if source.id in self._visits:
            return False
        self._addresses[source.id] = frozenset((*source.feeds, *source.sitemaps, *source.sections))
        visit = asyncio.create_task(self._visit(source, state), name=f"visit {source.id}")
        self._visits[source.id] = visit
        visit.add_done_callback(lambda _: self._visits.pop(source.id, None))
        return True

    async def _visit(self, source: Source, state: FetchState) -> VisitReport:
        async with self._places:
            report = await Visit(source, state, self._tools, taken=self._of_others(source)).run()
        _log.info(
            "%s: %s, %d entries, %d new%s",
            source.id,
            report.outcome,
            report.entries,
            report.new_articles,
            f" ({report.reason})" if report.reason else "",
        )
        return report

    def _of_others(self, source: Source) -> frozenset[str]:
        others = (held for ident, held in self._addresses.items() if ident != source.id)
        return frozenset().union(*others)

    async def fetch_page(self, url: str) -> PageText:
        """Fetch one page, as politely as in a visit, and return its article.

        Raises FetchError or ExtractionError.
        """
        answer = await self._fetch(url)
        page = await self._read(read_page, answer)
        if isinstance(page, Unreadable):
            raise ExtractionError(page.reason, url=url)
        return page

    async def discover(self, url: str) -> tuple[str, ...]:
        """Return the feeds that ``url`` is or announces, best first. Raises FetchError."""
        return await self._read(find_feeds, await self._fetch(url))

    async def _fetch(self, url: str) -> Fetched:
        if not self._is_open:
            raise RuntimeError("the collector is not open")
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
