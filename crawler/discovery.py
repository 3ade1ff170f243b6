"""The feeds that a page announces, for whoever adds a source by its front page."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from crawler.blocks import is_too_deep
from crawler.charset import decode
from crawler.urls import resolve_link

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
