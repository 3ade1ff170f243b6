"""Sitemaps and news sitemaps to entries."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from crawler.charset import decode
from crawler.dates import read_date
from crawler.entries import Entry, RawEntry, refine
from crawler.urls import resolve_link
from domain.errors import FeedError

MAX_CHILDREN = 6  # of an index, newest first: the rest is the archive
_MAX_BYTES = 50 * 1024 * 1024  # of a gzipped sitemap, unpacked; the protocol's own limit
MOST_URLS = 50_000
_OLDEST = datetime.min.replace(tzinfo=UTC)
_OF_NEWS = re.compile(r"news|actu|google", re.IGNORECASE)
# What WordPress and its like list besides posts: never articles.
_OF_OTHER_THINGS = re.compile(
    r"(?:category|categories|post_tag|tags?|author|auteurs?|page|pages|attachment|image|video"
    r"|product|post_format|web-story|elementor[a-z_-]*)-sitemap\d*\.xml|sitemap[_-](?:tax|users"
    r"|categor|tags?|images?|videos?|pages?)\b",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One sitemap of an index. ``changed`` is None where the index does not say."""

    url: str
    changed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """A sitemap's articles, newest first, or an index's children, the likeliest first."""

    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    listed: int = 0


def parse_sitemap(
    body: bytes, url: str, content_type: str = "", *, limit: int = 500, article_url: str = ""
) -> Sitemap:
    """Read a sitemap; at most ``limit`` entries. Raises FeedError when it is none.

    With ``article_url`` (a regular expression, searched), entries without a news title count
    only when it finds their address: a plain sitemap lists every page of a site.
    """
    root = _root(body, url, content_type)
    name = _local(root)
    if name == "sitemapindex":
        return Sitemap(children=_children(root, url))
    if name != "urlset":
        raise FeedError(f"the document is <{name}>, not a sitemap", url=url)
    nodes = list(root)[:MOST_URLS]
    pattern = re.compile(article_url)
    found = (_entry(node, url) for node in nodes)
    entries = [entry for entry in found if entry and (entry.title or pattern.search(entry.link))]
    entries.sort(key=lambda entry: entry.published_at or _OLDEST, reverse=True)
    return Sitemap(entries=tuple(entries[:limit]), listed=len(nodes))


def _children(root: Element, url: str) -> tuple[Child, ...]:
    """Return the sitemaps of an index: those of news and posts first, each kind newest first.

    Without dates the last of a numbered series is the newest, or the first: both ends are near.
    """
    found = []
    for node in root:
        link = resolve_link(_find(node, "loc"), url)
        if link is not None and not _OF_OTHER_THINGS.search(link):
            changed = read_date(_find(node, "lastmod")).value
            found.append(Child(url=link, changed=changed))
    if not any(child.changed for child in found):
        found = [*found[-1:], *found[:-1]]
    found.sort(key=lambda child: child.changed or _OLDEST, reverse=True)
    found.sort(key=lambda child: not _OF_NEWS.search(child.url))
    return tuple(found)


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
    published = _find(node, "publication_date")
    changed = _find(node, "lastmod")
    date = published or changed
    entry = refine(RawEntry(link=link, title=title, date=date, modified=changed), url)
    if entry is None:
        return None
    entry = replace(entry, is_dated_by_change=not published)
    return entry if title is not link else replace(entry, title="", summary="", guid=None)


def _find(node: Element, name: str) -> str:
    """Return the text of the first descendant of that local name, or an empty string."""
    for child in node.iter():
        if child is not node and _local(child) == name and child.text:
            return child.text.strip()
    return ""


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
