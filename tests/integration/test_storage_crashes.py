"""Processes that die or meet: nothing half-stored, one daemon, whole copies."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from storage_promises import NOW, ROOT, filing, outlet, rows

from domain.errors import BusyError, ConnectionLostError, StoreError
from marsad.guarding import guarded
from storage.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from domain.source import FetchState
from storage_promises import NOW, MINUTE, filing, report
from storage.store import Store
store, seed = Store.open(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for n in range(10_000):
    state = FetchState(source_id="tsa", next_due=NOW + n * MINUTE, failures=n)
    batch = [filing(f"{seed}-{n}-{m}") for m in range(12)]
    store.file(batch, report("tsa", state, entries=n), NOW)
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_whole_filings_or_nothing(store: Store, database_url: str) -> None:
    noise = random.Random(7)
    promised = 0
    for seed in range(6):
        command = [
            sys.executable,
            "-c",
            WRITER,
            database_url,
            str(seed),
            str(Path(__file__).parent),
        ]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(noise.uniform(0.02, 0.6))
        writer.send_signal(signal.SIGKILL)
        promised += 12 * len(writer.stdout.read().split("\n")[:-1])
        writer.wait()
        writer.stdout.close()
    ((stored,),) = rows(store, "SELECT count(*) FROM articles")
    assert promised <= int(str(stored)) <= promised + 6 * 12
    for part in ("v_hits", "v_alerts", "v_stories"):
        assert rows(store, f"SELECT count(*) FROM {part}") == [(stored,)]
    assert rows(store, "SELECT count(*) FROM v_evidence") == [(2 * int(str(stored)),)]
    torn = "SELECT outlet, count(*) FROM articles GROUP BY outlet HAVING count(*) % 12 <> 0"
    assert rows(store, torn) == []


LOCKER = """
import sys, time
from storage.store import Store
store = Store.open(sys.argv[1])
with store.hold_daemon_lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_daemon_waits_for_the_end_of_the_first(store: Store, database_url: str) -> None:
    command = [sys.executable, "-c", LOCKER, database_url]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    with pytest.raises(BusyError) as refused, store.hold_daemon_lock():
        pass
    assert str(first.pid) in str(refused.value)
    assert "\n" not in str(refused.value)
    first.kill()
    first.wait()
    first.stdout.close()
    for _ in range(50):  # the server notices a dead client a moment later
        try:
            with store.hold_daemon_lock():
                return
        except BusyError:
            time.sleep(0.1)
    pytest.fail("the lock of a dead daemon stays")


def test_two_stores_of_one_process_exclude_each_other(store: Store, database_url: str) -> None:
    other = Store.open(database_url)
    with store.hold_daemon_lock(), pytest.raises(BusyError), other.hold_daemon_lock():
        pass
    with other.hold_daemon_lock():
        pass
    other.close()


def test_a_backup_is_whole_while_writing_goes_on(tmp_path: Path) -> None:
    live = Store.open(f"sqlite:///{tmp_path}/live.db")
    live.sync_sources([outlet("tsa")], NOW)
    began, stop = threading.Event(), threading.Event()

    def write() -> None:
        for n in range(10_000):
            live.file([filing(f"{n}-{m}") for m in range(5)], None, NOW)
            began.set()
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    assert began.wait(60)
    live.backup(tmp_path / "copy.db")
    stop.set()
    writer.join()
    live.close()
    copy = Store.open(f"sqlite:///{tmp_path}/copy.db")
    ((articles,),) = rows(copy, "SELECT count(*) FROM articles")
    assert int(str(articles)) % 5 == 0 < int(str(articles))
    assert rows(copy, "SELECT count(*) FROM v_hits") == [(articles,)]
    assert not copy.check()
    copy.close()


@pytest.mark.postgres
def test_a_lock_whose_session_the_server_ended_is_left_in_peace(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    with store.hold_daemon_lock():
        admin = Store.open(postgres_url)
        ended = (
            "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity WHERE datname ="
            " current_database() AND application_name LIKE 'marsad daemon%'"
        )
        with admin._database.engine.begin() as connection:
            assert connection.exec_driver_sql(ended.replace("%", "%%")).scalar() is True
        admin.close()
    with store.hold_daemon_lock():
        pass
    store.close()


def eventually(act: Callable[[], None]) -> None:
    """Do it once the server has noticed that a client left."""
    for _ in range(50):
        try:
            return act()
        except BusyError:
            time.sleep(0.1)
    return act()


@pytest.mark.postgres
@pytest.mark.parametrize("lock", ["hold_daemon_lock", "hold_worker_lock"])
def test_a_lock_that_the_server_forgot_is_taken_again_or_known_to_be_lost(
    postgres_url: str, lock: str
) -> None:
    store, other = Store.open(postgres_url), Store.open(postgres_url)
    ended = (
        "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity WHERE datname ="
        " current_database() AND application_name LIKE 'marsad daemon%%'"
    )

    def forget() -> None:
        with other._database.engine.begin() as connection:
            assert connection.exec_driver_sql(ended).scalar() is True

    hold = getattr(store, lock)
    with hold() as renew:
        renew()
        forget()
        renew()
        with pytest.raises(BusyError), other.hold_daemon_lock():
            pass
        forget()
        with other.hold_daemon_lock(), pytest.raises(BusyError, match="stop that one"):
            renew()
        eventually(renew)
        with pytest.raises(BusyError), other.hold_daemon_lock():
            pass
    store.close()
    other.close()


@pytest.mark.postgres
def test_a_session_that_the_server_ended_is_told_from_one_that_never_was(postgres_url: str) -> None:
    own = "SELECT pg_terminate_backend(pg_backend_pid(), 9000)"
    with Store.open(postgres_url) as store:
        with (
            pytest.raises(ConnectionLostError, match="try again"),
            store._border(),
            store._database.write() as connection,
        ):
            connection.exec_driver_sql(own)
        with pytest.raises(StoreError, match="does not exist") as refused:
            store.query("SELECT * FROM nowhere")
        assert not isinstance(refused.value, ConnectionLostError)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"postgresql+psycopg://postgres@127.0.0.1:{nobody.getsockname()[1]}/none"
        with pytest.raises(StoreError, match="does the server run") as refused:
            Store.open(address)
    assert not isinstance(refused.value, ConnectionLostError)


async def test_a_daemon_whose_lock_another_took_is_asked_to_stop() -> None:
    stop, answers = asyncio.Event(), iter([None, StoreError("down"), StoreError("down"), None])

    def renew() -> None:
        answer = next(answers, BusyError("held by another"))
        if answer is not None:
            raise answer

    with pytest.raises(BusyError, match="another"):
        async with guarded(renew, stop, every=0.01):
            await asyncio.wait_for(stop.wait(), 5)
    async with guarded(lambda: None, asyncio.Event(), every=0.01):
        await asyncio.sleep(0.05)
