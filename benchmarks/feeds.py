"""Feed parsing: what is read of every feed file at hand, and what it costs beside feedparser.

    python -m benchmarks.feeds [--shared ../shared]

CPU time, one process. The corpora are other people's test files, read in place.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import Counter
from pathlib import Path

import feedparser

from benchmarks.figures import keep
from crawler.feeds import parse_feed
from domain.errors import FeedError

FOLDERS = ("feedparser", "feedvalidator", "reader", "xml-attacks", "scrapy-compressed")
ENDINGS = {".xml", ".rss", ".atom", ".rdf", ".json"}
WORDS = {
    "fr": "Le ministre de la Défense a reçu mardi à Alger une délégation militaire conduite par ",
    "ar": "استقبل وزير الدفاع الوطني يوم الثلاثاء بالجزائر العاصمة وفدا عسكريا برئاسة ",
}


def corpus(shared: Path) -> None:
    started, outcome, entries = time.process_time(), Counter[str](), 0
    slowest = (0.0, "")
    for folder in FOLDERS:
        for path in sorted((shared / "data" / folder).rglob("*")):
            if path.suffix.lower() not in ENDINGS:
                continue
            begin = time.process_time()
            try:
                feed = parse_feed(path.read_bytes(), f"https://feeds.example/{path.name}")
            except FeedError as error:
                outcome[f"refused: {str(error)[:46]}"] += 1
            else:
                outcome["bozo" if feed.bozo else "well-formed"] += 1
                entries += len(feed.entries)
            slowest = max(slowest, (time.process_time() - begin, path.name))
    cpu = time.process_time() - started
    print(f"{sum(outcome.values())} files, {entries} entries, {cpu:.1f} s CPU")
    print(f"slowest: {slowest[1]} {slowest[0]:.2f} s")
    for name, count in outcome.most_common(12):
        print(f"  {count:5} {name}")


def wordpress(language: str, items: int, *, full: bool) -> bytes:
    """A feed of the shape that WordPress gives, full or teasers only."""
    sentence = WORDS[language]
    paragraph = (
        f'<p class="wp-block-paragraph">{sentence * 2}<a href="https://press.example/tag/x/" '
        f'target="_blank" rel="noopener">{sentence}</a><strong>{sentence}</strong></p>\n'
        '<figure class="wp-block-image"><img decoding="async" src="/i.jpg" alt="x"/></figure>\n'
    )
    content = f"<content:encoded><![CDATA[{paragraph * 8}]]></content:encoded>" if full else ""
    blocks = "".join(
        f"<item><title>{sentence}{n}</title><link>https://press.example/{language}/{n}/</link>"
        f"<pubDate>Tue, 08 Sep 2026 10:{n % 60:02}:00 +0000</pubDate><dc:creator>X</dc:creator>"
        f"<guid isPermaLink='false'>https://press.example/?p={n}</guid>"
        f"<description><![CDATA[<p>{sentence * 3}</p>]]></description>{content}</item>"
        for n in range(items)
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>P</title>"
        f"<link>https://press.example/</link>{blocks}</channel></rss>"
    ).encode()


def one_new(language: str, items: int, *, full: bool) -> tuple[bytes, bytes]:
    """A feed, and the same feed one article later: the oldest is gone, the build date is new."""
    whole = wordpress(language, items + 1, full=full)
    first = whole.index(b"<item>")
    second = whole.index(b"<item>", first + 1)
    last = whole.rindex(b"<item>")
    end = whole.rindex(b"</item>") + len(b"</item>")
    old = whole[:first] + whole[second:]
    new = whole[:last] + whole[end:]
    return old, new.replace(
        b"<title>P</title>", b"<title>P</title><lastBuildDate>x</lastBuildDate>"
    )


def cost(body: bytes, rounds: int = 5) -> tuple[float, float]:
    """Median CPU milliseconds of ours and of feedparser's defaults on ``body``."""
    ours, theirs = [], []
    for _ in range(rounds):
        begin = time.process_time()
        parse_feed(body, "https://press.example/feed/")
        middle = time.process_time()
        feedparser.parse(body)
        ours.append(middle - begin)
        theirs.append(time.process_time() - middle)
    return sorted(ours)[rounds // 2] * 1000, sorted(theirs)[rounds // 2] * 1000


def steady_cost(old: bytes, new: bytes, rounds: int = 9) -> tuple[list[float], list[float]]:
    """CPU milliseconds a round of reading ``new``, ``old`` being known, and of feedparser's."""
    known = frozenset(parse_feed(old, "https://press.example/feed/").items)
    ours, theirs = [], []
    for _ in range(rounds):
        begin = time.process_time()
        feed = parse_feed(new, "https://press.example/feed/", "", known)
        middle = time.process_time()
        feedparser.parse(new)
        ours.append(middle - begin)
        theirs.append(time.process_time() - middle)
        assert len(feed.entries) == 1, feed.known
    return [each * 1000 for each in ours], [each * 1000 for each in theirs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", default=os.environ.get("MARSAD_SHARED", "../shared"), type=Path)
    corpus(parser.parse_args().shared)
    polls: list[list[float]] = []
    for language in ("fr", "ar"):
        for full in (True, False):
            body = wordpress(language, 50, full=full)
            ours, theirs = cost(body)
            name = f"{language}, 50 items, {'full content' if full else 'teasers'}"
            print(f"{name}: {ours:.1f} ms, feedparser {theirs:.1f} ms: {theirs / ours:.0f}x")
            reads, parses = steady_cost(*one_new(language, 50, full=full))
            ratios = [b / a for a, b in zip(reads, parses, strict=True)]
            ours, theirs, ratio = map(statistics.median, (reads, parses, ratios))
            print(f"  one of them new: {ours:.2f} ms, {theirs:.1f} ms: {ratio:.0f}x")
            polls.append(ratios)
    keep("feeds", {"poll": min(polls, key=statistics.median)})  # the dearest kind of feed


if __name__ == "__main__":
    main()
