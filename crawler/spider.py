"""The one spider of the one crawl. It runs as long as the daemon and follows orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

if TYPE_CHECKING:
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.ports import Turns
    from crawler.robots import RobotsGate

ORDER = "marsad_order"  # meta key of the future that waits for the response


class PressSpider(Spider):
    """Takes requests from a queue for ever, and hands each response to the future that waits."""

    name = "marsad"

    def __init__(
        self,
        *,
        orders: asyncio.Queue[Request],
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
        self._orders = orders

    async def start(self) -> AsyncIterator[Request]:
        """Yield requests as they are ordered. Ends with the crawl only."""
        self.is_open.set()
        while True:
            yield await self._orders.get()

    def order(self, url: str, *, headers: dict[str, str], meta: dict[str, Any]) -> Request:
        """Return a request that reports to ``meta[ORDER]``, whatever becomes of it."""
        return Request(
            url,
            headers=headers,
            meta=meta,
            dont_filter=True,
            callback=self.deliver,
            errback=self.fail,
        )

    def deliver(self, response: Response) -> None:
        """Give the response to whoever waits for it."""
        order: asyncio.Future[Response] = response.meta[ORDER]
        if not order.done():
            order.set_result(response)

    def fail(self, failure: Failure) -> None:
        """Give the error to whoever waits for the response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        order: asyncio.Future[Response] = request.meta[ORDER]
        if not order.done():
            order.set_exception(failure.value or RuntimeError("download failed"))

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
