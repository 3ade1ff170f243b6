"""Months without care: a suspended process, a rule that wants everything, nothing that grows."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from broken_stores import asking
from command_line import make_run
from crawler_stage import Stage, fresh, item, local_press, page, rss, source
from databases import server_database
from newsroom import DULL, HITS, Newsroom, newsroom

from domain.errors import BusyError
from storage import Migrate, Store

BROKEN = Path(__file__).parents[1] / "cases" / "broken_rules"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path) as opened:
        opened.press.publish("tsa", DULL)
        opened.outlet("tsa")
        yield opened


SUSPENDED = float(os.environ.get("MARSAD_SUSPENDED", "2"))  # seconds; a minute outlasts a lease


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def kept(
    request: pytest.FixtureRequest, room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newsroom]:
    """Yield the newsroom on each kind of database in turn."""
    if request.param == "sqlite":
        yield room
        return
    name = f"marsad_test_standing_{os.getpid()}"
    with server_database(name) as room.more["database"]:
        monkeypatch.setattr(room, "rows", asking(name))
        yield room


def is_held(room: Newsroom) -> bool:
    """Whether a second daemon would be refused."""
    url = room.more.get("database", f"sqlite:///{room.database}")
    with Store.open(url, migrate=Migrate.NEVER) as store:
        try:
            with store.hold_daemon_lock():
                return False
        except BusyError:
            return True


@pytest.mark.timeout(180 + 2 * SUSPENDED)
async def test_k11_a_daemon_that_was_suspended_goes_on_and_tells_once(
    kept: Newsroom, seen: Callable[[str], None]
) -> None:
    """``MARSAD_SUSPENDED`` says for how many seconds; a minute outlasts every lease."""
    room = kept
    daemon = await room.marsad("run")
    await room.until(lambda: room.rows("SELECT 1 FROM articles"))
    family = [daemon.pid, *daemon.descendants()]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    room.press.publish("tsa", DULL, HITS["fr"])
    assert is_held(room)  # the lock is its own as long as it lives
    await asyncio.sleep(SUSPENDED)
    assert room.rows("SELECT 1 FROM v_hits") == []
    asked = len(room.press.asked)
    woke = time.monotonic()
    for pid in family:
        os.kill(pid, signal.SIGCONT)
    await room.until(lambda: room.states() == {"mail": ["sent"], "slack": ["sent"]})
    lag = time.monotonic() - woke
    await asyncio.sleep(3)
    visits = room.press.asked[asked:].count("/tsa/feed")
    # The one under way when it was stopped; one for all that was missed; then one a second.
    assert visits <= time.monotonic() - woke + 2
    assert is_held(room)
    assert await daemon.stop() == 0, daemon.errors
    assert "Traceback" not in daemon.errors, daemon.errors
    assert [len(room.mailbox.mails), len(room.hook.payloads)] == [1, 1]
    seen(f"suspended for {SUSPENDED:g} s; told {lag:.1f} s after it woke")


@pytest.mark.parametrize("name", ["always_true", "bare_wildcard", "stop_word", "never_true"])
def test_f4_a_rule_that_matches_everything_is_refused_where_it_stands(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tmp_path / "config.yaml"
    rule = BROKEN / f"{name}.yaml"
    config.write_text(f"rules: ['{rule}']\ncrawler: {{include: []}}\n", encoding="utf-8")
    ran = make_run(capsys, monkeypatch)("--config", str(config), "rules", "check")
    assert ran.code == 2
    assert f"{name}.yaml:" in ran.err
    assert "Traceback" not in ran.err


def held() -> tuple[int, int, int]:
    """Return open files, threads and tasks of this process."""
    gc.collect()
    files = len(list(Path("/proc/self/fd").iterdir()))
    return files, threading.active_count(), len(asyncio.all_tasks())


async def test_k16_a_hundred_visits_leave_no_file_no_thread_and_no_task(
    seen: Callable[[str], None],
) -> None:
    """The short form of `make soak`: good feeds, broken ones and pages that are gone."""
    async with local_press() as press, Stage() as stage:
        outlets = [
            source(press, id=f"paper{n}", feeds=(f"{press.url}/{n}/feed",)) for n in range(5)
        ]
        after: list[tuple[int, int, int]] = []
        for turn in range(20):
            press.pages = {
                "/0/feed": rss(item(f"/0/{turn}", f"Titre {turn}")),
                f"/0/{turn}": page(f"Titre {turn}"),
                "/1/feed": rss(item(f"/1/{turn}", f"Sans page {turn}")),
                "/2/feed": "<?xml version='1.0'?><rss><channel><item><title>Coupé",
                "/3/feed": 503 if turn % 2 else "<html><body>Domain for sale</body></html>",
                # the fifth has none: 404
            }
            for outlet in outlets:
                await stage.visit(outlet, fresh(outlet))
            stage.clock.pass_by(hours=7)
            if turn in (6, 19):
                await asyncio.sleep(0.05)
                after.append(held())
        early, late = after
        assert len(stage.desk.articles) == 40
        assert late[1:] == early[1:]
        assert late[0] <= early[0] + 2  # connections that are kept alive come and go
        seen(f"files, threads, tasks: {early}; 65 visits later {late}")
