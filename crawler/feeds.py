"""Feed documents to entries, from bytes only: nothing here fetches anything.

Well-formed feeds are read by expat, a hundred times cheaper than feedparser; what is not
well-formed goes to feedparser, which forgives. Items that the last visit read are set aside
before either (``crawler.feed_sift``). A document that declares entities is refused
before either sees it: no feed needs them, and entity bombs do.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from crawler.charset import decode
from crawler.entries import Entry, RawEntry, refine
from crawler.feed_forgiving import read_forgiving
from crawler.feed_json import read_json
from crawler.feed_sift import item_hash, sift
from crawler.feed_strict import NotAFeedTreeError, read_tree
from crawler.sitemaps import Child
from domain.errors import FeedError

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_HTML = re.compile(r"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_FEED_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_XML_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ITEM_OPEN = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ITEM_CLOSE = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_HEAD = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed that was read. ``entries`` are in document order, each link once.

    ``items`` are the hashes of all items of a well-formed document, for the next visit to know
    them by; ``entries`` leaves out those that were known.
    """

    kind: str  # rss, rdf, atom, json, or feedparser's name of the version
    title: str
    entries: tuple[Entry, ...]
    listed: int  # entries the document holds, usable or not
    bozo: str = ""  # why the document is not well-formed; empty when it is
    encoding: str = "utf-8"
    ttl_seconds: float | None = None  # how long the feed asks to be left alone
    next_page: str | None = None  # the list goes on there
    children: tuple[Child, ...] = ()  # of a sitemap index
    items: tuple[str, ...] = ()
    known: int = 0  # items left out, counted in ``listed``


def parse_feed(
    body: bytes, url: str, content_type: str = "", known: Collection[str] = ()
) -> ParsedFeed:
    """Read a feed document. ``url`` is its final address, ``content_type`` the HTTP header.

    Items whose hashes are ``known`` are not read again.

    Raises FeedError when the document is no feed: empty, HTML, other XML or JSON, bombs.
    """
    if not body.strip():
        raise FeedError("empty body where a feed was expected", url=url)
    sifted = sift(body, known)
    if sifted is not None and sifted.known:
        text, encoding = decode(sifted.body, content_type)
        feed = _read_new(text, url, encoding)
        if feed is not None:
            listed = feed.listed + sifted.known
            return replace(feed, listed=listed, items=sifted.items, known=sifted.known)
    text, encoding = decode(body, content_type)
    text = text.lstrip("\ufeff \t\r\n\x00")
    if text.startswith(("{", "[")):
        return _read_json(text, url, encoding, known)
    _refuse_others(text, url)
    feed = _read_xml(text, url, encoding)
    return feed if sifted is None or feed.bozo else replace(feed, items=sifted.items)


def _refuse_others(text: str, url: str) -> None:
    if _HTML.match(text[:_HEAD]):
        raise FeedError("an HTML page where a feed was expected", url=url)
    if _ENTITY.search(text):
        raise FeedError("the feed declares XML entities, which is refused", url=url)
    if not _FEED_ROOT.search(text[: 4 * _HEAD]):
        raise FeedError("the document is no feed", url=url)


def _read_new(text: str, url: str, encoding: str) -> ParsedFeed | None:
    """Read what is left of a feed without its known items; None: the whole is to be read.

    Without the rest an encoding cannot be guessed as well: only UTF-8 is beyond doubt.
    """
    text = text.lstrip("\ufeff \t\r\n\x00")
    if encoding not in ("utf-8", "ascii") or not text.startswith("<"):
        return None
    try:
        _refuse_others(text, url)
        feed = _read_strictly(text, url, encoding)
    except FeedError:
        return None
    return feed if isinstance(feed, ParsedFeed) else None


def _read_json(text: str, url: str, encoding: str, known: Collection[str]) -> ParsedFeed:
    kind, title, ttl, raws = read_json(text, url)
    hashes = [item_hash(repr(raw).encode("utf-8", "replace")) for raw in raws]
    new = [raw for raw, item in zip(raws, hashes, strict=True) if item not in known]
    feed = _assemble((kind, title, ttl, new), url, encoding, bozo="")
    return replace(feed, listed=len(raws), items=tuple(hashes), known=len(raws) - len(new))


def _read_strictly(text: str, url: str, encoding: str) -> ParsedFeed | str:
    """Return the feed, or why the document is not well-formed."""
    undeclared = _DECLARATION.sub("", text, count=1)
    try:
        root = ElementTree.fromstring(undeclared.encode())  # noqa: S314 - entities are refused above
        return _assemble(read_tree(root), url, encoding, bozo="")
    except NotAFeedTreeError as error:
        raise FeedError(str(error), url=url) from None
    except (ElementTree.ParseError, UnicodeEncodeError, RecursionError, ValueError) as error:
        return f"not well-formed: {error}"


def _read_xml(text: str, url: str, encoding: str) -> ParsedFeed:
    feed = _read_strictly(text, url, encoding)
    if isinstance(feed, ParsedFeed):
        return feed
    bozo = feed
    plain = _XML_CONTROLS.sub("", _DECLARATION.sub("", text, count=1))
    reading = read_forgiving(_without_half_item(plain), url)
    feed = _assemble(reading, url, encoding, bozo=bozo)
    if not feed.entries:
        raise FeedError(f"the feed is broken and no entry is whole ({bozo})", url=url)
    return feed


def _without_half_item(text: str) -> str:
    """Cut an item that the document ends in: half a text is not the text."""
    opened = max((m.start() for m in _ITEM_OPEN.finditer(text)), default=-1)
    closed = max((m.start() for m in _ITEM_CLOSE.finditer(text)), default=-1)
    return text[:opened] if opened > closed else text


def _assemble(
    reading: tuple[str, str, float | None, list[RawEntry]], url: str, encoding: str, *, bozo: str
) -> ParsedFeed:
    kind, title, ttl, raws = reading
    entries: dict[str, Entry] = {}
    for raw in raws:
        if bozo and not (raw.link.strip() and raw.title.strip()):
            continue  # of a broken document only what is surely whole is kept
        entry = refine(raw, url)
        if entry is not None:
            entries.setdefault(entry.link, entry)
    return ParsedFeed(
        kind=kind,
        title=title,
        entries=tuple(entries.values()),
        listed=len(raws),
        bozo=bozo,
        encoding=encoding,
        ttl_seconds=ttl,
    )
