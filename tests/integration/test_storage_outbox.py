"""The outbox hands out every delivery, and no delivery twice. On both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from storage_promises import (
    MINUTE,
    NOW,
    ROOT,
    SENT,
    claim,
    filing,
    outlet,
    rows,
)

from domain.filing import Filing
from domain.notice import Mode, PlannedDelivery, SendOutcome, SendResult
from storage.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


def test_a_lease_that_expires_frees_the_row_and_fences_its_old_holder(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    old = claim(store)
    assert len(old) == 1
    assert not claim(store, NOW + MINUTE / 2)
    new = claim(store, NOW + 2 * MINUTE)
    assert [d.key for d in new] == [old[0].key]
    store.settle(old, SENT, NOW + 2 * MINUTE, None)  # a zombie wakes
    assert rows(store, "SELECT state FROM v_alerts") == [("leased",)]
    store.settle(new, SENT, NOW + 2 * MINUTE, None)
    assert rows(store, "SELECT state, attempts FROM v_alerts")[0][0] == "sent"
    assert store.next_due("mail") is None


def test_settling_says_what_the_channel_said(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    soon = NOW + 3 * MINUTE
    retry = SendOutcome(result=SendResult.RETRY, reason="451 later\nplease")
    store.settle(claim(store), retry, NOW, soon)
    assert store.next_due("mail") == soon
    ((state, tries, error),) = rows(store, "SELECT state, attempts, last_error FROM v_alerts")
    assert (state, tries) == ("pending", 1)
    assert "451" in str(error)
    assert not claim(store, soon - MINUTE)
    wide = SendOutcome(result=SendResult.RETRY, reason="login", channel_wide=True)
    store.settle(claim(store, soon), wide, soon, soon + MINUTE)
    (taken,) = claim(store, soon + MINUTE)
    assert taken.attempts == 1
    refused = SendOutcome(result=SendResult.REFUSED, reason="550 no such user")
    store.settle([taken], refused, soon + MINUTE, None)
    assert rows(store, "SELECT state FROM v_alerts") == [("failed",)]
    assert store.next_due("mail") is None


def due(key: str, moment: datetime) -> Filing:
    planned = PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=moment)
    return replace(filing(key), deliveries=(planned,))


def test_k7_what_was_filed_before_the_clock_was_set_back_waits_for_no_tomorrow(
    store: Store,
) -> None:
    tomorrow = NOW + timedelta(days=1)
    store.file([due("1", tomorrow)], None, tomorrow)
    assert not claim(store, tomorrow - MINUTE)  # clocks differ a little
    assert len(claim(store, NOW)) == 1
    assert claim(store, NOW + MINUTE / 2) == []
    store.file([due("2", NOW)], None, NOW)
    assert len(claim(store, NOW + timedelta(days=400))) == 2  # and forth: once, not for each day


def test_a_lease_shorter_than_a_second_is_a_lease(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    start = NOW + timedelta(milliseconds=100)
    assert claim(store, start, timedelta(milliseconds=800))
    assert not claim(store, start + timedelta(milliseconds=300), timedelta(seconds=1))


def test_claims_by_many_threads_never_hand_out_a_row_twice(store: Store) -> None:
    store.file([filing(str(n)) for n in range(120)], None, NOW)
    got: list[str] = []
    guard = threading.Lock()

    def drain() -> None:
        while taken := claim(store, limit=7):
            with guard:
                got.extend(d.key for d in taken)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 120


DRAIN = """
import sys, datetime
from domain.notice import Mode
from storage.store import Store
store = Store.open(sys.argv[1])
now = datetime.datetime.fromisoformat(sys.argv[2])
while taken := store.claim("mail", Mode.IMMEDIATE, now, datetime.timedelta(minutes=1), 5):
    print(*(d.key for d in taken), sep="\\n")
store.close()
"""


def test_two_processes_never_claim_one_row(store: Store, database_url: str) -> None:
    store.file([filing(str(n)) for n in range(60)], None, NOW)
    command = [sys.executable, "-c", DRAIN, database_url, NOW.isoformat()]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    keys = [key for process in running for key in process.communicate(timeout=50)[0].split()]
    assert len(keys) == len(set(keys)) == 60


def test_keys_are_of_what_is_told_to_whom_not_of_ids(store: Store, tmp_path: Path) -> None:
    other = Store.open(f"sqlite:///{tmp_path}/other.db")
    other.sync_sources([outlet("tsa")], NOW)
    other.file([filing("x"), filing("1")], None, NOW)
    store.file([filing("1")], None, NOW)
    (mine,), theirs = claim(store), claim(other)
    assert mine.key in {d.key for d in theirs}
    other.close()
