"""What runs in worker processes: untrusted bytes in, values out, never an error of ours.

A refusal is a value (``Unreadable``), so that it crosses the process border whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.articles import completed
from crawler.charset import decode
from crawler.discovery import Look, look
from crawler.extraction import PageText, extract_page
from crawler.feeds import ParsedFeed, parse_feed
from crawler.impostors import LOOKED_AT, is_barrier, recognise
from crawler.metadata import NO_SELECTORS
from crawler.sections import parse_section
from crawler.sitemaps import Sitemap, parse_sitemap
from domain.article import Document, Judged
from domain.errors import CrawlError
from domain.health import Impostor
from domain.source import Selectors


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


def read_sitemap(
    body: bytes, url: str, content_type: str, limit: int, article_url: str = ""
) -> Sitemap | Unreadable:
    """Parse a sitemap or a sitemap index."""
    try:
        return parse_sitemap(body, url, content_type, limit=limit, article_url=article_url)
    except CrawlError as error:
        return _impostor(error, body, content_type, "a sitemap")


def read_section(
    body: bytes, url: str, article_url: str, content_type: str, hosts: frozenset[str]
) -> ParsedFeed | Unreadable:
    """Parse an index page."""
    try:
        page = parse_section(body, url, article_url, content_type, hosts=hosts)
    except CrawlError as error:
        found = recognise(body, content_type)
        if found in (None, Impostor.HOME, Impostor.PAGE):  # as a section should be
            return Unreadable(reason=str(error))
        return Unreadable(reason=f"{found} where a section was expected", impostor=found)
    return ParsedFeed(
        kind="section",
        title="",
        entries=page.entries,
        listed=len(page.entries),
        next_page=page.next_page,
    )


def read_archive(
    body: bytes, url: str, article_url: str, content_type: str, hosts: frozenset[str]
) -> ParsedFeed | Unreadable:
    """Parse an archive's address: a feed that goes back in time, or an index page."""
    try:
        return parse_feed(body, url, content_type)
    except CrawlError:
        return read_section(body, url, article_url, content_type, hosts)


def read_page(
    body: bytes, url: str, content_type: str, selectors: Selectors = NO_SELECTORS
) -> PageText | Unreadable:
    """Extract the article of a page."""
    # Decoded once for both. A barrier is told by the beginning of what is long.
    whole = decode(body, content_type) if len(body) <= LOOKED_AT else None
    barrier = is_barrier(body, content_type, whole)
    if barrier is not None:
        return Unreadable(reason=f"{barrier} where an article was expected", impostor=barrier)
    try:
        return extract_page(body, url, content_type, selectors, whole[0] if whole else None)
    except CrawlError as error:
        return Unreadable(reason=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A page that was read, with what was said of it there and then, if anything was."""

    page: PageText | Unreadable
    judged: Judged | None = None


def read_and_judge(
    body: bytes,
    url: str,
    content_type: str,
    selectors: Selectors,
    *,
    outline: Document,
    judge: Callable[[Document], Judged],
) -> Reading:
    """Extract the article of a page and judge it, as ``outline`` foretells its document."""
    page = read_page(body, url, content_type, selectors)
    if isinstance(page, Unreadable):
        return Reading(page=page)
    document = completed(outline, page)
    try:
        return Reading(page=page, judged=judge(document))
    except Exception:  # noqa: BLE001 - the desk judges what has no verdict, and says what is wrong
        return Reading(page=page)


def look_at(body: bytes, url: str, content_type: str) -> Look | Unreadable:
    """Say what an address is: a feed, a sitemap, or a page with what it announces."""
    try:
        return look(body, url, content_type)
    except CrawlError as error:
        return Unreadable(reason=str(error))


def _impostor(error: CrawlError, body: bytes, content_type: str, wanted: str) -> Unreadable:
    found = recognise(body, content_type)
    if found is None:
        return Unreadable(reason=str(error))
    return Unreadable(reason=f"{found} where {wanted} was expected", impostor=found)
