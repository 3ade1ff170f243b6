"""Scrapy's HTTP/1.1 handler, with a connect timeout of its own and a way to stop at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadCancelledError
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.turns import answered
from crawler.urls import bare_host

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.ports import Turns


@implementer(IPolicyForHTTPS)
class Certificates:
    """Checks every certificate but those of hosts that the operator exempted."""

    def __init__(self, strict: Any, unverified: Collection[str]) -> None:
        self._strict = strict
        self._lenient = copy(strict)
        self._lenient._verify_certificates = False
        self._unverified = unverified

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802 - Twisted's name
        """Return what makes the connection to a host secure, as far as is wished."""
        is_exempt = bare_host(hostname.decode("ascii").lower()) in self._unverified
        return (self._lenient if is_exempt else self._strict).creatorForNetloc(hostname, port)


class PatientHandler(HTTP11DownloadHandler):
    """Gives up a connection attempt early, though the whole response may take longer.

    Scrapy uses one timeout for both. The wall-clock limit of the response (it also ends a
    server that drips a byte a second) stays Scrapy's own. The shorter limit is put on the
    endpoint on its way into the connection pool.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        spider: Any = crawler.spider
        self._spider = spider
        limit = crawler.settings.getfloat("MARSAD_CONNECT_TIMEOUT")
        pool: Any = self._pool
        pool.retryAutomatically = False  # at once, that is: sooner than the host was promised
        connection = pool.getConnection

        def get_connection(key: object, endpoint: Any) -> Any:
            plain = getattr(endpoint, "_wrappedEndpoint", endpoint)  # TLS wraps the plain one
            plain._timeout = min(plain._timeout, limit)
            return connection(key, endpoint)

        pool.getConnection = get_connection
        policy: Any = Certificates(self._contextFactory, spider.unverified)
        self._contextFactory = policy

    async def download_request(self, request: Request) -> Response:
        """Download, unless the spider is stopping; its ``downloads`` may be cancelled any time."""
        if self._spider.is_stopping:
            raise DownloadCancelledError("stopping")
        task = asyncio.ensure_future(self._in_turn(request))
        self._spider.downloads.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise DownloadCancelledError("stopping") from None
        finally:
            answered(self._crawler, request)
            self._spider.downloads.discard(task)

    async def _in_turn(self, request: Request) -> Response:
        """Download; where others visit the host too, when it is this program's turn."""
        turns: Turns | None = self._spider.turns
        if turns is None:
            return await super().download_request(request)
        downloader: Any = self._spider.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        gap = timedelta(seconds=slot.delay if slot else 0.0)
        await turns.wait(request.url, gap)
        try:
            return await super().download_request(request)
        finally:
            await turns.done(request.url, gap)
