"""The local press of 24 outlets, collected by marsad as people run it, twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from newsroom import Newsroom, newsroom
from press import ARTICLES, DELAY, ROWS, Outlet, Press, gaps, local_press, words

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
WHOLE = 0.90  # of an article's words, for it to count as stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A press that was collected twice."""

    press: Press
    texts: dict[tuple[str, str], str]  # by outlet and the end of the address
    titles: dict[tuple[str, str], str]
    second: float  # when the second crawl began, on the monotonic clock
    visits: list[tuple[str, str, int]]  # outlet, outcome and new articles, of the second crawl


async def crawl(room: Newsroom) -> None:
    process = await room.marsad("crawl", "--all", "--no-alerts")
    code = await process.wait(180)
    assert code == 0, process.errors[-3000:]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def collected(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Collected]:
    folder: Path = tmp_path_factory.mktemp("press")
    async with newsroom(folder) as room, local_press() as press:
        room.sources = press.sources()
        room.more = {
            "crawler": {
                "allow_private_networks": True,
                "delay": f"{DELAY}s",
                "include": [],
            }
        }
        await crawl(room)
        second = time.monotonic()
        await crawl(room)
        with closing(sqlite3.connect(room.database)) as connection:
            rows = connection.execute("SELECT outlet, url, title, text FROM articles").fetchall()
            visits = connection.execute(
                "SELECT source_id, outcome, new_articles FROM visits WHERE visit_id IN "
                "(SELECT max(visit_id) FROM visits GROUP BY source_id)"
            ).fetchall()
        ends = [((outlet, _end(url)), title, text) for outlet, url, title, text in rows]
        yield Collected(
            press=press,
            texts={key: text for key, _, text in ends},
            titles={key: title for key, title, _ in ends},
            second=second,
            visits=visits,
        )


def _end(url: str) -> str:
    return url.rpartition("-")[2]


def recall(outlet: Outlet, collected: Collected) -> list[float]:
    """Return the share of its words with which each article of the outlet was stored."""
    shares = []
    for story in outlet.stories:
        truth = words(" ".join(story.paragraphs))
        stored = words(collected.texts.get((outlet.id, _end(story.path)), ""))
        held = sum(min(count, stored.get(word, 0)) for word, count in truth.items())
        shares.append(held / sum(truth.values()))
    return shares


def clutter(outlet: Outlet, collected: Collected) -> tuple[int, int]:
    """Return how many words that are not the article's were stored, and how many words at all."""
    odd = total = 0
    for story in outlet.stories:
        truth = words(" ".join((story.title, *story.paragraphs)))
        stored = words(collected.texts.get((outlet.id, _end(story.path)), ""))
        odd += sum(max(0, count - truth.get(word, 0)) for word, count in stored.items())
        total += sum(stored.values())
    return odd, total


def of_each(collected: Collected) -> dict[str, str]:
    """Return a line an outlet, for whoever reads a failure."""
    lines = {}
    for outlet in collected.press.outlets:
        shares, (odd, total) = recall(outlet, collected), clutter(outlet, collected)
        whole = sum(share >= WHOLE for share in shares)
        facts = f"{outlet.language} {outlet.way} layout {outlet.layout} {outlet.charset}"
        lines[outlet.id] = f"{facts}: {whole}/{ARTICLES} whole, {odd}/{total} clutter"
    return lines


async def test_the_articles_of_every_design_are_stored_with_their_words(collected: Collected):
    shares = [s for outlet in collected.press.outlets for s in recall(outlet, collected)]
    assert len(shares) == len(ROWS) * ARTICLES
    whole = sum(share >= WHOLE for share in shares)
    assert whole >= 0.97 * len(shares), of_each(collected)


async def test_hardly_a_word_of_what_stands_around_is_stored(collected: Collected):
    counts = [clutter(outlet, collected) for outlet in collected.press.outlets]
    odd, total = sum(c[0] for c in counts), sum(c[1] for c in counts)
    assert odd <= 0.02 * total, of_each(collected)


async def test_titles_are_those_that_were_written(collected: Collected):
    wrong = [
        (outlet.id, story.title, found)
        for outlet in collected.press.outlets
        for story in outlet.stories
        if (found := collected.titles.get((outlet.id, _end(story.path)))) not in (None, story.title)
    ]
    assert len(wrong) <= 0.01 * len(ROWS) * ARTICLES, wrong[:5]


async def test_the_second_crawl_downloads_no_article_again(collected: Collected):
    for outlet in collected.press.outlets:
        first = [p for p in outlet.paths() if p.endswith(".html")]
        again = [p for p in outlet.paths(since=collected.second) if p.endswith(".html")]
        assert again == [], outlet.id
        assert len(first) == len(set(first)), outlet.id
        if outlet.way == "rss-full":
            assert first == []  # the feed had it all
    assert {new for _, _, new in collected.visits} == {0}


async def test_every_list_that_gave_validators_is_asked_conditionally(collected: Collected):
    for outlet in collected.press.outlets:
        [headers] = [
            headers
            for at, path, headers in outlet.asked
            if path == outlet.list_path and at >= collected.second
        ]
        asked = {"If-None-Match", "If-Modified-Since"} & set(headers)
        given = {
            "etag": {"If-None-Match"},
            "last-modified": {"If-Modified-Since"},
            "both": {"If-None-Match", "If-Modified-Since"},
        }
        assert asked == given.get(outlet.validators, set()), outlet.id
    unchanged = {outlet for outlet, outcome, _ in collected.visits if outcome == "not_modified"}
    expected = {o.id for o in collected.press.outlets if o.validators}
    assert expected <= unchanged


async def test_no_host_is_asked_faster_than_its_delay(collected: Collected):
    for outlet in collected.press.outlets:
        assert min(gaps(outlet)) >= outlet.delay, outlet.id
    whole = max(at for o in collected.press.outlets for at, _, _ in o.asked)
    begin = min(at for o in collected.press.outlets for at, _, _ in o.asked)
    alone = sum(sum(1 for _ in gaps(o)) * o.delay for o in collected.press.outlets)
    assert whole - begin < alone  # outlets do not wait for each other


async def test_robots_txt_is_asked_once_a_host(collected: Collected):
    for outlet in collected.press.outlets:
        assert outlet.paths().count("/robots.txt") == 1
