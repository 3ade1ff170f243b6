"""One page from the web, fetched as politely as any visit: robots.txt, guard, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from crawler.collector import Collector
from crawler.extraction import PageText
from crawler.ports import P, R, RobotsRecord
from crawler.settings import CrawlSettings
from domain.article import Article
from domain.source import VisitReport
from marsad.clock import utc_now


def fetch_page(url: str, settings: CrawlSettings | None = None) -> PageText:
    """Fetch and read one page. Raises CrawlError with the reason."""
    return asyncio.run(_fetch(url, settings or CrawlSettings()))


async def _fetch(url: str, settings: CrawlSettings) -> PageText:
    collector = Collector(settings, _NoDesk(), _Here(), _NoShelf(), utc_now)
    await collector.start()
    try:
        return await collector.fetch_page(url)
    finally:
        await collector.stop(5.0)


class _NoDesk:
    """Nothing is filed when one page is looked at."""

    async def unseen(self, urls: Sequence[str]) -> set[str]:
        return set(urls)

    async def file(self, articles: Sequence[Article], report: VisitReport | None) -> int:
        del report
        return len(articles)


class _NoShelf:
    async def get(self, origin: str) -> RobotsRecord | None:
        del origin
        return None

    async def put(self, record: RobotsRecord) -> None:
        """Forget it: the next look asks again."""


class _Here:
    """One page is read in this process: a hang is the caller's to interrupt."""

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(function, *args, **kwargs)
