"""Keeping for years: what may go goes, what hit stays; a check that finds what is wrong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from storage_promises import NOW, filing, outlet, rows

from domain.asking import ArticleQuery
from domain.errors import BusyError, StoreError
from marsad.folding import MatcherFolding
from marsad.keeping import prune
from matcher.searching import parse_search
from storage import pruning
from storage.database import PAGE_SIZE
from storage.store import Store

DAY = timedelta(days=1)
OLD = NOW - 800 * DAY


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url, folding=MatcherFolding()) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


def aged(key: str, *, hit: bool = False, seen: object = OLD, published: object = OLD) -> object:
    return filing(key, hit=hit, first_seen=seen, published_at=published)


def urls(store: Store) -> set[str]:
    return {str(url).rpartition("/")[2] for (url,) in rows(store, "SELECT url FROM articles")}


def write(store: Store, sql: str) -> None:
    with store._database.write() as connection:
        connection.execute(text(sql))


def found(store: Store, words: str) -> int:
    return len(store.search(ArticleQuery(text=parse_search(words), limit=None)))


def test_old_articles_go_and_hits_stay(store: Store) -> None:
    store.file(
        [
            aged("old"),
            aged("old-undated", published=None),
            aged("old-hit", hit=True),
            aged("seen-lately", seen=NOW - DAY),
            aged("published-lately", published=NOW - DAY),
            aged("new", seen=NOW - DAY, published=NOW - DAY),
        ],  # type: ignore[list-item]
        None,
        OLD,
    )
    assert store.prunable(NOW - 730 * DAY) == 2
    assert prune(store, 730 * DAY, NOW) == 2
    assert urls(store) == {"old-hit", "seen-lately", "published-lately", "new"}
    assert rows(store, "SELECT count(*) FROM v_hits") == [(1,)]
    assert found(store, "coopération") == 4
    assert store.check() == []
    assert prune(store, 730 * DAY, NOW) == 0


def test_what_was_told_or_judged_anew_stays_with_its_history(store: Store) -> None:
    store.file([aged("told", hit=True), aged("lost", hit=True)], None, OLD)  # type: ignore[list-item]
    write(store, "DELETE FROM hit_facets")
    write(store, "DELETE FROM evidence")
    write(store, "DELETE FROM hits")
    assert prune(store, DAY, NOW) == 0
    assert urls(store) == {"told", "lost"}


def test_many_go_in_batches_while_others_write(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 20)
    store.file([aged(str(n)) for n in range(90)], None, OLD)  # type: ignore[misc]
    done: list[int] = []

    def work() -> None:
        for n in range(10):
            store.file([filing(f"new-{n}", hit=False)], None, NOW)

    writer = threading.Thread(target=work)
    writer.start()
    assert prune(store, DAY, NOW, done.append) == 90
    writer.join()
    assert done == [20, 20, 20, 20, 10]
    assert len(urls(store)) == 10
    assert store.check() == []


def test_a_check_finds_each_kind_of_fault(store: Store) -> None:
    store.file([filing("1"), filing("2", hit=False)], None, NOW)
    assert store.check() == []
    write(store, "UPDATE hits SET title = 'another', story_id = 99")
    write(store, "UPDATE story_articles SET outlet = 'another'")
    write(store, "UPDATE sources SET last_article = '2001-01-01T00:00:00Z'")
    key = "rowid" if store._database.is_sqlite else "article_id"
    if store._database.is_sqlite:
        write(store, "DELETE FROM article_words_docsize WHERE id = 2")
    else:
        write(store, f"DELETE FROM article_words WHERE {key} = 2")
    told = "\n".join(store.check())
    for words in (
        "hits that say otherwise",
        "members of stories",
        "another story",
        "last",
        "lacks",
    ):
        assert words in told


def test_a_view_that_is_gone_is_a_fault_of_one_line(store: Store) -> None:
    write(store, "DROP VIEW v_alerts")
    with pytest.raises(StoreError, match="v_alerts") as refused:
        store.check()
    assert "\n" not in str(refused.value)


def test_space_is_given_back(store: Store, tmp_path: Path) -> None:
    store.file([aged(str(n)) for n in range(400)], None, OLD)  # type: ignore[misc]
    store.file([filing("kept")], None, NOW)
    assert prune(store, DAY, NOW) == 400
    store.vacuum()
    assert found(store, "coopération") == 1
    assert store.check() == []
    assert store.file([filing("after")], None, NOW).hits == 1
    if store._database.is_sqlite:
        with closing(sqlite3.connect(store._database.path)) as connection:
            assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_old_file_gets_larger_pages(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA page_size=4096")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("DROP TABLE t")
    with Store.open(f"sqlite:///{path}") as store:
        store.file([filing("1")], None, NOW)
        store.vacuum()
        assert rows(store, "SELECT count(*) FROM v_hits") == [(1,)]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (PAGE_SIZE,)


def test_a_daemon_at_work_is_not_vacuumed_away(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'm.db'}") as store, store.hold_daemon_lock():
        other = Store.open(f"sqlite:///{tmp_path / 'm.db'}")
        with pytest.raises(BusyError, match="stop that one first"):
            other.vacuum()
        other.close()
