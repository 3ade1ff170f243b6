"""What leaves the store is a StoreError of one line, whatever is broken."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import ServerSchema, copied
from storage_promises import NOW, SENT, claim, filing, outlet, refusal, report, rows

from domain.asking import ArticleQuery, HitQuery, OutboxQuery
from domain.backfill import BackfillRun, BackfillStep
from domain.errors import StoreError
from domain.filing import Parcel
from domain.grouping import Kind
from domain.health import HealthChange, HealthState
from domain.notice import Bulletin, Delivery, Mode, Notice
from domain.rematch import Rejudged, RematchChunk, RematchProgress, StoredArticle
from domain.reminding import Reminder
from domain.silence import Silence
from matcher.searching import parse_search
from storage.duty import Duty
from storage.schema import Migrate
from storage.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Yield a store whose database was destroyed behind its back."""
    if request.param == "postgres":
        schema: ServerSchema = request.getfixturevalue("postgres_schema")
        with Store.open(schema.current()) as store:
            store.close()
            with schema.gone():
                yield store
        return
    path = tmp_path / "marsad.db"
    store = Store.open(copied(request.getfixturevalue("sqlite_file"), path))
    store.close()
    for extra in ("-wal", "-shm"):
        Path(f"{path}{extra}").unlink(missing_ok=True)
    path.write_bytes(b"this is no database " * 2000)
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


def _worker_lock(store: Store) -> None:
    with store.hold_worker_lock():
        pass


