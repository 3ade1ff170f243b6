"""What leaves the store is a StoreError of one line, whatever is broken."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from storage_promises import NOW, SENT, claim, filing, outlet, refusal, report, rows

from domain.asking import ArticleQuery, HitQuery
from domain.errors import StoreError
from domain.notice import Delivery, Mode, Notice
from domain.rematch import RematchProgress
from matcher.searching import parse_search
from storage.store import Store

SERVER = os.environ.get("MARSAD_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
SERVER = SERVER.replace("+psycopg", "")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


def _drop(name: str) -> None:
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=3) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def lost_postgres(postgres_database: str) -> Iterator[str]:
    """Yield the address of a database to be dropped under an open store."""
    name = f"marsad_test_storage_lost_{os.getpid()}"
    _drop(name)
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    yield f"{postgres_database.rpartition('/')[0]}/{name}"
    _drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Yield a store whose database was destroyed behind its back."""
    path = tmp_path / "marsad.db"
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{path}" if is_sqlite else request.getfixturevalue("lost_postgres")
    store = Store.open(url)
    store.close()
    if is_sqlite:
        for extra in ("-wal", "-shm"):
            Path(f"{path}{extra}").unlink(missing_ok=True)
        path.write_bytes(b"this is no database " * 2000)
    else:
        _drop(url.rpartition("/")[2])
    yield store
    store.close()


NOTICE = Notice(
    article_id=1,
    story_id=1,
    title="",
    url="",
    outlet="",
    language="fr",
    published_at=None,
    first_seen=NOW,
    text="",
    matches=(),
)
DELIVERY = Delivery(
    id=1,
    key="k",
    channel="mail",
    mode=Mode.IMMEDIATE,
    attempts=0,
    created_at=NOW,
    notice=NOTICE,
    lease="t",
)


def _lock(store: Store) -> None:
    with store.hold_daemon_lock():
        pass


PROGRESS = RematchProgress(rematch_id=1, version="v", since=None, checked_to=0, is_resumed=False)
CALLS: dict[str, Callable[[Store, Path], object]] = {
    "upgrade": lambda s, _: s.upgrade(),
    "schema_state": lambda s, _: s.schema_state(),
    "check": lambda s, _: s.check(),
    "backup": lambda s, folder: s.backup(folder / "copy.db"),
    "hold_daemon_lock": lambda s, _: _lock(s),
    "sync_sources": lambda s, _: s.sync_sources([outlet("tsa")], NOW),
    "due_sources": lambda s, _: s.due_sources(NOW, 5),
    "fetch_states": lambda s, _: s.fetch_states(),
    "get_robots": lambda s, _: s.get_robots("https://x.example"),
    "put_robots": lambda s, _: s.put_robots("https://x.example", b"", 200, NOW),
    "unseen": lambda s, _: s.unseen(["https://x.example/"]),
    "file": lambda s, _: s.file([filing("q")], report("tsa"), NOW),
    "articles": lambda s, _: list(s.articles()),
    "rematch_begin": lambda s, _: s.rematch_begin("v", None, NOW),
    "rematch_count": lambda s, _: s.rematch_count(0, None),
    "rematch_page": lambda s, _: s.rematch_page(0, NOW),
    "rematch_write": lambda s, _: s.rematch_write(PROGRESS, [], 0, NOW),
    "rematch_finish": lambda s, _: s.rematch_finish(PROGRESS, NOW),
    "claim": lambda s, _: claim(s),
    "settle": lambda s, _: s.settle([DELIVERY], SENT, NOW, None),
    "next_due": lambda s, _: s.next_due("mail"),
    "deliveries": lambda s, _: s.deliveries(),
    "retry_failed": lambda s, _: s.retry_failed(NOW),
    "search": lambda s, _: s.search(ArticleQuery(text=parse_search("visite"))),
    "index_words": lambda s, _: s.index_words(),
    "hits": lambda s, _: list(s.hits(HitQuery())),
    "query": lambda s, _: rows(s, "SELECT * FROM v_hits"),
}
# check() is asked what is wrong; a SQLite lock is a file of its own beside the database.
MAY_ANSWER = ("check", "hold_daemon_lock")


def test_the_walk_leaves_no_method_out() -> None:
    public = {name for name in vars(Store) if not name.startswith("_")}
    assert public - {"open", "close"} == set(CALLS)


@pytest.mark.parametrize("call", sorted(CALLS))
def test_only_the_stores_own_errors_leave_it(broken: Store, tmp_path: Path, call: str) -> None:
    said = refusal(lambda: CALLS[call](broken, tmp_path))
    assert said is not None or call in MAY_ANSWER
    assert "\n" not in (said or "")


def test_a_password_is_in_no_error() -> None:
    url = "postgresql+psycopg://someone:hunter2@127.0.0.1:1/none"
    with pytest.raises(StoreError) as refused:
        Store.open(url)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Store.open(f"sqlite:///{tmp_path}/none/marsad.db")


def test_a_store_opened_to_read_does_not_write(store: Store, database_url: str) -> None:
    store.file([filing("1")], None, NOW)
    reader = Store.open(database_url, read_only=True)
    assert len(list(reader.hits(HitQuery()))) == 1
    with pytest.raises(StoreError):
        reader.file([filing("2")], None, NOW)
    reader.close()


def test_a_newer_schema_is_refused(store: Store, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as raw:
            raw.execute("UPDATE alembic_version SET version_num = 'zzzz'")
        raw.close()
    else:
        with psycopg.connect(database_url.replace("+psycopg", "")) as plain:
            plain.execute("UPDATE alembic_version SET version_num = 'zzzz'")
    with pytest.raises(StoreError, match="newer"):
        Store.open(database_url)
    with pytest.raises(StoreError, match="newer"):
        Store.open(database_url, migrate=False)


def test_a_missing_database_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    for options in ({"migrate": False}, {"read_only": True}):
        with pytest.raises(StoreError):
            Store.open(f"sqlite:///{path}", **options)
