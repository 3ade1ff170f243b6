"""Sitemaps and news sitemaps to entries."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from crawler.charset import decode
from crawler.entries import Entry, RawEntry, refine
from crawler.urls import resolve_link
from domain.errors import FeedError

MAX_CHILDREN = 2  # of an index, newest first: the rest is the archive
_MAX_BYTES = 50 * 1024 * 1024  # of a gzipped sitemap, unpacked; the protocol's own limit
_MAX_URLS = 50_000
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """A sitemap's articles, newest first, or an index's children, newest first."""

    entries: tuple[Entry, ...] = ()
    children: tuple[str, ...] = ()
    listed: int = 0


def parse_sitemap(body: bytes, url: str, content_type: str = "", *, limit: int = 500) -> Sitemap:
    """Read a sitemap; at most ``limit`` entries. Raises FeedError when it is none."""
    root = _root(body, url, content_type)
    name = _local(root)
    if name == "sitemapindex":
        children = [(_find(child, "lastmod"), _find(child, "loc")) for child in root]
        children.sort(key=lambda pair: pair[0], reverse=True)
        links = (resolve_link(link, url) for _, link in children if link)
        return Sitemap(children=tuple(link for link in links if link)[:MAX_CHILDREN])
    if name != "urlset":
        raise FeedError(f"the document is <{name}>, not a sitemap", url=url)
    nodes = list(root)[:_MAX_URLS]
    entries = [entry for entry in (_entry(node, url) for node in nodes) if entry is not None]
    oldest = datetime.min.replace(tzinfo=UTC)
    entries.sort(key=lambda entry: entry.published_at or oldest, reverse=True)
    return Sitemap(entries=tuple(entries[:limit]), listed=len(nodes))


def _root(body: bytes, url: str, content_type: str) -> Element:
    if body.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            body = unpacker.decompress(body, _MAX_BYTES)
        except zlib.error:
            raise FeedError("broken gzip where a sitemap was expected", url=url) from None
        if unpacker.unconsumed_tail:
            raise FeedError("the sitemap is larger than 50 MB", url=url)
    text, _ = decode(body, content_type)
    if _ENTITY.search(text):
        raise FeedError("the sitemap declares XML entities, which is refused", url=url)
    try:
        source = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1).encode()
        return ElementTree.fromstring(source)  # noqa: S314 - entities are refused above
    except (ElementTree.ParseError, UnicodeEncodeError, ValueError) as error:
        raise FeedError(f"the document is no sitemap: {error}", url=url) from None


def _entry(node: Element, url: str) -> Entry | None:
    link = _find(node, "loc")
    if not link:
        return None
    # a sitemap has no teaser: the title stands in, for refine() wants something to tell
    title = _find(node, "title") or link
    date = _find(node, "publication_date") or _find(node, "lastmod")
    entry = refine(RawEntry(link=link, title=title, date=date), url)
    if entry is None or title is not link:
        return entry
    return Entry(link=entry.link, title="", published_at=entry.published_at)


def _find(node: Element, name: str) -> str:
    """Return the text of the first descendant of that local name, or an empty string."""
    for child in node.iter():
        if child is not node and _local(child) == name and child.text:
            return child.text.strip()
    return ""


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
