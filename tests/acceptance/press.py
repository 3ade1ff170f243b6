"""A press of 24 outlets on loopback, each a host of its own: every design that there is.

Five formats of feeds, news sitemaps and a sitemap index, section pages with pagination; six
layouts of pages; gzip, brotli and deflate; charsets that are not what they are said to be;
three languages, one from right to left. The texts are generated (``press_words``).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from itertools import pairwise
from random import Random
from typing import Any

import brotli
from aiohttp import web
from press_pages import LAYOUTS, Clutter, Story
from press_words import headline, paragraph

ARTICLES = 12
ON_A_PAGE = 8  # of a section that has pages
DELAY = 0.2  # seconds, configured
CRAWL_DELAY = 0.5  # what one outlet asks for

# language, way in, layout, charset in truth, as declared, packing, validators
ROWS = (
    ("fr", "rss", 0, "utf-8", "utf-8", "gzip", "both"),
    ("ar", "rss", 1, "utf-8", "utf-8", "br", "etag"),
    ("en", "rss", 2, "utf-8", "utf-8", "", "last-modified"),
    ("fr", "rss", 3, "cp1252", "utf-8", "gzip", "etag"),
    ("ar", "rss", 4, "cp1256", "utf-8", "", "etag"),
    ("ar", "rss", 5, "cp1256", "iso-8859-1", "deflate", ""),
    ("fr", "rss-full", 1, "utf-8", "utf-8", "br", "etag"),
    ("ar", "rss-full", 0, "utf-8", "iso-8859-1", "gzip", "both"),
    ("en", "rss-full", 5, "utf-8", "utf-8", "", ""),
    ("fr", "atom", 4, "utf-8", "utf-8", "gzip", "etag"),
    ("ar", "atom", 3, "utf-8", "utf-8", "br", "last-modified"),
    ("fr", "rdf", 2, "cp1252", "iso-8859-1", "", "etag"),
    ("ar", "rdf", 0, "utf-8", "utf-8", "gzip", "both"),
    ("fr", "json", 5, "utf-8", "utf-8", "br", "etag"),
    ("en", "json", 1, "utf-8", "utf-8", "gzip", "last-modified"),
    ("ar", "json", 2, "utf-8", "utf-8", "", "etag"),
    ("fr", "news-sitemap", 0, "utf-8", "utf-8", "gzip", "etag"),
    ("ar", "news-sitemap", 3, "cp1256", "windows-1256", "", "etag"),
    ("fr", "sitemap-index", 4, "utf-8", "utf-8", "br", ""),
    ("en", "sitemap-index", 3, "utf-8", "utf-8", "gzip", ""),
    ("fr", "section", 1, "utf-8", "utf-8", "gzip", "etag"),
    ("ar", "section", 4, "utf-8", "utf-8", "", ""),
    ("fr", "section-paged", 5, "utf-8", "utf-8", "br", ""),
    ("ar", "section-paged", 1, "utf-8", "utf-8", "gzip", ""),
)


@dataclass(slots=True)
class Outlet:
    """One host: what it serves, and what it was asked for."""

    id: str
    host: str
    language: str
    way: str
    layout: int
    charset: str
    declared: str
    packing: str
    validators: str
    stories: list[Story]
    pages: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    asked: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)
    delay: float = DELAY

    def paths(self, *, since: float = 0.0) -> list[str]:
        return [path for at, path, _ in self.asked if at >= since]

    @property
    def list_path(self) -> str:
        """The address at which the outlet's articles are listed."""
        places = {"json": "/feed.json", "news-sitemap": "/news.xml", "sitemap-index": "/map.xml"}
        return places.get(self.way, "/national" if self.way.startswith("section") else "/feed")


class Press:
    """All outlets on one port, told apart by their loopback address."""

    def __init__(self, seed: int = 1) -> None:
        self.port = 0
        self.outlets = [_outlet(number, row, seed) for number, row in enumerate(ROWS)]
        self._by_host = {outlet.host: outlet for outlet in self.outlets}

    def open(self, port: int) -> None:
        """Write every page, now that addresses are known."""
        self.port = port
        for number, outlet in enumerate(self.outlets):
            _write(outlet, f"http://{outlet.host}:{port}", Random(number))

    def sources(self) -> list[dict[str, Any]]:
        """Return the outlets as a configuration names them."""
        return [self._source(outlet) for outlet in self.outlets]

    def _source(self, outlet: Outlet) -> dict[str, Any]:
        home = f"http://{outlet.host}:{self.port}"
        facts: dict[str, Any] = {
            "id": outlet.id,
            "name": outlet.id.title(),
            "url": f"{home}/",
            "language": outlet.language,
            "country": "DZ",
        }
        address = home + outlet.list_path
        if outlet.way.startswith("section"):
            return facts | {"sections": [address], "article_url": r"/\d{4}/\d{2}/.+-\d+\.html$"}
        return facts | {("sitemaps" if "sitemap" in outlet.way else "feeds"): [address]}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        outlet = self._by_host[request.host.partition(":")[0]]
        path = request.path_qs
        outlet.asked.append((time.monotonic(), path, dict(request.headers)))
        found = outlet.pages.get(path) or outlet.pages.get(request.raw_path)
        if found is None:
            return web.Response(status=404, text="no")
        body, kind = found
        headers = _validators(outlet, body) if path == outlet.list_path else {}
        if headers and _is_known(request, headers):
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=_packed(body, outlet.packing),
            headers={"Content-Type": kind, **headers, **_encoding(outlet.packing)},
        )


