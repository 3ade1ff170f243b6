"""Whose turn it is at a host: one request at a time, and the delay between any two.

A host is one whatever its scheme, its port and its ``www.``: all of them are one machine's work.
Scrapy counts the delay from the moment at which it hands a request to the network. Under load the
request leaves later than that, the next one in time, and the server sees them closer than
promised. Here the delay counts from the end of the answer: whatever was late, the server had the
request before.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.urls import bare_host, origin_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

_SLOT = "download_slot"  # Scrapy's meta key; a redirect inherits it from another host


class _Waiting(deque[Any]):
    """What waits for a host's turn. A request is under way from the moment at which it leaves.

    Scrapy counts it a turn of the loop later. Until then, where no delay is asked for or all of
    it has passed, it would take the next one too.
    """

    def __init__(self, under_way: set[Request]) -> None:
        super().__init__()
        self._under_way = under_way

    def popleft(self) -> Any:
        """Return the next request, with whoever waits for its answer."""
        request, answer = super().popleft()
        self._under_way.add(request)
        return request, answer


class Turns:
    """The hosts of one crawl. ``opened_at`` is when it began, on the monotonic clock.

    A crawl before this one may have asked any host a moment ago, so that the first request waits
    as if this crawl had asked when it was opened.
    """

    def __init__(self, crawler: Crawler, opened_at: float) -> None:
        self._crawler = crawler
        self._opened_at = opened_at
        self._wishes: dict[str, dict[str, float]] = {}  # host: origin: seconds of its Crawl-delay

    def enter(self, request: Request, crawl_delay: timedelta | None = None) -> None:
        """Put a request among those of its host, which wants ``crawl_delay`` between two.

        Of the origins of one host (http and https, with ``www.`` and without) the slowest wins;
        None leaves what is known.
        """
        host = bare_host(urlsplit(request.url).hostname or "")
        request.meta[_SLOT] = host
        if crawl_delay is not None:
            self._wishes.setdefault(host, {})[origin_of(request.url)] = crawl_delay.total_seconds()
        usual = self._crawler.settings.getfloat("DOWNLOAD_DELAY")
        delay = max([usual, *self._wishes.get(host, {}).values()])
        downloader: Any = self._crawler.engine.downloader
        downloader.per_slot_settings[host] = {"concurrency": 1, "delay": delay, "jitter": 0}
        _, slot = downloader._get_slot(request)
        if not isinstance(slot.queue, _Waiting):
            slot.queue = _Waiting(slot.transferring)
        spider: Any = self._crawler.spider
        slot.delay = 0.0 if spider.is_stopping else delay
        slot.lastseen = max(slot.lastseen, self._opened_at)


def answered(crawler: Crawler, request: Request) -> None:
    """Note that the host of a request has answered, or failed to: its delay begins."""
    downloader: Any = crawler.engine.downloader
    slot = downloader.slots.get(request.meta.get(_SLOT))
    if slot is not None:
        slot.lastseen = monotonic()
