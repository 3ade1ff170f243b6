"""The store of the benchmark of growth: made to one size, filed into, made to the next."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from benchmarks import growth
from benchmarks.archive_rows import Press, outlets

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_a_store_grows_beside_what_was_filed_and_in_time(tmp_path):
    path = tmp_path / "archive.db"
    with growth.opened(path) as store:
        store.sync_sources(outlets(), NOW)
    press = Press(40, NOW, span=timedelta(hours=1), words=300)
    counts = []
    for size, now in ((300, NOW - timedelta(days=1)), (900, NOW)):
        press.now = now
        growth.grow(path, size, now)
        with growth.opened(path) as store:
            counts.append(next(store.query("SELECT count(*) FROM articles").rows)[0])
            store.file(next(press.batches(20)), None, now)
    assert counts == [300, 900]
    with closing(sqlite3.connect(path)) as connection:
        (alone,) = connection.execute(
            "SELECT count(*) FROM v_hits WHERE story_id IS NULL"
        ).fetchone()
        (last,) = connection.execute(
            "SELECT max(first_seen) FROM articles WHERE url LIKE 'https://x.example/%'"
        ).fetchone()
    assert alone == 0
    assert abs(datetime.fromisoformat(last) - NOW) < timedelta(seconds=2 * growth.EVERY)


def test_every_size_is_filed_into_searched_and_asked_in_every_round(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "BATCH", 5)
    lines = growth.stored((120, 240), 2)
    assert [line.what.partition(":")[0] for line in lines] == [
        *("filing 5 articles", "search", "search", "SQL", "SQL")
    ]
    assert {size: len(costs) for line in lines for size, costs in line.values.items()} == {
        120: 2,
        240: 2,
    }
