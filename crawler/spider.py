"""The one spider of the one crawl: it keeps the crawl open as long as the daemon runs.

What is fetched is asked of the engine one by one, which passes each request through the same
middlewares and the same turns of its host, but no scheduler and no callback.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from scrapy import Spider

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

    from crawler.ports import Turns
    from crawler.robots import RobotsGate


class PressSpider(Spider):
    """Asks for nothing by itself, and never ends by itself."""

    name = "marsad"

    def __init__(
        self,
        *,
        gate: RobotsGate,
        turns: Turns | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gate = gate
        self.turns = turns
        self.unverified: set[str] = set()  # hosts, without www., whose certificate is not checked
        self.is_open = asyncio.Event()
        self.is_stopping = False
        self.downloads: set[asyncio.Task[Response]] = set()

    async def start(self) -> AsyncIterator[Request]:
        """Yield nothing, for as long as the crawl is open."""
        self.is_open.set()
        await asyncio.Event().wait()
        yield  # type: ignore[misc]  # never reached: it makes this what Scrapy iterates over

    def download(self, request: Request) -> asyncio.Task[Response]:
        """Begin to download. The task ends with the answer, or with why there is none."""
        engine: Any = self.crawler.engine
        return asyncio.ensure_future(engine.download_async(request))

    def abort(self) -> None:
        """End every download that runs and let none begin, so that the crawl can close."""
        self.is_stopping = True
        for task in list(self.downloads):
            task.cancel()
        downloader: Any = self.crawler.engine.downloader
        for slot in downloader.slots.values():
            slot.delay = 0.0
            if slot.latercall:
                slot.latercall.cancel()
                slot.latercall = None
            downloader._process_queue(slot)
