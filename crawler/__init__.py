"""How to get an article politely.

Knows: Scrapy, feeds, extraction, canonical URLs, pacing, robots.txt. Never knows: why an
article matters, where it is kept, who is told. Called by the application, which gives
it a desk to hand articles to and workers to parse untrusted bytes in.

``Collector`` is the front door, ``CrawlSettings`` its settings. Scrapy takes most of a second to
import, so the door opens on first use: worker processes and ``--help`` never pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.settings import CrawlSettings

if TYPE_CHECKING:
    from crawler.collector import Collector

__all__ = ["Collector", "CrawlSettings"]


def __getattr__(name: str) -> object:
    if name == "Collector":
        from crawler.collector import Collector  # noqa: PLC0415 - see above

        return Collector
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
