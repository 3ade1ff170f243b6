"""What a page says of itself: JSON-LD, Open Graph, ``time[datetime]``, and visible dates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from crawler.blocks import clean, plain_text, plain_title
from crawler.dates import read_date
from crawler.urls import resolve_link

_LD_LIMIT = 500_000  # characters of one JSON-LD script
_LD_ITEMS = 300
_DATE_METAS = (
    "article:published_time",
    "og:article:published_time",
    "datePublished",
    "date",
    "pubdate",
    "publishdate",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "sailthru.date",
    "parsely-pub-date",
)
_TIME_CSS = "time[itemprop=datePublished], time[pubdate], article time[datetime], time[datetime]"
_VISIBLE_CSS = (
    "[itemprop=datePublished], [class*=date], [class*=Date], [class*=published], [class*=time-]"
)
_VISIBLE_TRIES = 6
_AUTHOR_LIMIT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A page about itself. Empty and None where it says nothing that can be believed."""

    title: str = ""
    published_at: datetime | None = None
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    body: str = ""  # JSON-LD articleBody, as plain text


def read_metadata(tree: LexborHTMLParser, url: str) -> Metadata:
    """Read what ``tree`` says of itself; ``url`` is the page's final address."""
    article = _article_item(tree)
    metas = _metas(tree)
    site = metas.get("og:site_name", "")
    return Metadata(
        title=_title(tree, article, metas, site),
        published_at=_published(tree, article, metas),
        canonical_url=_canonical(tree, metas, url),
        authors=_authors(article, metas),
        body=plain_text(_string(article.get("articleBody"))),
    )


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        content = attributes.get("content")
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _article_item(tree: LexborHTMLParser) -> dict[str, object]:
    """Return the JSON-LD item that is an article, or an empty dict."""
    for node in tree.css('script[type="application/ld+json"]'):
        source = node.text() or ""
        if len(source) > _LD_LIMIT:
            continue
        try:
            data = json.loads(source, strict=False)
        except (ValueError, RecursionError):
            continue
        for item in _items(data):
            kind = item.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if any(
                isinstance(k, str) and k.endswith(("Article", "Posting", "Report")) for k in kinds
            ):
                return item
    return {}


def _items(data: object) -> Iterator[dict[str, object]]:
    """Walk lists and ``@graph`` without recursion; both may be nested by malice."""
    stack, seen = [data], 0
    while stack and seen < _LD_ITEMS:
        seen += 1
        top = stack.pop()
        if isinstance(top, list):
            stack.extend(reversed(top[:_LD_ITEMS]))
        elif isinstance(top, dict):
            yield top
            stack.extend(top[key] for key in ("@graph", "mainEntity") if key in top)


def _title(
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str], site: str
) -> str:
    heading = tree.css_first("h1")
    page = tree.css_first("head > title")
    candidates = (
        _string(article.get("headline")),
        metas.get("og:title", ""),
        heading.text(separator=" ") if heading is not None else "",
        page.text() if page is not None else "",
    )
    for candidate in candidates:
        title = plain_title(candidate)
        for mark in (" - ", " | ", " – ", " — "):
            title = title.removesuffix(f"{mark}{site.strip()}") if site.strip() else title
        if title:
            return title
    return ""


def _published(
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str]
) -> datetime | None:
    for text in _dates(tree, article, metas):
        value = read_date(text).value
        if value is not None:
            return value
    return None


def _dates(
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str]
) -> Iterator[str]:
    yield _string(article.get("datePublished"))
    for name in _DATE_METAS:
        yield metas.get(name.lower(), "")
    for node in tree.css(_TIME_CSS)[:2]:
        yield node.attributes.get("datetime") or node.text()
    for node in tree.css(_VISIBLE_CSS)[:_VISIBLE_TRIES]:
        yield clean(node.text(separator=" "))[:120]


def _canonical(tree: LexborHTMLParser, metas: dict[str, str], url: str) -> str | None:
    node = tree.css_first("link[rel=canonical][href]")
    href = (node.attributes.get("href") if node is not None else None) or metas.get("og:url")
    return resolve_link(href, url) if href else None


def _authors(article: dict[str, object], metas: dict[str, str]) -> tuple[str, ...]:
    listed = article.get("author")
    people = listed if isinstance(listed, list) else [listed]
    names = [_string(p.get("name")) if isinstance(p, dict) else _string(p) for p in people]
    names.append(metas.get("author", ""))
    plain = (plain_title(name, 120) for name in names if not name.startswith("http"))
    return tuple(dict.fromkeys(name for name in plain if name))[:_AUTHOR_LIMIT]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
