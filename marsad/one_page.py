"""A look at the web without a store, as polite as any visit: robots.txt, guard, limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from crawler.collector import Collector
from crawler.entries import Entry
from crawler.extraction import PageText
from crawler.ports import P, R, RobotsRecord
from crawler.prospecting import Prospect
from crawler.settings import CrawlSettings
from domain.article import Article
from domain.errors import CrawlError
from domain.revision import Known
from domain.source import VisitReport
from marsad.clock import utc_now


def fetch_page(url: str, settings: CrawlSettings | None = None) -> PageText:
    """Fetch and read one page. Raises CrawlError with the reason."""
    return asyncio.run(_fetch(url, settings or CrawlSettings()))


def find_outlet(url: str, settings: CrawlSettings) -> Prospect:
    """Find the best way into the outlet of ``url``; its newest entries have titles.

    Raises CrawlError with the reason.
    """
    return asyncio.run(_find(url, settings))


async def _fetch(url: str, settings: CrawlSettings) -> PageText:
    async with _collector(settings) as collector:
        return await collector.fetch_page(url)


async def _find(url: str, settings: CrawlSettings) -> Prospect:
    async with _collector(settings) as collector:
        found = await collector.prospect(url)
        shown = [await _titled(collector, entry) for entry in found.newest]
        return replace(found, entries=(*shown, *found.entries[len(shown) :]))


async def _titled(collector: Collector, entry: Entry) -> Entry:
    """Read the title off the page where the list gives none, as plain sitemaps do."""
    if entry.title:
        return entry
    try:
        return replace(entry, title=(await collector.fetch_page(entry.link)).title)
    except CrawlError:
        return entry


@asynccontextmanager
async def _collector(settings: CrawlSettings) -> AsyncIterator[Collector]:
    collector = Collector(settings, NoDesk(), _Here(), NoShelf(), utc_now)
    await collector.start()
    try:
        yield collector
    finally:
        await collector.stop(5.0)


class NoDesk:
    """Nothing is filed when one page is looked at."""

    async def unseen(self, urls: Sequence[str]) -> set[str]:
        """See ``crawler.ports.Desk``."""
        return set(urls)

    async def known(self, urls: Sequence[str]) -> Mapping[str, Known]:
        """See ``crawler.ports.Desk``."""
        del urls
        return {}

    async def revise(self, article: Article) -> bool:
        """See ``crawler.ports.Desk``."""
        del article
        return False

    async def file(self, articles: Sequence[Article], report: VisitReport | None) -> int:
        """See ``crawler.ports.Desk``."""
        del report
        return len(articles)


class NoShelf:
    """Keeps no robots.txt beyond the collector's own memory."""

    async def get(self, origin: str) -> RobotsRecord | None:
        """See ``crawler.ports.RobotsShelf``."""
        del origin
        return None

    async def put(self, record: RobotsRecord) -> None:
        """Forget it: the next look asks again."""


class _Here:
    """One page is read in this process: a hang is the caller's to interrupt."""

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(function, *args, **kwargs)
