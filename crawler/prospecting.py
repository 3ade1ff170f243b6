"""From an address that a person names to the ways into its outlet, checked by reading them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from crawler.discovery import Being, Look
from crawler.entries import Entry
from crawler.families import FAMILIES
from crawler.fetching import RefusedError
from crawler.urls import host_of
from crawler.ways import Kind, Listing, Reader, Way
from domain.errors import CrawlError, FeedError

SHOWN = 3  # titles
_COMMON_FEEDS = (
    "feed/",
    "rss",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "fr/feed",
    "ar/feed",
    "index.xml",
)
_COMMON_SITEMAPS = ("news-sitemap.xml", "sitemap-news.xml", "sitemap_index.xml", "sitemap.xml")
_MOST_ANNOUNCED = 6
_MOST_SITEMAPS = 6
_OLDEST = datetime.min.replace(tzinfo=UTC)

Looks = Callable[[str], Awaitable[tuple[str, Look]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """An outlet that can be read: how, and what it would give today."""

    home: str
    way: Way
    name: str = ""  # as it calls itself, maybe empty
    language: str = ""  # as its pages declare it, maybe empty
    family: str = ""
    entries: tuple[Entry, ...] = ()  # newest first

    @property
    def newest(self) -> tuple[Entry, ...]:
        """The articles that it would read first."""
        return self.entries[:SHOWN]


class Prospector:
    """Looks for the best way in: a feed, else a sitemap with news, else a page of links.

    ``looks`` fetches an address and says what it is; ``sitemaps`` returns those that robots.txt
    of an address's host names.
    """

    def __init__(
        self, *, reader: Reader, looks: Looks, sitemaps: Callable[[str], Awaitable[Sequence[str]]]
    ) -> None:
        self._reader = reader
        self._looks = looks
        self._sitemaps = sitemaps

    async def prospect(self, url: str) -> Prospect:
        """Return the best way in. Raises CrawlError when nothing can be read."""
        url, look = await self._looks(url)
        if look.being is Being.PAGE:
            return await self._from_page(url, look)
        kind = Kind.FEED if look.being is Being.FEED else Kind.SITEMAP
        listing = await self._reader.read(Way(kind=kind, url=url), {}, ask=False)
        home = urljoin(url, "/")
        try:
            _, about = await self._looks(home)
        except CrawlError:
            about = Look(being=Being.PAGE)
        return _prospect(home, listing, replace(about, name=look.name or about.name))

    async def _from_page(self, url: str, look: Look) -> Prospect:
        root = urljoin(url, "/")
        feed = await self._first(Kind.FEED, self._feeds(url, root, look))
        if feed is not None:
            is_of_page = feed.way.url.startswith(url)
            return _prospect(url if is_of_page else root, feed, look)
        places = [*await self._sitemaps(url), *(root + path for path in _COMMON_SITEMAPS)]
        likely = _unique(places)[:_MOST_SITEMAPS]
        sitemap = await self._first(Kind.SITEMAP, likely, _pattern_of(look))
        if sitemap is not None:
            return _prospect(root, sitemap, look)
        section = await self._section(url, look)
        if section is not None:
            return _prospect(root, section, look)
        raise FeedError(
            "no feed, no sitemap and no list of articles was found; name one of its section pages",
            url=url,
        )

    def _feeds(self, url: str, root: str, look: Look) -> list[str]:
        """Return the addresses at which a feed may be: of the very page before the outlet's."""
        announced = sorted(look.feeds, key=lambda feed: not feed.startswith(url))
        family = FAMILIES.get(look.family)
        usual = family.feeds if family is not None else ()
        guessed = (root + path for path in (*usual, *_COMMON_FEEDS))
        return _unique([*announced[:_MOST_ANNOUNCED], *guessed])

    async def _first(
        self, kind: Kind, urls: Sequence[str], article_url: str = ""
    ) -> Listing | None:
        """Return the first that lists something."""
        for url in urls:
            way = Way(kind=kind, url=url, article_url=article_url)
            listing = await self._try(way)
            if listing is not None and listing.entries:
                return listing
        return None

    async def _section(self, url: str, look: Look) -> Listing | None:
        if not look.article_url:
            return None
        hosts = frozenset({host_of(url)})
        way = Way(kind=Kind.SECTION, url=url, article_url=look.article_url, hosts=hosts)
        return await self._try(way)

    async def _try(self, way: Way) -> Listing | None:
        try:
            return await self._reader.read(way, {}, ask=False)
        except RefusedError as error:
            if error.wait is not None:
                raise  # the host asked to be left alone
            return None


def _prospect(home: str, listing: Listing, look: Look) -> Prospect:
    newest = sorted(listing.entries, key=lambda e: e.published_at or _OLDEST, reverse=True)
    return Prospect(
        home=home,
        way=replace(listing.way, url=listing.moved_to or listing.way.url),
        name=look.name,
        language=look.language,
        family=look.family,
        entries=tuple(newest),
    )


def _pattern_of(look: Look) -> str:
    """A plain sitemap lists every page: what is an article must be known, or a title be given."""
    family = FAMILIES.get(look.family)
    usual = family.article_url if family is not None else ""
    return look.article_url or usual or r"(?!)"


def _unique(urls: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(url for url in urls if urlsplit(url).scheme in ("http", "https")))
