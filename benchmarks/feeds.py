"""Feed parsing: what is read of every feed file at hand, and what it costs beside other readers.

    python -m benchmarks.feeds [--shared ../shared] [--peers .venv-peers/bin/python]

CPU time. The corpora are other people's test files, read in place. Beside us, on the same bytes
and by turns: feedparser in this process, with ``--peers`` fastfeedparser and the parser of reader
in their own environment, each at its defaults.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import feedparser

from benchmarks.figures import keep, shown
from benchmarks.peer import Peer
from crawler.feeds import parse_feed
from domain.errors import FeedError

FOLDERS = ("feedparser", "feedvalidator", "reader", "xml-attacks", "scrapy-compressed")
ENDINGS = {".xml", ".rss", ".atom", ".rdf", ".json"}
ADDRESS = "https://press.example/feed/"
ITEMS = 50
FIRST, POLL = "marsad, first read", "marsad, one new"
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


def reads(
    old: bytes, new: bytes, peers: Mapping[str, Peer], rounds: int = 9
) -> dict[str, list[float]]:
    """CPU milliseconds a round of reading ``new``; ``old`` is what a poll knows."""
    known = frozenset(parse_feed(old, ADDRESS).items)
    assert len(parse_feed(new, ADDRESS, "", known).entries) == 1
    work: dict[str, Callable[[], object]] = {
        FIRST: lambda: parse_feed(new, ADDRESS),
        POLL: lambda: parse_feed(new, ADDRESS, "", known),
        "feedparser": lambda: feedparser.parse(new),
    }
    costs: dict[str, list[float]] = {name: [] for name in (*work, *peers)}
    with tempfile.NamedTemporaryFile() as file:
        file.write(new)
        file.flush()
        for number in range(rounds + 1):
            took = {name: timed(each) for name, each in work.items()}
            for name, peer in peers.items():
                seconds, entries = peer.ask(file.name).split()
                assert int(entries) == ITEMS, f"{name} read {entries} entries"
                took[name] = float(seconds)
            for name, seconds_taken in took.items():
                if number:  # the first round warms up
                    costs[name].append(seconds_taken * 1000)
    return costs


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of ``work``."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def dearest(costs: Mapping[str, Mapping[str, Sequence[float]]], peer: str) -> list[float]:
    """What ``peer`` takes of a poll, a ratio a round, with the kind of feed that is dearest to us.

    ``costs`` are milliseconds by kind and engine.
    """
    ratios = (
        [theirs / ours for theirs, ours in zip(kind[peer], kind[POLL], strict=True)]
        for kind in costs.values()
    )
    return min(ratios, key=statistics.median)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", default=os.environ.get("MARSAD_SHARED", "../shared"), type=Path)
    parser.add_argument("--peers", type=Path, help="Python that has fastfeedparser and reader")
    given = parser.parse_args()
    corpus(given.shared)
    names = ("fastfeedparser", "reader") if given.peers else ()
    peers = {name: Peer(given.peers, "feed_files.py", name) for name in names}
    costs = {
        f"{language}, {'full content' if full else 'teasers'}": reads(
            *one_new(language, ITEMS, full=full), peers
        )
        for language in ("fr", "ar")
        for full in (True, False)
    }
    for peer in peers.values():
        peer.close()
    print(", ".join(f"{name} {peer.version}" for name, peer in peers.items()))
    engines = (FIRST, POLL, "feedparser", *peers)
    print(f"\n| {ITEMS} items, CPU ms (spread) | {' | '.join(engines)} |")
    print(f"|---|{'---|' * len(engines)}")
    for kind, costs_of_kind in costs.items():
        cells = " | ".join(shown(costs_of_kind[name], 2) for name in engines)
        print(f"| {kind} | {cells} |")
    figures = {"poll": dearest(costs, "feedparser")}
    keep("feeds", figures | {name: dearest(costs, name) for name in peers})


if __name__ == "__main__":
    main()
