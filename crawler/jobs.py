"""What runs in worker processes: untrusted bytes in, values out, never an error of ours.

A refusal is a value (``Unreadable``), so that it crosses the process border whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from crawler.discovery import announced_feeds
from crawler.extraction import PageText, extract_page
from crawler.feeds import ParsedFeed, parse_feed
from crawler.impostors import is_barrier, recognise
from crawler.sections import parse_section
from crawler.sitemaps import Sitemap, parse_sitemap
from domain.errors import CrawlError
from domain.health import Impostor


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The bytes are not what they should be; ``reason`` is one line."""

    reason: str
    impostor: Impostor | None = None  # what the page is, where it was to be a list


def read_feed(
    body: bytes, url: str, content_type: str, known: tuple[str, ...] = ()
) -> ParsedFeed | Unreadable:
    """Parse a feed, but for the items whose hashes are ``known``."""
    try:
        return parse_feed(body, url, content_type, frozenset(known))
    except CrawlError as error:
        return _impostor(error, body, content_type, "a feed")


def read_sitemap(body: bytes, url: str, content_type: str, limit: int) -> Sitemap | Unreadable:
    """Parse a sitemap or a sitemap index."""
    try:
        return parse_sitemap(body, url, content_type, limit=limit)
    except CrawlError as error:
        return _impostor(error, body, content_type, "a sitemap")


def read_section(
    body: bytes, url: str, article_url: str, content_type: str
) -> ParsedFeed | Unreadable:
    """Parse an index page."""
    try:
        entries = parse_section(body, url, article_url, content_type)
    except CrawlError as error:
        found = recognise(body, content_type)
        if found in (None, Impostor.HOME, Impostor.PAGE):  # as a section should be
            return Unreadable(reason=str(error))
        return Unreadable(reason=f"{found} where a section was expected", impostor=found)
    return ParsedFeed(kind="section", title="", entries=entries, listed=len(entries))


def read_page(body: bytes, url: str, content_type: str) -> PageText | Unreadable:
    """Extract the article of a page."""
    barrier = is_barrier(body, content_type)
    if barrier is not None:
        return Unreadable(reason=f"{barrier} where an article was expected", impostor=barrier)
    try:
        return extract_page(body, url, content_type)
    except CrawlError as error:
        return Unreadable(reason=str(error))


def find_feeds(body: bytes, url: str, content_type: str) -> tuple[str, ...]:
    """Return the feeds of an address: itself if it is one, else those that the page announces."""
    try:
        parse_feed(body, url, content_type)
    except CrawlError:
        return announced_feeds(body, url, content_type)
    return (url,)


def _impostor(error: CrawlError, body: bytes, content_type: str, wanted: str) -> Unreadable:
    found = recognise(body, content_type)
    if found is None:
        return Unreadable(reason=str(error))
    return Unreadable(reason=f"{found} where {wanted} was expected", impostor=found)