@asynccontextmanager
async def local_press(seed: int = 1) -> AsyncIterator[Press]:
    press = Press(seed)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", press.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()  # every loopback address is a host
    press.open(runner.addresses[0][1])
    try:
        yield press
    finally:
        await runner.cleanup()


def gaps(outlet: Outlet) -> list[float]:
    """Return the seconds between two requests to the outlet's host."""
    times = sorted(at for at, _, _ in outlet.asked)
    return [later - earlier for earlier, later in pairwise(times)]


def _outlet(number: int, row: tuple[Any, ...], seed: int) -> Outlet:
    language, *facts = row
    rng = Random(seed * 1000 + number)
    stories = [_story(rng, language, n) for n in range(ARTICLES)]
    outlet = Outlet(
        f"outlet-{number:02d}", f"127.1.0.{number + 1}", language, *facts, stories=stories
    )
    if number == 0:
        outlet.delay = CRAWL_DELAY
    return outlet


def _story(rng: Random, language: str, number: int) -> Story:
    title = headline(rng, language)
    published = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=40 * number + 5)
    slug = f"article-{rng.randint(1000, 9999)}" if language != "ar" else "%D8%AE%D8%A8%D8%B1"
    return Story(
        path=f"/{published:%Y/%m}/{slug}-{number + 100}.html",
        title=title,
        paragraphs=tuple(
            paragraph(rng, language, rng.randint(2, 4)) for _ in range(rng.randint(5, 9))
        ),
        author="Nadia B." if language != "ar" else "نادية ب.",
        published=published.isoformat(),
        language=language,
    )


def _write(outlet: Outlet, home: str, rng: Random) -> None:
    clutter = Clutter(rng, outlet.language)
    layout = LAYOUTS[outlet.layout]
    for story in outlet.stories:
        markup = layout(story, clutter, outlet.declared)
        kind = (
            "text/html"
            if outlet.charset != outlet.declared
            else f"text/html; charset={outlet.charset}"
        )
        outlet.pages[story.path] = markup.encode(outlet.charset, "xmlcharrefreplace"), kind
    makers = {
        "atom": _atom,
        "rdf": _rdf,
        "json": _json,
        "news-sitemap": _news,
        "sitemap-index": _index,
    }
    if outlet.way.startswith("section"):
        _sections(outlet, clutter)
    elif outlet.way.startswith("rss"):
        outlet.pages["/feed"] = _rss(outlet, home)
    else:
        makers[outlet.way](outlet, home)
    if outlet.delay != DELAY:
        robots = f"User-agent: *\nCrawl-delay: {outlet.delay}\n"
        outlet.pages["/robots.txt"] = robots.encode(), "text/plain"


def _xml(outlet: Outlet, body: str) -> tuple[bytes, str]:
    text = f"<?xml version='1.0' encoding='{outlet.declared}'?>{body}"
    return text.encode(outlet.charset, "xmlcharrefreplace"), "application/xml"


def _teaser(story: Story) -> str:
    return escape(" ".join(story.paragraphs[0].split()[:18]) + " [...]")


def _rss(outlet: Outlet, home: str) -> tuple[bytes, str]:
    def full(story: Story) -> str:
        if outlet.way != "rss-full":
            return ""
        markup = "".join(f"<p>{escape(p)}</p>" for p in story.paragraphs)
        return f"<content:encoded><![CDATA[{markup}]]></content:encoded>"

    items = "".join(
        f"<item><title>{escape(s.title)}</title><link>{home}{s.path}</link><guid>{home}{s.path}</guid>"
        f"<pubDate>{format_datetime(datetime.fromisoformat(s.published))}</pubDate>"
        f"<description>{_teaser(s)}</description>{full(s)}</item>"
        for s in outlet.stories
    )
    return _xml(
        outlet,
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"<title>P</title><link>{home}/</link>{items}</channel></rss>",
    )


def _atom(outlet: Outlet, home: str) -> None:
    entries = "".join(
        f"<entry><title>{escape(s.title)}</title><link href='{home}{s.path}'/><id>{home}{s.path}</id>"
        f"<updated>{s.published}</updated><summary>{_teaser(s)}</summary></entry>"
        for s in outlet.stories
    )
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>P</title>{entries}</feed>"
    outlet.pages["/feed"] = _xml(outlet, body)


