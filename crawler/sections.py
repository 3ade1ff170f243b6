"""Index pages to entries: the links of a page that are articles."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from crawler.blocks import is_too_deep, plain_title
from crawler.charset import decode, repair_mojibake
from crawler.entries import TITLE_LIMIT, Entry
from crawler.urls import resolve_link
from domain.errors import FeedError

_MAX_LINKS = 5000


def parse_section(
    body: bytes, url: str, article_url: str, content_type: str = "", *, limit: int = 100
) -> tuple[Entry, ...]:
    """Return the links of a page that match ``article_url`` (a regular expression, searched).

    Each article once, in page order; its title is the longest text that links to it. Raises
    FeedError when the page links to no article at all.
    """
    markup, _ = decode(body, content_type)
    if is_too_deep(markup):
        raise FeedError("the section page nests too deep", url=url)
    tree = LexborHTMLParser(markup)
    base = tree.css_first("base[href]")
    root = (
        resolve_link(base.attributes.get("href") or "", url) if base is not None else None
    ) or url
    pattern = re.compile(article_url)
    titles: dict[str, str] = {}
    for node in tree.css("a[href]")[:_MAX_LINKS]:
        link = resolve_link(node.attributes.get("href") or "", root)
        if link is None or not pattern.search(link):
            continue
        title = plain_title(repair_mojibake(node.text(separator=" ")), TITLE_LIMIT)
        if len(title) >= len(titles.get(link, "")):
            titles[link] = title
    if not titles:
        raise FeedError("the section page links to no article", url=url)
    return tuple(Entry(link=link, title=title) for link, title in titles.items())[:limit]
