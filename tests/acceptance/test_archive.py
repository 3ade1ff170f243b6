"""A hit survives its page: what was read is found again by what ``hits --archive`` says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from newsroom import DULL, HITS, Newsroom, newsroom
from warcio.archiveiterator import ArchiveIterator


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path) as opened:
        opened.press.publish("tsa", HITS["fr"], DULL, is_full=False)
        title, paragraphs = HITS["en"]
        opened.press.publish("herald", (title, paragraphs * 3))  # long enough to be all of it
        opened.outlet("tsa")
        opened.outlet("herald", language="en")
        yield opened


async def places(room: Newsroom) -> dict[str, dict[str, object]]:
    asked = await room.marsad("hits", "--archive", "--format", "json")
    assert await asked.wait() == 0, asked.errors
    return {row["outlet"]: row for row in json.loads(asked.output)}


def payload(row: dict[str, object]) -> str:
    with Path(str(row["archive_file"])).open("rb") as file:
        file.seek(int(str(row["archive_offset"])))
        record = next(iter(ArchiveIterator(file)))
        return record.content_stream().read().decode()


async def test_the_page_or_the_feed_of_every_hit_is_kept_and_of_nothing_else(room):
    crawl = await room.marsad("crawl")
    assert await crawl.wait() == 0, crawl.errors
    kept = dict(room.press.pages)
    room.press.pages.clear()
    rows = await places(room)
    assert set(rows) == {"tsa", "herald"}
    article = next(
        page for path, page in kept.items() if HITS["fr"][0] in str(page) and "tsa/0" in path
    )
    assert payload(rows["tsa"]) == article
    assert payload(rows["herald"]) == kept["/herald/feed"]  # it carried the whole text
    [file] = (room.folder / "archive").iterdir()
    with file.open("rb") as opened:
        kinds = [record.rec_type for record in ArchiveIterator(opened)]
    assert kinds == ["warcinfo", "response", "response"]


@pytest.mark.parametrize("archive", [False, "a-file"])
async def test_without_an_archive_or_with_a_broken_one_hits_are_kept_all_the_same(room, archive):
    (room.folder / "a-file").write_text("in the way")
    room.more = {"archive": archive}
    crawl = await room.marsad("crawl")
    assert await crawl.wait() == 0, crawl.errors
    rows = await places(room)
    assert set(rows) == {"tsa", "herald"}
    assert {row["archive_file"] for row in rows.values()} == {None}
    assert not (room.folder / "archive").exists()
    assert len(room.mailbox.mails) == 2
