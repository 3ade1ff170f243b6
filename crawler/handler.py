"""Scrapy's HTTP/1.1 handler, with a connect timeout of its own and a way to stop at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadCancelledError

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class PatientHandler(HTTP11DownloadHandler):
    """Gives up a connection attempt early, though the whole response may take longer.

    Scrapy uses one timeout for both. The wall-clock limit of the response (it also ends a
    server that drips a byte a second) stays Scrapy's own. The shorter limit is put on the
    endpoint on its way into the connection pool.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._spider: Any = crawler.spider
        limit = crawler.settings.getfloat("MARSAD_CONNECT_TIMEOUT")
        pool: Any = self._pool
        connection = pool.getConnection

        def get_connection(key: object, endpoint: Any) -> Any:
            plain = getattr(endpoint, "_wrappedEndpoint", endpoint)  # TLS wraps the plain one
            plain._timeout = min(plain._timeout, limit)
            return connection(key, endpoint)

        pool.getConnection = get_connection

    async def download_request(self, request: Request) -> Response:
        """Download, unless the spider is stopping; its ``downloads`` may be cancelled any time."""
        if self._spider.is_stopping:
            raise DownloadCancelledError("stopping")
        task = asyncio.ensure_future(super().download_request(request))
        self._spider.downloads.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise DownloadCancelledError("stopping") from None
        finally:
            self._spider.downloads.discard(task)
