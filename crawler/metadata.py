"""What a page says of itself: JSON-LD, Open Graph, ``time[datetime]``, and visible dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from crawler.blocks import clean, plain_text, plain_title
from crawler.dates import read_date
from crawler.urls import resolve_link
from domain.source import Selectors

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
_CHANGE_METAS = ("article:modified_time", "og:updated_time", "dateModified", "last-modified")
_SECTION_LIMIT = 80
_BYLINE = re.compile(r"^(?:par|by|بقلم|كتب)\s*:?\s+", re.IGNORECASE)
_TIME_CSS = "time[itemprop=datePublished], time[pubdate], article time[datetime], time[datetime]"
_VISIBLE_CSS = (
    "[itemprop=datePublished], [class*=date], [class*=Date], [class*=published], [class*=time-]"
)
_VISIBLE_TRIES = 6
_AUTHOR_LIMIT = 10
NO_SELECTORS = Selectors()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A page about itself. Empty and None where it says nothing that can be believed."""

    title: str = ""
    published_at: datetime | None = None
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    section: str = ""
    modified_at: datetime | None = None
    image: str | None = None
    body: str = ""  # JSON-LD articleBody, as plain text


def read_metadata(
    tree: LexborHTMLParser, url: str, selectors: Selectors = NO_SELECTORS
) -> Metadata:
    """Read what ``tree`` says of itself; ``url`` is the page's final address.

    The outlet's ``selectors`` are asked where the page declares nothing.
    """
    article = _article_item(tree)
    metas = _metas(tree)
    site = metas.get("og:site_name", "")
    return Metadata(
        title=_title(tree, article, metas, site, selectors.title),
        published_at=_published(tree, article, metas, selectors.date),
        canonical_url=_canonical(tree, metas, url),
        authors=_authors(tree, article, metas, selectors.author),
        section=_section(tree, article, metas, selectors.section),
        modified_at=_modified(article, metas),
        image=_image(article, metas, url),
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
    tree: LexborHTMLParser,
    article: dict[str, object],
    metas: dict[str, str],
    site: str,
    css: str,
) -> str:
    heading = tree.css_first("h1")
    page = tree.css_first("head > title")
    candidates = (
        _string(article.get("headline")),
        metas.get("og:title", ""),
        _text_of(tree, css),
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
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str], css: str
) -> datetime | None:
    return _first_date(_dates(tree, article, metas, css))


def _modified(article: dict[str, object], metas: dict[str, str]) -> datetime | None:
    return _first_date((_string(article.get("dateModified")), *_named(metas, _CHANGE_METAS)))


def _first_date(texts: Iterable[str]) -> datetime | None:
    values = (read_date(text).value for text in texts if text)
    return next((value for value in values if value is not None), None)


def _named(metas: dict[str, str], names: Iterable[str]) -> Iterator[str]:
    return (metas.get(name.lower(), "") for name in names)


def _dates(
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str], css: str
) -> Iterator[str]:
    yield _string(article.get("datePublished"))
    yield from _named(metas, _DATE_METAS)
    for node in tree.css(css)[:2] if css else ():
        yield node.attributes.get("datetime") or clean(node.text(separator=" "))[:120]
    for node in tree.css(_TIME_CSS)[:2]:
        yield node.attributes.get("datetime") or node.text()
    for node in tree.css(_VISIBLE_CSS)[:_VISIBLE_TRIES]:
        yield clean(node.text(separator=" "))[:120]


def _canonical(tree: LexborHTMLParser, metas: dict[str, str], url: str) -> str | None:
    node = tree.css_first("link[rel=canonical][href]")
    href = (node.attributes.get("href") if node is not None else None) or metas.get("og:url")
    return resolve_link(href, url) if href else None


def _authors(
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str], css: str
) -> tuple[str, ...]:
    listed = article.get("author")
    people = listed if isinstance(listed, list) else [listed]
    names = [_string(p.get("name")) if isinstance(p, dict) else _string(p) for p in people]
    names.append(metas.get("author", ""))
    plain = [plain_title(name, 120) for name in names if not name.startswith("http")]
    found = tuple(dict.fromkeys(name for name in plain if name))[:_AUTHOR_LIMIT]
    return found or tuple(filter(None, (_BYLINE.sub("", _text_of(tree, css)),)))


def _section(
    tree: LexborHTMLParser, article: dict[str, object], metas: dict[str, str], css: str
) -> str:
    said = article.get("articleSection")
    first = said[0] if isinstance(said, list) and said else said
    found = _string(first) or metas.get("article:section", "") or _text_of(tree, css)
    return plain_title(found, _SECTION_LIMIT)


def _image(article: dict[str, object], metas: dict[str, str], url: str) -> str | None:
    said = article.get("image")
    first = said[0] if isinstance(said, list) and said else said
    named = _string(first.get("url")) if isinstance(first, dict) else _string(first)
    link = metas.get("og:image", "") or named or metas.get("twitter:image", "")
    return resolve_link(link, url) if link else None


def _text_of(tree: LexborHTMLParser, css: str) -> str:
    """Return what the first element says that has a text of its own, in one line."""
    for node in tree.css(css)[:3] if css else ():
        text = plain_title(node.text(separator=" "), 300)
        if text:
            return text
    return ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
