"""marsad as people run it: real processes, a press, a mail server and a webhook on loopback."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from newsroom import BOTH_MODES, DULL, HITS, ONE_MACHINE, Newsroom, alive, newsroom

in_module = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def with_tsa(folder: Path, mode: str = ONE_MACHINE) -> AsyncIterator[Newsroom]:
    async with newsroom(folder, mode) as opened:
        opened.press.publish("tsa", HITS["fr"])
        opened.outlet("tsa")
        yield opened


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with with_tsa(tmp_path) as opened:
        yield opened


@pytest.fixture(params=BOTH_MODES)
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Newsroom]:
    async with with_tsa(tmp_path, request.param) as opened:
        yield opened


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


async def gone(pids: set[int], seconds: float = 5) -> set[int]:
    """Wait for processes to end; return those that did not."""
    deadline = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    return alive(pids)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BOTH_MODES)
async def living(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Newsroom]:
    """A daemon at work: three outlets that answer, two that do not, a channel that refuses."""
    async with newsroom(tmp_path_factory.mktemp("living"), request.param) as opened:
        opened.press.publish("tsa", HITS["fr"], DULL)
        opened.press.publish("awras", HITS["ar"], is_full=False)
        opened.press.publish("herald", HITS["en"], is_full=False)
        opened.outlet("dead", feeds=[f"http://127.0.0.1:{closed_port()}/feed"])
        opened.press.pages["/parked/feed"] = "<html><body><h1>Domain for sale</h1></body></html>"
        opened.outlet("parked")
        opened.outlet("tsa")
        opened.outlet("awras", language="ar")
        opened.outlet("herald", language="en")
        down = {**opened.channels["mail"], "port": closed_port()}
        opened.channels = {"down": down, **opened.channels}
        await opened.marsad("run")
        wanted = {"mail": ["sent"] * 3, "slack": ["sent"] * 3, "down": ["pending"] * 3}
        await opened.until(lambda: opened.states() == wanted, 60)
        yield opened


@in_module
async def test_a_hit_is_stored_and_told_by_mail_and_slack(living: Newsroom):
    # beside the bulletin on the channel that is down
    mails = [m for m in living.mailbox.mails if "takes no alerts" not in str(m["Subject"])]
    posts = [p for p in living.hook.payloads if "takes no alerts" not in p["text"]]
    assert [len(mails), len(posts)] == [3, 3]
    ids = [str(mail["Message-ID"]) for mail in mails]
    assert len(set(ids)) == 3
    assert all(i.startswith("<") and i.endswith("@desk.example>") for i in ids)
    assert {"text", "blocks"} <= set(posts[0])
    subjects = [str(mail["Subject"]).partition(" · ")[2] for mail in mails]
    assert sorted(subjects) == sorted(title for title, _ in HITS.values())
    found = living.rows("SELECT outlet, language, partners FROM v_hits ORDER BY outlet")
    assert found == [("awras", "ar", "US"), ("herald", "en", "RU"), ("tsa", "fr", "IT")]
    assert len(living.rows("SELECT 1 FROM articles")) == 4


@in_module
async def test_a_channel_that_refuses_delays_no_other(living: Newsroom):
    times = living.rows("SELECT created_at, sent_at FROM v_alerts WHERE channel != 'down'")
    waits = [datetime.fromisoformat(b) - datetime.fromisoformat(a) for a, b in times]
    assert max(wait.total_seconds() for wait in waits) <= 10  # of which 1 s between two to Slack
    reasons = living.rows(
        "SELECT attempts, last_error FROM v_alerts WHERE channel = 'down' AND last_error != ''"
    )
    assert reasons
    assert all("127.0.0.1" in reason and attempts == 0 for attempts, reason in reasons)


@in_module
async def test_a_source_that_fails_is_named_with_its_reason(living: Newsroom):
    listing = await living.marsad("sources", "list", "--format", "json")
    assert await listing.wait() == 0, listing.errors
    by_id = {row["id"]: row for row in json.loads(listing.output)}
    assert by_id["tsa"]["outcome"] in ("ok", "not_modified")
    assert by_id["tsa"]["failures"] == 0
    assert by_id["dead"]["outcome"] == "network"
    assert by_id["parked"]["outcome"] == "not_a_feed"
    for ident in ("dead", "parked"):
        assert by_id[ident]["failures"] >= 1
        assert by_id[ident]["reason"]
        assert by_id[ident]["next_due"].endswith("Z")


@in_module
@pytest.mark.parametrize("command", [["run"], ["crawl", "--all"]])
async def test_k10_a_second_one_on_the_database_is_refused(living: Newsroom, command: list[str]):
    second = await Newsroom.marsad(living, *command)  # a daemon also beside a worker
    assert await second.wait() == 1
    assert len(second.errors.splitlines()) == 1, second.errors
    assert f"pid {living.started[0].pid}" in second.errors
    assert second.output == ""


async def test_k11_sigterm_ends_in_time_though_a_webhook_hangs(
    room: Newsroom, seen: Callable[[str], None]
):
    room.hook.answers = [60.0]
    daemon = await room.marsad("run")
    await room.until(lambda: room.states() == {"mail": ["sent"], "slack": ["leased"]}, 60)
    family = daemon.descendants()
    asked = time.monotonic()

    assert await daemon.stop() == 0, daemon.errors
    took = time.monotonic() - asked
    assert took < 10
    seen(f"ended {took:.1f} s after SIGTERM")
    assert len(family) >= 2
    assert await gone(family) == set()
    assert room.states() == {"mail": ["sent"], "slack": ["pending"]}  # handed back
    assert "Traceback" not in daemon.errors, daemon.errors
    assert room.hook.url not in daemon.errors
    assert room.rows("SELECT 1 FROM v_alerts WHERE last_error LIKE '%secret-token%'") == []


async def test_k11_a_second_sigterm_ends_at_once(room: Newsroom):
    room.hook.answers = [60.0]
    daemon = await room.marsad("run")
    await room.until(lambda: room.states().get("slack") == ["leased"], 60)
    family = daemon.descendants()

    daemon.signal(signal.SIGTERM)
    await asyncio.sleep(0.5)
    asked = time.monotonic()
    assert await daemon.stop() == 1
    assert time.monotonic() - asked < 5
    assert await gone(family) == set()


async def test_k2_k3_two_crashes_lose_nothing_and_send_once_more_under_the_same_id(room: Newsroom):
    del room.channels["slack"]
    crashed = await room.marsad("run", MARSAD_FAILPOINT="after-file")
    await room.until(crashed.descendants)
    family = crashed.descendants()
    assert await crashed.wait(60) == -signal.SIGKILL
    assert room.states() == {"mail": ["pending"]}  # stored, and nobody told
    assert room.mailbox.mails == []
    assert await gone(family) == set()

    crashed = await room.marsad("run", MARSAD_FAILPOINT="after-send")
    assert await crashed.wait(60) == -signal.SIGKILL
    assert room.states() == {"mail": ["leased"]}  # told, and not marked
    assert len(room.mailbox.mails) == 1
    let_leases_end(room)

    again = await room.marsad("crawl")
    assert await again.wait(60) == 0, again.errors
    assert "1 accepted alerts" in again.errors
    assert room.states() == {"mail": ["sent"]}
    assert len(room.mailbox.mails) == 2
    assert len(set(room.mailbox.ids())) == 1


def let_leases_end(room: Newsroom) -> None:
    """Let the minute pass by which a lease outlives its holder."""
    ((until,),) = room.rows("SELECT max(lease_until) FROM deliveries")
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    assert left.total_seconds() <= 61  # rounded up to a whole second
    room.write("UPDATE deliveries SET lease_until = ?", "2020-01-01T00:00:00Z")


async def test_one_pass_prints_a_table_and_delivers(alone: Newsroom):
    alone.press.pages["/parked/feed"] = "<html><body><h1>Domain for sale</h1></body></html>"
    alone.outlet("parked")
    crawl = await alone.marsad("crawl", "--all")
    assert await crawl.wait(60) == 1, crawl.errors  # a part of the work failed
    assert crawl.output == ""
    lines = [" ".join(line.split()) for line in crawl.errors.splitlines()]
    assert "source outcome new hits ms reason" in lines
    assert any(line.startswith("tsa ok 1 1 ") for line in lines)
    assert any(line.startswith("parked not_a_feed 0 0 ") for line in lines)
    assert "2 sources, 1 new articles, 1 hits; 2 accepted alerts" in lines
    assert [len(alone.mailbox.mails), len(alone.hook.payloads)] == [1, 1]

    nothing_due = await alone.marsad("crawl", "--source", "tsa", "--no-alerts")
    assert await nothing_due.wait(60) == 0, nothing_due.errors
    assert len(alone.mailbox.mails) == 1


async def test_a_source_is_checked_and_nothing_is_kept_or_told(alone: Newsroom):
    check = await alone.marsad("sources", "check", "tsa")
    assert await check.wait(60) == 0, check.errors
    lines = [" ".join(line.split()) for line in check.output.splitlines()]
    assert any(line.startswith("tsa ok 1 1 ") for line in lines), lines
    assert not list(alone.folder.glob("*.db"))
    assert alone.mailbox.mails == []


async def test_a_rule_that_does_not_load_is_named_before_anything_runs(room: Newsroom):
    broken = room.folder / "broken.yaml"
    broken.write_text("id: broken\ntitle: A rule\nrequire: '@NOWHERE AND ('\n", encoding="utf-8")
    room.rules = ["broken.yaml"]
    daemon = await room.marsad("run")
    assert await daemon.wait(60) == 2
    assert "broken.yaml:3:" in daemon.errors
    assert "Traceback" not in daemon.errors
    assert room.press.asked == []