BACKFILL = BackfillRun(backfill_id=1, source_id="a", since=NOW, until=NOW)
REJUDGED = Rejudged(
    stored=StoredArticle(article_id=1, article=filing("u").article, hits=()), changes=()
)
CHUNK = RematchChunk(
    **{"rematch_id": 1, "version": "v", "since": None, "upto": 7, "articles": 1},
    **{"checked_to": 0, "result": "", "refusal": ""},
)
PROGRESS = RematchProgress(rematch_id=1, version="v", since=None, checked_to=0, is_resumed=False)
CHANGE = HealthChange(
    source_id="tsa",
    name="TSA",
    at=NOW,
    before=HealthState.OK,
    state=HealthState.GONE,
    reason="HTTP 410",
)
CALLS: dict[str, Callable[[Store, Path], object]] = {
    "upgrade": lambda s, _: s.upgrade(),
    "schema_state": lambda s, _: s.schema_state(),
    "check": lambda s, _: s.check(),
    "backup": lambda s, folder: s.backup(folder / "copy.db"),
    "prunable": lambda s, _: s.prunable(NOW),
    "prune": lambda s, _: s.prune(NOW),
    "vacuum": lambda s, _: s.vacuum(),
    "gather_statistics": lambda s, _: s.gather_statistics(),
    "hold_daemon_lock": lambda s, _: _lock(s),
    "hold_worker_lock": lambda s, _: _worker_lock(s),
    "install_queue": lambda s, folder: s.install_queue("SELECT 1", folder),
    "job_locks": lambda s, _: s.job_locks(),
    "end_stuck_sessions": lambda s, _: s.end_stuck_sessions(),
    "cluster_state": lambda s, _: s.cluster_state(NOW),
    "take_host": lambda s, _: s.take_host("x.example"),
    "host_turn": lambda s, _: s.host_turn("x.example", timedelta(0), None),
    "host_done": lambda s, _: s.host_done("x.example", timedelta(0)),
    "due_of": lambda s, _: s.due_of(["tsa"], NOW),
    "due_ids": lambda s, _: s.due_ids(NOW, 5),
    "channel_pace": lambda s, _: s.channel_pace("mail"),
    "put_channel_pace": lambda s, _: s.put_channel_pace("mail", "{}"),
    "sync_sources": lambda s, _: s.sync_sources([outlet("tsa")], NOW),
    "due_sources": lambda s, _: s.due_sources(NOW, 5),
    "fetch_states": lambda s, _: s.fetch_states(),
    "get_robots": lambda s, _: s.get_robots("https://x.example"),
    "put_robots": lambda s, _: s.put_robots("https://x.example", b"", 200, NOW),
    "untold_health": lambda s, _: s.untold_health(),
    "mark_health_told": lambda s, _: s.mark_health_told([CHANGE]),
    "health_history": lambda s, _: s.health_history("tsa"),
    "articles_with_hits": lambda s, _: s.articles_with_hits([NOW, NOW]),
    "archived": lambda s, _: s.archived([1]),
    "holds": lambda s, _: s.holds(NOW),
    "hold": lambda s, _: s.hold("x.example", NOW, NOW),
    "unseen": lambda s, _: s.unseen(["https://x.example/"]),
    "file": lambda s, _: s.file([filing("q")], report("tsa"), NOW),
    "file_together": lambda s, _: s.file_together([Parcel(filings=(filing("q2"),))], NOW),
    "articles": lambda s, _: list(s.articles()),
    "backfill_begin": lambda s, _: s.backfill_begin("a", NOW, None, NOW),
    "backfill_steps": lambda s, _: s.backfill_steps(BACKFILL),
    "backfill_keep": lambda s, _: s.backfill_keep(BACKFILL, BackfillStep(url="u")),
    "backfill_run": lambda s, _: s.backfill_run(1),
    "backfill_refuse": lambda s, _: s.backfill_refuse(BACKFILL, "busy"),
    "backfill_standings": lambda s, _: s.backfill_standings([1]),
    "backfill_finish": lambda s, _: s.backfill_finish(BACKFILL, NOW),
    "known": lambda s, _: s.known(["u"]),
    "stored": lambda s, _: s.stored("u"),
    "note_check": lambda s, _: s.note_check(filing("u").article, NOW),
    "revise": lambda s, _: s.revise(REJUDGED, filing("u").article, filing("u"), NOW),
    "rematch_begin": lambda s, _: s.rematch_begin("v", None, NOW),
    "rematch_count": lambda s, _: s.rematch_count(0, None),
    "rematch_page": lambda s, _: s.rematch_page(0, NOW),
    "rematch_articles": lambda s, _: s.rematch_articles([1]),
    "rematch_write": lambda s, _: s.rematch_write(PROGRESS, [], 0, NOW),
    "rematch_plan": lambda s, _: s.rematch_plan(PROGRESS),
    "rematch_chunks": lambda s, _: s.rematch_chunks(1),
    "rematch_chunk": lambda s, _: s.rematch_chunk(1, 7),
    "rematch_refuse": lambda s, _: s.rematch_refuse(CHUNK, "other rules"),
    "rematch_advance": lambda s, _: s.rematch_advance(CHUNK, [], 7, "", NOW),
    "rematch_finish": lambda s, _: s.rematch_finish(PROGRESS, NOW),
    "claim": lambda s, _: claim(s),
    "settle": lambda s, _: s.settle([DELIVERY], SENT, NOW, None),
    "next_due": lambda s, _: s.next_due("mail"),
    "overdue": lambda s, _: s.overdue("mail", NOW, NOW),
    "deliveries": lambda s, _: s.deliveries(),
    "retry_deliveries": lambda s, _: s.retry_deliveries(OutboxQuery(), NOW),
    "drop_deliveries": lambda s, _: s.drop_deliveries(OutboxQuery()),
    "release_leases": lambda s, _: s.release_leases(NOW),
    "hit": lambda s, _: s.hit(1),
    "duty": lambda s, _: s.duty.bulletins(),
    "search": lambda s, _: s.search(ArticleQuery(text=parse_search("visite"))),
    "index_words": lambda s, _: s.index_words(),
    "hits": lambda s, _: list(s.hits(HitQuery())),
    "looks": lambda s, _: s.looks.figures(NOW),
    "query": lambda s, _: rows(s, "SELECT * FROM v_hits"),
}
SILENCE = Silence(id=0, ends=NOW, reason="r", partner="US")
REMINDER = Reminder(
    kind=Kind.REPEAT,
    number=1,
    channel="c",
    article_id=1,
    url="https://x.example/",
    route="r",
    is_urgent=False,
)
BULLETIN = Bulletin(key="k", at=NOW, subject="s", body="b")
DUTIES: dict[str, Callable[[Duty], Any]] = {
    "silence": lambda d: d.silence(SILENCE, NOW),
    "silences": lambda d: d.silences(),
    "remove_silence": lambda d: d.remove_silence(1, NOW),
    "acknowledge": lambda d: d.acknowledge(1, "me", NOW),
    "told_stories": lambda d: d.told_stories(NOW),
    "remind": lambda d: d.remind([REMINDER], NOW),
    "end_floods": lambda d: d.end_floods(lambda _: None, NOW),
    "report_failures": lambda d: d.report_failures(NOW),
    "bulletins": lambda d: d.bulletins(),
    "post": lambda d: d.post(BULLETIN),
    "mark_told": lambda d: d.mark_told(["k"], NOW),
}
# check() is asked what is wrong; a SQLite lock is a file of its own beside the database.
MAY_ANSWER = ("check", "hold_daemon_lock")


def test_the_walk_leaves_no_method_out() -> None:
    public = {name for name in vars(Store) if not name.startswith("_")}
    assert public - {"open", "close", "watch_commits"} == set(CALLS)


@pytest.mark.parametrize("call", sorted(CALLS))
def test_only_the_stores_own_errors_leave_it(broken: Store, tmp_path: Path, call: str) -> None:
    said = refusal(lambda: CALLS[call](broken, tmp_path))
    assert said is not None or call in MAY_ANSWER
    assert "\n" not in (said or "")


@pytest.mark.parametrize("call", sorted(DUTIES))
def test_only_the_stores_own_errors_leave_its_duty(broken: Store, call: str) -> None:
    assert {name for name in vars(Duty) if not name.startswith("_")} == set(DUTIES)
    said = refusal(lambda: DUTIES[call](broken.duty))
    assert said is not None
    assert "\n" not in said


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
        Store.open(database_url, migrate=Migrate.NEVER)


def test_a_missing_database_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    for options in ({"migrate": Migrate.NEVER}, {"read_only": True}):
        with pytest.raises(StoreError):
            Store.open(f"sqlite:///{path}", **options)