def _rdf(outlet: Outlet, home: str) -> None:
    items = "".join(
        f"<item rdf:about='{home}{s.path}'><title>{escape(s.title)}</title><link>{home}{s.path}</link>"
        f"<description>{_teaser(s)}</description><dc:date>{s.published}</dc:date></item>"
        for s in outlet.stories
    )
    outlet.pages["/feed"] = _xml(
        outlet,
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        f"<channel rdf:about='{home}/'><title>P</title></channel>{items}</rdf:RDF>",
    )


def _json(outlet: Outlet, home: str) -> None:
    items = [
        {"id": s.path, "url": home + s.path, "title": s.title, "date_published": s.published}
        for s in outlet.stories
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "P", "items": items}
    body = json.dumps(feed, ensure_ascii=False).encode()
    outlet.pages["/feed.json"] = body, "application/feed+json"


def _urlset(outlet: Outlet, home: str, stories: list[Story], *, is_news: bool) -> tuple[bytes, str]:
    def told(story: Story) -> str:
        if not is_news:
            return f"<lastmod>{story.published}</lastmod>"
        return (
            f"<news:news><news:publication_date>{story.published}</news:publication_date>"
            f"<news:title>{escape(story.title)}</news:title></news:news>"
        )

    urls = "".join(f"<url><loc>{home}{s.path}</loc>{told(s)}</url>" for s in stories)
    return _xml(
        outlet,
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        f"xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>{urls}</urlset>",
    )


def _news(outlet: Outlet, home: str) -> None:
    outlet.pages["/news.xml"] = _urlset(outlet, home, outlet.stories, is_news=True)


def _index(outlet: Outlet, home: str) -> None:
    """An index of two sitemaps, the newer half of the articles in the second."""
    halves = {
        "/map-1.xml": outlet.stories[ARTICLES // 2 :],
        "/map-2.xml": outlet.stories[: ARTICLES // 2],
    }
    children = ""
    for path, stories in halves.items():
        outlet.pages[path] = _urlset(outlet, home, stories, is_news=False)
        children += (
            f"<sitemap><loc>{home}{path}</loc><lastmod>{stories[0].published}</lastmod></sitemap>"
        )
    outlet.pages["/map.xml"] = _xml(
        outlet,
        f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{children}</sitemapindex>",
    )


def _sections(outlet: Outlet, clutter: Clutter) -> None:
    size = ON_A_PAGE if outlet.way == "section-paged" else ARTICLES
    pages = [outlet.stories[n : n + size] for n in range(0, ARTICLES, size)]
    for number, stories in enumerate(pages, 1):
        cards = "".join(
            f"<div class='card'><a href='{s.path}'><img src='/t.jpg' alt=''></a><h3><a href='{s.path}'>"
            f"{escape(s.title)}</a></h3></div>"
            for s in stories
        )
        following = f"/national?page={number + 1}"
        more = f"<a class='next' rel='next' href='{following}'>»</a>" if number < len(pages) else ""
        markup = (
            f"<!DOCTYPE html><html lang='{outlet.language}'><head><meta charset='utf-8'><title>P</title>"
            f"</head><body><nav>{clutter.navigation()}</nav><main>{cards}<div class='pagination'>{more}"
            "</div></main></body></html>"
        )
        path = "/national" if number == 1 else f"/national?page={number}"
        outlet.pages[path] = markup.encode(), "text/html; charset=utf-8"


def _validators(outlet: Outlet, body: bytes) -> dict[str, str]:
    given = {}
    if outlet.validators in ("etag", "both"):
        given["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if outlet.validators in ("last-modified", "both"):
        given["Last-Modified"] = "Wed, 25 Nov 2026 10:00:00 GMT"
    return given


def _is_known(request: web.Request, headers: dict[str, str]) -> bool:
    pairs = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
    told = [(request.headers.get(name), headers.get(mine)) for name, mine in pairs]
    return any(asked is not None and asked == mine for asked, mine in told)


def _packed(body: bytes, packing: str) -> bytes:
    if packing == "gzip":
        return gzip.compress(body)
    if packing == "br":
        return brotli.compress(body, quality=4)
    return zlib.compress(body) if packing == "deflate" else body


def _encoding(packing: str) -> dict[str, str]:
    return {"Content-Encoding": packing} if packing else {}


def words(text: str) -> dict[str, int]:
    """Return how often each word stands in ``text``; signs at its ends are not of it."""
    counts: dict[str, int] = defaultdict(int)
    for word in text.split():
        plain = word.strip(".,;:!?()[]«»\"'،؛…-|")
        if plain:
            counts[plain] += 1
    return counts
