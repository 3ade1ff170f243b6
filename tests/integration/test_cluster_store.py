"""What workers share in the database: hosts, leases, turns, the queue's tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import pq
from sqlalchemy import Connection, text
from storage_stage import article

from domain.errors import LeaseLostError
from domain.filing import Filing
from domain.lease import Lease
from domain.source import Source
from marsad.cluster.serving import install_queue
from storage import Store, database, fulltext

NOW = datetime(2023, 12, 6, 8, tzinfo=UTC)
GAP = timedelta(seconds=5)

pytestmark = pytest.mark.postgres


@pytest.fixture
def shared_store(postgres_url: str) -> Iterator[Store]:
    with Store.open(postgres_url) as opened:
        yield opened


def test_a_turn_is_booked_behind_the_last(shared_store: Store):
    lease = shared_store.take_host("a.example")
    assert shared_store.host_turn("a.example", GAP, lease) == 0
    assert 4.5 < shared_store.host_turn("a.example", GAP, lease) <= 5
    # whoever has no lease of the host books at its end all the same
    assert 9.5 < shared_store.host_turn("a.example", GAP, None) <= 10
    assert shared_store.host_turn("b.example", GAP, None) == 0


def test_an_answer_keeps_the_host_free_from_then_on(shared_store: Store):
    lease = shared_store.take_host("a.example")
    shared_store.host_turn("a.example", timedelta(0), lease)
    shared_store.host_done("a.example", GAP)
    assert 4.5 < shared_store.host_turn("a.example", timedelta(0), lease) <= 5


def test_a_host_that_was_taken_over_gives_no_turn_and_takes_nothing(shared_store: Store):
    first = shared_store.take_host("a.example")
    second = shared_store.take_host("a.example")
    assert second == Lease(host="a.example", epoch=first.epoch + 1)
    with pytest.raises(LeaseLostError, match=r"a\.example was taken over"):
        shared_store.host_turn("a.example", GAP, first)
    with pytest.raises(LeaseLostError):
        shared_store.file([], None, NOW, first)
    assert shared_store.file([], None, NOW, second).articles == 0


def test_the_queue_is_installed_once_and_brought_up(shared_store: Store, tmp_path: Path):
    assert shared_store.cluster_state(NOW).workers == ()
    assert install_queue(shared_store)
    assert not install_queue(shared_store)
    assert shared_store.job_locks() == set()
    newer = tmp_path / "migrations"
    newer.mkdir()
    (newer / "99.00.00_01_a_table_more.sql").write_text("CREATE TABLE more (n int); SELECT '100%'")
    assert shared_store.install_queue("never asked for", newer)
    assert not shared_store.install_queue("never asked for", newer)


def test_the_state_says_what_is_overdue(shared_store: Store):
    one = Source(id="one", name="One", url="https://one.example", language="fr", country="DZ")
    shared_store.sync_sources([one], NOW)
    state = shared_store.cluster_state(NOW + timedelta(minutes=2))
    assert (state.overdue, state.lag) == (1, 120.0)
    assert shared_store.due_ids(NOW, 10) == ["one"]
    assert [s.source_id for s in shared_store.due_of(["one", "two"], NOW)] == ["one"]
    assert shared_store.due_of(["two"], NOW) == []


def test_a_silent_session_is_ended_once_another_waits_for_it(
    shared_store: Store, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "ABANDONED_MS", 300)
    lease = shared_store.take_host("a.example")
    stuck = pq.PGconn.connect(
        f"{postgres_url.replace('+psycopg', '')}?application_name=marsad%201@elsewhere".encode()
    )
    try:
        stuck.exec_(b"BEGIN; LOCK TABLE hosts IN EXCLUSIVE MODE")
        time.sleep(0.6)
        assert shared_store.end_stuck_sessions() == []  # nobody minds
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(shared_store.host_turn, "a.example", GAP, lease)
            deadline = time.monotonic() + 5
            while not (ended := shared_store.end_stuck_sessions()):
                assert time.monotonic() < deadline
            assert ended == ["marsad 1@elsewhere"]
            assert waiting.result(timeout=5) == 0
    finally:
        stuck.finish()


def test_who_waits_long_for_a_lock_begins_again(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "LOCK_MS", 100)
    lease = shared_store.take_host("a.example")
    began = time.monotonic()
    with ThreadPoolExecutor() as pool, shared_store._database.write() as holder:
        holder.execute(text("SELECT 1 FROM hosts FOR UPDATE"))
        waiting = pool.submit(shared_store.host_turn, "a.example", GAP, lease)
        time.sleep(1)  # longer than every try but the last
        assert not waiting.done()
        holder.rollback()
        assert waiting.result(timeout=5) == 0
    assert time.monotonic() - began >= 1


def test_a_store_opens_although_a_suspended_process_holds_what_that_needs(
    shared_store: Store, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    """Its session stopped between the messages of one statement: the server sees no idleness."""
    shared_store.file([Filing(article=article("1"))], None, NOW)
    monkeypatch.setattr(database, "ABANDONED_MS", 300)
    monkeypatch.setattr(database, "LOCK_MS", 400)
    stuck = pq.PGconn.connect(
        f"{postgres_url.replace('+psycopg', '')}?application_name=marsad%201@elsewhere".encode()
    )
    try:
        stuck.exec_(b"BEGIN; UPDATE fulltext_state SET checked_to = 0")
        shared_store.file([Filing(article=article("2"))], None, NOW)  # notes nothing: it is held
        with ThreadPoolExecutor() as pool:
            pool.submit(shared_store.index_words).result(timeout=10)
        assert shared_store.check() == []
    finally:
        stuck.finish()


def test_filing_waits_for_nobody_who_notes_what_is_indexed(shared_store: Store):
    shared_store.file([Filing(article=article("1"))], None, NOW)
    with ThreadPoolExecutor() as pool, shared_store._database.write() as holder:
        holder.execute(text("SELECT 1 FROM fulltext_state FOR UPDATE"))
        second = Filing(article=article("2"))
        pool.submit(shared_store.file, [second], None, NOW).result(timeout=5)
    noted = shared_store.query("SELECT checked_to FROM fulltext_state").rows
    assert next(noted) == (1,)
    shared_store.index_words()
    assert next(shared_store.query("SELECT checked_to FROM fulltext_state").rows) == (2,)
    assert shared_store.check() == []


def test_workers_that_start_together_begin_one_index(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
):
    shared_store.file([Filing(article=article("1"))], None, NOW)
    with shared_store._database.write() as connection:
        connection.execute(text("DELETE FROM fulltext_state"))
    empty = fulltext._empty

    def slowly(connection: Connection) -> None:
        empty(connection)
        time.sleep(0.3)  # the others have seen by now that there is none

    monkeypatch.setattr(fulltext, "_empty", slowly)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: shared_store.index_words(), range(3)))
    noted = shared_store.query("SELECT count(*), max(checked_to) FROM fulltext_state")
    assert next(noted.rows) == (1, 1)
    assert shared_store.check() == []
