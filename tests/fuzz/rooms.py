"""What is fuzzed: bytes into a room, and what must hold of whatever comes out.

Each target takes any bytes. A refusal is a value or an error of marsad's own tree; anything
else that leaves a room, or a value beyond its limits, is a finding.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from crawler import jobs
from crawler.dates import read_date
from crawler.entries import NAMED, SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT, Entry
from crawler.extraction import PageText
from crawler.feeds import ParsedFeed
from crawler.opml import OpmlError, read_opml
from crawler.ports import RobotsRecord
from crawler.robots import read_rules
from crawler.sitemaps import Sitemap
from crawler.urls import resolve_link, url_key
from domain.article import Document
from domain.errors import ConfigError
from marsad.config import load_config
from matcher.judge import Matcher
from matcher.rulefile import load_rules
from matcher.searching import parse_search
from matcher.syntax import QueryError, read_query

Target = Callable[[bytes], None]
URL = "https://outlet.example/list/feed"
_CONTROLS = {*map(chr, range(9)), *map(chr, range(11, 32)), "\x7f"}
_NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
_TYPES = ("", "application/rss+xml", "text/html; charset=windows-1256", "text/xml; charset=utf-16")
_SECRET = "T0SECRETWORD"
_ITEMS = 5000  # of one feed


def feed(data: bytes) -> None:
    """A feed, read as new and read again by someone who knows its first half."""
    kind, body = _typed(data)
    parsed = jobs.read_feed(body, URL, kind)
    if not isinstance(parsed, ParsedFeed):
        _one_line(parsed.reason)
        return
    assert len(parsed.entries) <= min(parsed.listed, _ITEMS)
    _entries(parsed.entries)
    known = parsed.items[: len(parsed.items) // 2]
    again = jobs.read_feed(body, URL, kind, known)
    assert isinstance(again, ParsedFeed), "what was a feed is one for whoever knows it"


def lists(data: bytes) -> None:
    """A sitemap, an index page, an archive page; what an unknown address is."""
    kind, body = _typed(data)
    sitemap = jobs.read_sitemap(body, URL, kind, 50, r"/\d{4}/")
    if isinstance(sitemap, Sitemap):
        assert len(sitemap.entries) <= 50
        _entries(sitemap.entries)
        _links([child.url for child in sitemap.children])
    archive = jobs.read_archive(body, URL, r"/\d{4}/", kind, frozenset({"outlet.example"}))
    if isinstance(archive, ParsedFeed):
        _entries(archive.entries)
        _links([archive.next_page] if archive.next_page else [])
    jobs.look_at(body, URL, kind)


def page(data: bytes) -> None:
    """An article's page."""
    kind, body = _typed(data)
    read = jobs.read_page(body, URL, kind)
    if not isinstance(read, PageText):
        _one_line(read.reason)
        return
    assert 0 < len(read.text) <= TEXT_LIMIT
    assert len(read.title) <= TITLE_LIMIT
    _clean(read.text)
    _one_line(read.title)
    _links([link for link in (read.canonical_url, read.image) if link])


def small(data: bytes) -> None:
    """What is read beside articles: robots.txt, OPML, dates, addresses."""
    record = RobotsRecord(origin="https://outlet.example", body=data, status=200, fetched_at=_NOW)
    rules = read_rules(record)
    assert rules is not None
    rules.can_fetch("https://outlet.example/2026/1.html?a=b", "marsad")
    rules.crawl_delay("marsad")
    try:
        read_opml(data, "list.opml")
    except OpmlError as error:
        _one_line(str(error))
    text = data.decode("utf-8", "surrogateescape")
    when = read_date(text, now=_NOW).value
    assert when is None or when.utcoffset() == timedelta(0)
    link = resolve_link(text, URL)
    if link is not None:
        _links([link])
        assert url_key(link)
        assert resolve_link(link, URL) == link, "what is resolved stays as it is"


def query(data: bytes) -> None:
    """A query of a rule, and a search of a reader's."""
    text = data.decode("utf-8", "replace")
    try:
        read_query(text)
    except QueryError as error:
        assert error.line >= 1
        assert error.column >= 1
        _one_line(str(error))
    try:
        parse_search(text)
    except ValueError as error:
        assert type(error) is ValueError
        _one_line(str(error))


def rules(data: bytes) -> None:
    """A whole rule file."""
    path = _scratch() / "rule.yaml"
    path.write_bytes(data)
    try:
        load_rules([path], _resolver)
    except ConfigError as error:
        assert error.faults
        for fault in error.faults:
            _one_line(str(fault))


def config(data: bytes) -> None:
    """A configuration, with the secret that it must never tell."""
    path = _scratch() / "config.yaml"
    path.write_bytes(data)
    try:
        load_config(path, {"SLACK_WEBHOOK_URL": f"https://hooks.slack.com/services/{_SECRET}"})
    except ConfigError as error:
        for fault in error.faults:
            _one_line(str(fault))
            assert _SECRET not in str(fault)


def judge(data: bytes) -> None:
    """A text before the bundled rules: evidence stands where it says."""
    text = data.decode("utf-8", "surrogateescape")
    title, _, body = text.partition("\n")
    verdict = _matcher().judge(Document(title=title, text=body))
    for match in verdict.matches:
        assert 0.0 <= match.score <= 1.0
        for proof in match.evidence:
            field = title if proof.field == "title" else body
            assert field[proof.start : proof.end] == proof.text


TARGETS: dict[str, Target] = {
    target.__name__: target for target in (feed, lists, page, small, query, rules, config, judge)
}


def _typed(data: bytes) -> tuple[str, bytes]:
    """The first byte says as what the server serves the rest."""
    return (_TYPES[data[0] % len(_TYPES)], data[1:]) if data else ("", b"")


def _entries(entries: Sequence[Entry]) -> None:
    for entry in entries:
        assert len(entry.title) <= TITLE_LIMIT
        assert len(entry.summary) <= SUMMARY_LIMIT
        assert len(entry.text) <= TEXT_LIMIT
        _one_line(entry.title)
        _clean(entry.summary + entry.text)
        if not entry.link.startswith(NAMED):
            _links([entry.link])
        assert entry.published_at is None or entry.published_at.tzinfo is not None


def _links(links: Sequence[str]) -> None:
    for link in links:
        assert link.startswith(("http://", "https://")), link
        _one_line(link)


def _one_line(text: str) -> None:
    assert not {"\n", "\r"} & set(text), text
    _clean(text)


def _clean(text: str) -> None:
    assert _CONTROLS.isdisjoint(text), text
    text.encode()  # a half of a letter cannot be stored


@cache
def _matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


@cache
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="marsad-fuzz-"))


def _resolver(phrases: Sequence[str]) -> Callable[[str], int]:
    del phrases

    def resolve(name: str) -> int:
        if name.startswith("@un"):
            raise ValueError(f"unknown name {name}")
        return 1 << zlib.crc32(name.encode("utf-8", "replace")) % 64

    return resolve
