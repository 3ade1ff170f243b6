"""Index pages to entries: the links of a page that are articles, and the page behind it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import clean, is_too_deep, plain_title
from crawler.charset import decode, repair_mojibake
from crawler.dates import read_date
from crawler.entries import TITLE_LIMIT, Entry
from crawler.paging import next_page
from crawler.urls import host_of, is_of_hosts, resolve_link
from domain.errors import FeedError

_MAX_LINKS = 5000
# What stands in a link beside a title, or in its place: "read more", a count of comments.
_NO_TITLE = re.compile(
    r"(?:lire|voir|read|see)\s+(?:la\s+)?(?:suite|plus|more)\b.{0,20}|continue reading.{0,20}"
    r"|\[?\s*suite\s*(?:…|\.{2,3})?\s*\]?|(?:اقرأ|إقرأ)\s+المزيد.{0,20}|المزيد"
    r"|\d+\s*(?:commentaires?|comments?|تعليق|تعليقات)?",
    re.IGNORECASE,
)
_CARD = frozenset({"article", "li"})
_CARD_REACH = 5  # parents from a link to the card that holds its date
_CARD_LINKS = 6  # a list item with more links is a menu, not a card


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPage:
    """What one index page lists. ``next_page`` is the page behind it, if it says."""

    entries: tuple[Entry, ...]
    next_page: str | None = None


def parse_section(
    body: bytes,
    url: str,
    article_url: str,
    content_type: str = "",
    *,
    hosts: Collection[str] = (),
    limit: int = 100,
) -> SectionPage:
    """Return the links of a page that match ``article_url`` (a regular expression, searched).

    Each article once, in page order; its title is the longest text that links to it. With
    ``hosts``, links to other hosts are none of the outlet's; the page's own host always is.
    Raises FeedError when the page links to no article at all.
    """
    markup, _ = decode(body, content_type)
    if is_too_deep(markup):
        raise FeedError("the section page nests too deep", url=url)
    tree = LexborHTMLParser(markup)
    root = _base(tree, url)
    own = frozenset({*hosts, host_of(url)}) if hosts else None
    entries = _articles(tree, root, re.compile(article_url), own)
    if not entries:
        raise FeedError("the section page links to no article", url=url)
    return SectionPage(entries=entries[:limit], next_page=next_page(tree, root))


def _articles(
    tree: LexborHTMLParser, root: str, pattern: re.Pattern[str], own: frozenset[str] | None
) -> tuple[Entry, ...]:
    """Return an entry a link that matches, with its longest text and the first date beside it."""
    titles: dict[str, str] = {}
    dates: dict[str, datetime | None] = {}
    for node in tree.css("a[href]")[:_MAX_LINKS]:
        link = resolve_link(node.attributes.get("href") or "", root)
        if link is None or not pattern.search(link):
            continue
        if own is not None and not is_of_hosts(link, own):
            continue
        title = _title(node)
        if len(title) >= len(titles.get(link, "")):
            titles[link] = title
        if dates.get(link) is None:
            dates[link] = _date_beside(node)
    return tuple(
        Entry(link=link, title=title, published_at=dates[link]) for link, title in titles.items()
    )


def links_of(tree: LexborHTMLParser, url: str, hosts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Return every link of a page to its own ``hosts``, with the title that stands in it."""
    root = _base(tree, url)
    for node in tree.css("a[href]")[:_MAX_LINKS]:
        link = resolve_link(node.attributes.get("href") or "", root)
        if link is not None and is_of_hosts(link, hosts):
            yield link, _title(node)


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    found = resolve_link(node.attributes.get("href") or "", url) if node is not None else None
    return found or url


def _title(node: LexborNode) -> str:
    heading = node.css_first("h1, h2, h3, h4")
    text = (heading if heading is not None else node).text(separator=" ")
    title = plain_title(repair_mojibake(text), TITLE_LIMIT)
    return "" if _NO_TITLE.fullmatch(title) else title


def _date_beside(node: LexborNode) -> datetime | None:
    """Return the machine-readable date in the card that holds a link, if it is one card."""
    card: LexborNode | None = node
    for _ in range(_CARD_REACH):
        if card is None or card.tag in _CARD:
            break
        card = card.parent
    if card is None or card.tag not in _CARD or len(card.css("a[href]")) > _CARD_LINKS:
        return None
    stamp = card.css_first("time[datetime]")
    if stamp is None:
        return None
    return read_date(clean(stamp.attributes.get("datetime") or "")).value
