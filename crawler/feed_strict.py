"""A well-formed feed as an element tree, to raw entries: RSS 0.9x, 1.0, 2.0 and Atom."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

from crawler.blocks import plain_title
from crawler.entries import RawEntry

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ORIGINAL = "{http://rssnamespace.org/feedburner/ext/1.0}origLink"
_MAX_ITEMS = 5000


class NotAFeedTreeError(Exception):
    """The root element is not that of a feed."""


def read_tree(root: Element) -> tuple[str, str, float | None, list[RawEntry]]:
    """Return kind, title, wished pause in seconds and the raw entries. Raises NotAFeedTreeError."""
    name = _local(root)
    if name == "feed":
        base = root.get(_XML_BASE, "")
        entries = [_atom_entry(e, base) for e in _children(root, "entry")]
        return "atom", plain_title(_text(root, "title")), None, entries
    if name in ("rss", "channel", "rdf"):
        channel = root if name == "channel" else _first(root, "channel")
        home = root if channel is None else channel
        items = [*_children(home, "item"), *(() if home is root else _children(root, "item"))]
        if channel is None and not items:
            raise NotAFeedTreeError(f"<{name}> without a channel is no feed")
        raws = [_rss_item(item) for item in items[:_MAX_ITEMS]]
        return (
            "rdf" if name == "rdf" else "rss",
            plain_title(_text(home, "title")),
            _ttl(home),
            raws,
        )
    raise NotAFeedTreeError(f"the document is <{name}>, not a feed")


def _rss_item(item: Element) -> RawEntry:
    found: dict[str, str] = {}
    authors: list[str] = []
    for child in item:
        name, text = _local(child), _inner(child)
        if child.tag == _CONTENT:
            found["content"] = text
        elif name in ("creator", "author"):
            authors.append(text)
        elif child.tag == _ORIGINAL:
            found["original"] = text
        elif name == "link" and not text.strip():
            _keep(found, "link", child.get("href", ""))
        elif name in ("link", "guid", "title", "description", "pubdate", "date", "published"):
            if name == "guid":
                found["permalink"] = child.get("isPermaLink", "true")
            _keep(found, name, text)
    return RawEntry(
        link=found.get("original") or found.get("link", ""),
        base=item.get(_XML_BASE, ""),
        title=found.get("title", ""),
        description=found.get("description", ""),
        content=found.get("content", ""),
        date=found.get("pubdate") or found.get("date") or found.get("published", ""),
        authors=tuple(authors),
        guid=found.get("guid", ""),
        guid_is_link=found.get("permalink", "").strip().lower() == "true",
    )


def _keep(found: dict[str, str], name: str, text: str) -> None:
    """Keep the first value that says something: media and itunes repeat these names later."""
    if text.strip():
        found.setdefault(name, text)


def _atom_entry(entry: Element, base: str) -> RawEntry:
    authors = [_text(author, "name") for author in _children(entry, "author")]
    dates = (_text(entry, name) for name in ("published", "issued", "updated", "modified"))
    content = _first(entry, "content")
    original = entry.find(_ORIGINAL)
    link = (original.text or "") if original is not None else _atom_link(entry)
    return RawEntry(
        link=link,
        base=_join_base(base, entry.get(_XML_BASE, "")),
        title=_text(entry, "title"),
        description=_text(entry, "summary"),
        content=_inner(content) if content is not None else "",
        date=next((date for date in dates if date.strip()), ""),
        modified=_text(entry, "updated") or _text(entry, "modified"),
        authors=tuple(authors),
        guid=_text(entry, "id"),
        guid_is_link=True,
    )


def _atom_link(entry: Element) -> str:
    best = ""
    for link in _children(entry, "link"):
        relation = link.get("rel", "alternate")
        if relation != "alternate":
            continue
        if link.get("type", "text/html") in ("text/html", "application/xhtml+xml"):
            return link.get("href", "") or (link.text or "")
        best = best or link.get("href", "")
    return best


def _join_base(outer: str, inner: str) -> str:
    from urllib.parse import urljoin  # noqa: PLC0415 - only the rare feed with xml:base pays

    return urljoin(outer, inner) if outer and inner else inner or outer


def _ttl(channel: Element) -> float | None:
    """Return the seconds for which the channel may be kept.

    ``sy:updatePeriod`` is not read: WordPress writes "hourly" into every feed, whatever comes.
    """
    minutes = _text(channel, "ttl").strip()
    if minutes.isdigit() and len(minutes) < 7:
        return float(minutes) * 60
    return None


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _first(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)


def _text(element: Element, name: str) -> str:
    child = _first(element, name)
    return _inner(child) if child is not None else ""


def _inner(element: Element) -> str:
    """Return an element's text; child elements (Atom xhtml, unescaped HTML) as markup."""
    if len(element) == 0:
        return element.text or ""
    parts = [element.text or ""]
    for child in element:
        _strip_namespaces(child)
        parts.append(tostring(child, encoding="unicode"))
    return "".join(parts)


def _strip_namespaces(element: Element) -> None:
    for node in element.iter():
        if isinstance(node.tag, str):
            node.tag = node.tag.rpartition("}")[2]
