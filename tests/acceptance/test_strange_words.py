"""B16: five hundred strings that broke other programs, as titles and authors of real hits.

From the store to the page, the feed, the answers of the interface, a table and CSV. Mails, Slack
and the text of a terminal are looked at one by one in ``test_alerts_messages``.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import make_run
from selectolax.lexbor import LexborHTMLParser
from web_stage import filing, fill, page, write_config

NOW = datetime.now(UTC).replace(microsecond=0)
CONTROLS = {*map(chr, range(9)), *map(chr, range(11, 32)), "\x7f", "\x9b"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SPREADSHEET = ["=cmd|' /C calc'!A0", "@SUM(1)", "\x1b]0;owned\x07"]


@pytest.fixture(scope="module")
def words(shared: Path) -> list[str]:
    listed = json.loads((shared / "data/naughty-strings/blns.json").read_text("utf-8"))
    assert len(listed) > 400
    return [*SPREADSHEET, *(text for text in listed if text.strip())]


@pytest.fixture(scope="module")
def stored(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of hits of outlet ``tsa`` with strange words, and of ``awras`` with plain ones."""
    path = write_config(tmp_path_factory.mktemp("strange"))
    plain = [f"Titre {n}" for n in range(len(words))]
    fill(
        path,
        [
            filing(
                n,
                NOW - timedelta(seconds=n),
                url=f"https://{outlet}.example/{n}",
                source_id=outlet,
                title=title,
                authors=(title,),
                section=title,
            )
            for outlet, titles in (("tsa", words), ("awras", plain))
            for n, title in enumerate(titles)
        ],
    )
    return path


def shape(markup: str) -> Counter[str]:
    """Count the elements of a page, and the attributes that may run something."""
    tree = LexborHTMLParser(markup)
    found: Counter[str] = Counter()
    for node in tree.css("*"):
        found[node.tag or ""] += 1
        for name, value in node.attributes.items():
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                found[name] += 1
    return found


async def test_b16_no_words_become_markup_on_a_page_or_break_a_feed(
    stored: Path, words: list[str], seen: Callable[[str], None]
) -> None:
    async with page(stored) as client:
        odd, even = [
            [
                (await client.get("/hits", params={"outlet": outlet})).text,
                (await client.get("/feed.xml", params={"outlet": outlet})).text,
            ]
            for outlet in ("tsa", "awras")
        ]
        alone = [(await client.get(f"/hits/{n}")).text for n in (1, 2, 3)]
        table = (await client.get("/download.csv")).content.decode("utf-8-sig")
        hits = (await client.get("/api/hits", params={"limit": 1000, "outlet": "tsa"})).json()
    assert shape(odd[0]) == shape(even[0])
    assert len(ElementTree.fromstring(odd[1])) == len(ElementTree.fromstring(even[1])) > 10
    for answer in (*odd, *alone):
        assert CONTROLS.isdisjoint(answer)
        assert not shape(answer)["onerror"] + shape(answer)["href"]
    rows = hits["hits"] if isinstance(hits, dict) else hits
    assert len(rows) == len(words)
    assert all(CONTROLS.isdisjoint(row["title"]) for row in rows)
    assert_cells(table, 2 * len(words))
    seen(f"{len(words)} strings")


def test_b16_a_spreadsheet_runs_nothing_and_a_terminal_is_not_steered(
    stored: Path,
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run(capsys, monkeypatch)
    asked = ("--config", str(stored), "hits", "--outlet", "tsa", "--limit", "1000")
    ran = run(*asked, "--format", "csv")
    assert ran.code == 0, ran.err
    assert_cells(ran.out, len(words))
    shown = run(*asked)
    assert CONTROLS.isdisjoint(shown.out.replace("\r", ""))
    lines = run(*asked, "--format", "jsonl").out
    assert all(json.loads(line)["title"] for line in lines.split("\n") if line)


def assert_cells(table: str, rows: int) -> None:
    cells = list(csv.reader(io.StringIO(table)))
    assert len(cells) == rows + 1
    assert len({len(row) for row in cells}) == 1
    assert not [cell for row in cells for cell in row if cell.startswith(FORMULA)]
