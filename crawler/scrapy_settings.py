"""Scrapy's settings: everything that is not needed is off, and every limit is set.

Scrapy's defaults do not verify TLS certificates, allow a gigabyte a body, speak file: and
ftp:, and listen on a telnet port. None of that suits a daemon that reads what strangers
publish.
"""

from __future__ import annotations

from typing import Any

from scrapy import signals
from scrapy.signalmanager import SignalManager

from crawler.settings import CrawlSettings

_MIDDLEWARES = "scrapy.downloadermiddlewares."


# Sent for every request to extensions and middlewares that would count or log them; none is on.
_UNHEARD = frozenset(
    {
        signals.bytes_received,
        signals.headers_received,
        signals.request_left_downloader,
        signals.request_reached_downloader,
        signals.response_downloaded,
        signals.response_received,
        signals.scheduler_empty,
    }
)


class FewSignals(SignalManager):
    """Scrapy's signals, less those that nobody hears: looking for hearers takes its time."""

    def send_catch_log(self, signal: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        """Send ``signal`` if there may be anybody to hear it; return what they answer."""
        return [] if signal in _UNHEARD else super().send_catch_log(signal, **kwargs)


def scrapy_settings(settings: CrawlSettings) -> dict[str, Any]:
    """Return the settings of the one crawl."""
    biggest = max(settings.feed_max_bytes, settings.page_max_bytes)
    return {
        **_polite(settings),
        **_bare(),
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_MAXSIZE": biggest,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": settings.response_timeout.total_seconds(),
        "MARSAD_CONNECT_TIMEOUT": settings.connect_timeout.total_seconds(),
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "REDIRECT_MAX_TIMES": settings.redirects,
        "REDIRECT_PRIORITY_ADJUST": 0,
    }


def _polite(settings: CrawlSettings) -> dict[str, Any]:
    return {
        "BOT_NAME": "marsad",
        "USER_AGENT": settings.user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "fr,ar;q=0.9,en;q=0.7",
        },
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": settings.delay.total_seconds(),
        "DOWNLOAD_DELAY_JITTER": 0,  # the delay is a promise, not an average
    }


def _bare() -> dict[str, Any]:
    """Return what switches off all that a daemon does not use.

    Neither its scheduler nor its items are used: the engine is asked for each page. How many at
    once, visits say.
    """
    handler = "crawler.handler.PatientHandler"
    return {
        "CONCURRENT_ITEMS": 1,
        "DOWNLOAD_HANDLERS_BASE": {"http": handler, "https": handler},
        "DOWNLOADER_MIDDLEWARES_BASE": {
            "crawler.middleware.RobotsMiddleware": 100,
            f"{_MIDDLEWARES}downloadtimeout.DownloadTimeoutMiddleware": 350,
            f"{_MIDDLEWARES}defaultheaders.DefaultHeadersMiddleware": 400,
            f"{_MIDDLEWARES}useragent.UserAgentMiddleware": 500,
            f"{_MIDDLEWARES}httpcompression.HttpCompressionMiddleware": 590,
            "crawler.middleware.QuietRedirectMiddleware": 600,
        },
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {},
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "RETRY_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "STATS_DUMP": False,
        "LOG_ENABLED": False,
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }
