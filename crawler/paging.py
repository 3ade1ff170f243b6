"""The page behind an index page: what it says itself, or what its address suggests."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import clean
from crawler.urls import host_of, resolve_link

_SAID = (
    "link[rel=next][href]",
    "a[rel=next][href]",
    "a.next[href]",
    "a.next-page[href]",
    ".next a[href]",
    ".nav-next a[href]",
    ".nav-previous a[href]",  # older posts, as WordPress names it
    ".pager-next a[href]",
    ".pagination-next a[href]",
)
_WORDS = re.compile(
    r"(?:page\s+)?(?:suivante?s?|next(?:\s+page)?|older(?:\s+posts?)?|plus\s+anciens?)"
    r"|articles?\s+(?:plus\s+anciens?|suivants?|précédents?)"
    r"|(?:الصفحة\s+)?(?:التالية|التالي|الموالية|السابقة)|[»›→]|>>?",
    re.IGNORECASE,
)
_BAR = re.compile(r"pag(?:er|ination|ing|e-?nav|enav)|nav-links", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,5}")
_MAX_LINKS = 400
_IN_ADDRESS = re.compile(r"(?:/page/|[?&](?:page|paged|p|pg|start|offset|limitstart)=)(\d{1,6})")


def next_page(tree: LexborHTMLParser, url: str) -> str | None:
    """Return the address of the page behind the index page at ``url``, or None.

    Only pages of the same host count. What the page declares comes first, then a link that says
    "next", then the number after this page's own in its bar of page numbers.
    """
    for css in _SAID:
        for node in tree.css(css)[:2]:
            link = _link(node, url)
            if link is not None:
                return link
    bars = [node for node in tree.css("a[href]")[-_MAX_LINKS:] if _is_in_bar(node)]
    for node in bars:
        if _WORDS.fullmatch(clean(node.text())):
            link = _link(node, url)
            if link is not None and page_number(link, 0) > page_number(url, 0):
                return link
    return _by_number(bars, url)


def page_number(url: str, default: int = 1) -> int:
    """Return the page number (or offset) in an address."""
    found = _IN_ADDRESS.search(url)
    return int(found[1]) if found else default


def _by_number(bars: list[LexborNode], url: str) -> str | None:
    here = page_number(url, 0)
    linked: dict[int, str] = {}
    for node in bars:
        link = _link(node, url)
        if link is not None and _NUMBER.fullmatch(clean(node.text())):
            linked.setdefault(page_number(link, 0), link)
    further = [number for number in linked if number > here]
    return linked[min(further)] if further else None


def _is_in_bar(node: LexborNode) -> bool:
    """Whether a link stands in a bar of page numbers."""
    place: LexborNode | None = node
    for _ in range(4):
        if place is None:
            return False
        attributes = place.attributes
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if _BAR.search(names):
            return True
        place = place.parent
    return False


def _link(node: LexborNode, url: str) -> str | None:
    href = node.attributes.get("href") or ""
    link = None if href.startswith("#") else resolve_link(href, url)
    return link if link is not None and link != url and host_of(link) == host_of(url) else None
