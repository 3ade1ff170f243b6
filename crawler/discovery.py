"""What an address is, for whoever adds a source: a feed, a sitemap, or a page that announces some.

Runs in a worker: bytes in, values out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from selectolax.lexbor import LexborHTMLParser

from crawler.article_links import Link, article_pattern
from crawler.blocks import is_too_deep, plain_title
from crawler.charset import decode
from crawler.families import recognise
from crawler.feeds import parse_feed
from crawler.impostors import is_barrier
from crawler.sections import links_of
from crawler.sitemaps import parse_sitemap
from crawler.urls import host_of, resolve_link
from domain.errors import CrawlError, ExtractionError

_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
    }
)
_COMMENTS = re.compile(r"/comments?/|comments?[-_]?feed|/feed/\?.*comment|wp-json|oembed", re.I)
_LOOKS_LIKE_FEED = re.compile(r"/(?:feed|rss|atom)(?:[/.?]|$)|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_MOST = 20
_NAME_LIMIT = 100
_NAME_CSS = ("meta[property='og:site_name']", "meta[name='application-name']")
_NAME_TAIL = re.compile(r"\s+[-–—|:]\s.*$|\s*[|].*$", re.DOTALL)


class Being(StrEnum):
    """What stands at an address."""

    FEED = "feed"
    SITEMAP = "sitemap"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an address is, and what it says of its outlet. Empty where it says nothing."""

    being: Being
    name: str = ""
    language: str = ""  # two letters, as the page declares it
    family: str = ""  # id of its publishing system
    feeds: tuple[str, ...] = ()  # announced, best first
    article_url: str = ""  # regular expression that its links to articles share


def look(body: bytes, url: str, content_type: str = "") -> Look:
    """Say what ``url`` is. Raises ExtractionError when it hides behind a challenge or a login."""
    try:
        return Look(being=Being.FEED, name=_shortened(parse_feed(body, url, content_type).title))
    except CrawlError:
        pass
    try:
        parse_sitemap(body, url, content_type)
    except CrawlError:
        return _look_at_page(body, url, content_type)
    return Look(being=Being.SITEMAP)


def _look_at_page(body: bytes, url: str, content_type: str) -> Look:
    barrier = is_barrier(body, content_type)
    if barrier is not None:
        raise ExtractionError(f"{barrier} in place of the page", url=url)
    markup, _ = decode(body, content_type)
    if is_too_deep(markup):
        raise ExtractionError("the page nests too deep", url=url)
    tree = LexborHTMLParser(markup)
    family = recognise(markup)
    links = [Link(url=link, title=title) for link, title in links_of(tree, url, {host_of(url)})]
    return Look(
        being=Being.PAGE,
        name=_name(tree),
        language=_language(tree),
        family=family.id if family is not None else "",
        feeds=announced_feeds(body, url, content_type),
        article_url=article_pattern(links, family.article_url if family is not None else ""),
    )


def _name(tree: LexborHTMLParser) -> str:
    for css in _NAME_CSS:
        node = tree.css_first(css)
        name = plain_title((node.attributes.get("content") or "") if node is not None else "")
        if name:
            return name[:_NAME_LIMIT]
    title = tree.css_first("head > title")
    return _shortened(plain_title(title.text()) if title is not None else "")


def _shortened(title: str) -> str:
    """Leave out what follows the name: "TSA - Tout sur l'Algérie" is TSA."""
    return (_NAME_TAIL.sub("", title) or title)[:_NAME_LIMIT]


def _language(tree: LexborHTMLParser) -> str:
    node = tree.css_first("html[lang]")
    said = (node.attributes.get("lang") or "") if node is not None else ""
    return said.strip().lower()[:2]


def announced_feeds(body: bytes, url: str, content_type: str = "") -> tuple[str, ...]:
    """Return the addresses of the feeds that a page announces, best first, maybe none.

    Links in the head come first, then links in the body that look like feeds. Feeds of
    comments are left out: every blog engine announces one.
    """
    markup, _ = decode(body, content_type)
    if is_too_deep(markup):
        return ()
    tree = LexborHTMLParser(markup)
    announced = [
        node.attributes.get("href") or ""
        for node in tree.css("link[rel~=alternate][href]")
        if (node.attributes.get("type") or "").strip().lower() in _FEED_TYPES
    ]
    shown = [node.attributes.get("href") or "" for node in tree.css("a[href]")]
    links = announced + [href for href in shown if _LOOKS_LIKE_FEED.search(href)]
    feeds = (resolve_link(link, url) for link in links if not _COMMENTS.search(link))
    return tuple(dict.fromkeys(feed for feed in feeds if feed))[:_MOST]
