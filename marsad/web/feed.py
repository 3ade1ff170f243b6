"""``/feed.xml``: the hits as an Atom feed (RFC 4287), for whoever reads feeds anyway."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.requests import Request
from starlette.responses import Response

from alerts.cleaning import clean, one_line, safe_link
from domain.asking import HitRow
from domain.time import isoformat
from marsad.web.desk import Desk
from marsad.web.filters import read_filters

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = uuid.UUID("5b0c7a52-6a0a-5d0c-9a68-2a1f0f5f8b11")  # of the ids of our entries
_EMPTY = datetime(2000, 1, 1, tzinfo=UTC)  # when a feed without entries changed last
_LANGUAGES = ("fr", "ar", "en")
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_PLACE = re.compile("((?:[^/?#]*//)?[^/?#]*)(.*)", re.DOTALL)  # scheme and host, then the rest
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedPage:
    """Answers feed readers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def feed(self, request: Request) -> Response:
        """Answer with the hits asked for, newest first."""
        filters = read_filters(request.query_params.multi_items(), self._desk.clock())
        rows = list(self._desk.store.hits(filters.query))
        root = str(request.base_url)
        more = None
        if rows and len(rows) == filters.query.limit:
            more = filters.address("feed.xml", before=rows[-1].hit_id)
        body = atom(rows, root, filters.address("feed.xml"), self._desk.source_names, more)
        return Response(body, media_type=MEDIA_TYPE)


def atom(
    rows: Sequence[HitRow],
    root: str,
    path: str,
    outlets: Mapping[str, str],
    more: str | None = None,
) -> bytes:
    """Return the feed of ``rows``.

    ``root`` is the page's own address, with its slash; ``path`` the feed's and ``more`` that of
    what comes after, both relative to it; ``outlets`` the names of sources by id.
    """
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _text(feed, "id", f"urn:uuid:{uuid.uuid5(_NAMESPACE, root + path)}")
    _text(feed, "title", "marsad")
    _text(feed, "subtitle", "What marsad found in the press, newest first")
    _text(feed, "updated", isoformat(max((row.matched_at for row in rows), default=_EMPTY)))
    _text(SubElement(feed, "author"), "name", "marsad")
    _text(feed, "generator", "marsad")
    SubElement(feed, "link", {"rel": "self", "type": MEDIA_TYPE, "href": root + path})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": root})
    if more is not None:
        SubElement(feed, "link", {"rel": "next", "type": MEDIA_TYPE, "href": root + more})
    for row in rows:
        feed.append(_entry(row, root, one_line(outlets.get(row.outlet, "")) or row.outlet))
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(row: HitRow, root: str, outlet: str) -> Element:
    language = row.language if row.language in _LANGUAGES else "und"
    entry = Element("entry", {"xml:lang": language})
    ident = uuid.uuid5(_NAMESPACE, f"{row.rule} {row.url}")
    _text(entry, "id", f"urn:uuid:{ident}")
    _text(entry, "title", one_line(row.title, 300) or outlet)
    _text(entry, "updated", isoformat(row.matched_at))
    if row.published_at is not None:
        _text(entry, "published", isoformat(row.published_at))
    _text(SubElement(entry, "author"), "name", outlet)
    own = f"{root}hits/{row.hit_id}"
    SubElement(entry, "link", {"rel": "alternate", "href": _iri(safe_link(row.url)) or own})
    SubElement(entry, "link", {"rel": "related", "type": "text/html", "href": own})
    for term in filter(None, map(_written, (*row.partners, *row.activities))):
        SubElement(entry, "category", {"term": term})
    _text(entry, "summary", clean(row.snippet))
    return entry


def _iri(url: str) -> str:
    """Escape what browsers forgive and RFC 3987 does not: a lone percent sign, brackets."""
    host, path = _PLACE.fullmatch(_LONE_PERCENT.sub("%25", url)).groups()  # type: ignore[union-attr]
    return f"{host}{path.replace('[', '%5B').replace(']', '%5D')}"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _written(text)


def _written(text: str) -> str:
    return _UNWRITABLE.sub("", text)
