"""How to get an article politely.

Knows: Scrapy, feeds, extraction, canonical URLs, pacing, robots.txt. Never knows: why an
article matters, where it is kept, who is told. Called by the application, which gives
it a desk to hand articles to and workers to parse untrusted bytes in.
"""

from crawler.collector import Collector
from crawler.settings import CrawlSettings

__all__ = ["Collector", "CrawlSettings"]
