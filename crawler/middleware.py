"""What every request of the crawl passes: the robots gate, and redirects without a trace."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest

from crawler.turns import Turns

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.robots import Permission

SKIP_ROBOTS = "marsad_skip_robots"


class RobotsForbidsError(IgnoreRequest):
    """robots.txt forbids the request, or nobody answered for it; the message says which."""

    def __init__(self, message: str, *, is_down: bool) -> None:
        self.is_down = is_down
        super().__init__(message)


class TooManyRedirectsError(IgnoreRequest):
    """The redirects went in a circle or on for too long."""


class RobotsMiddleware:
    """Asks the gate before each request, also before each redirect's.

    Scrapy's own middleware keeps robots.txt for the life of a crawl and takes a failing
    server for permission; ours asks once a day and takes it for a no.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._turns = Turns(crawler, monotonic())

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for ``crawler``."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise RobotsForbidsError unless the request may go out."""
        if request.meta.get(SKIP_ROBOTS):
            self._turns.enter(request)
            return
        spider: Any = self._crawler.spider
        permission: Permission = await spider.gate.permission(request.url)
        if not permission.allowed:
            raise RobotsForbidsError(permission.reason, is_down=permission.is_down)
        self._turns.enter(request, permission.crawl_delay or timedelta(0))


class QuietRedirectMiddleware(RedirectMiddleware):
    """Scrapy's redirects, never with a Referer, and with an error of its own when too many."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for ``crawler``, without the signal that looks for a Referer middleware."""
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    def handle_referer(self, request: Request, response: Response) -> None:  # noqa: ARG002
        """Drop the Referer: outlets need not know where we come from."""
        request.headers.pop("Referer", None)

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        if redirected.url == request.url:
            raise TooManyRedirectsError("redirects to itself")
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest:
            raise TooManyRedirectsError("too many redirects") from None
