"""marsad as people run it: real processes, a press, a mail server and a webhook on loopback."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from newsroom import DULL, HITS, Newsroom, alive, newsroom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path) as opened:
        yield opened


async def gone(pids: set[int], seconds: float = 5) -> set[int]:
    """Wait for processes to end; return those that did not."""
    deadline = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    return alive(pids)


def told(room: Newsroom) -> bool:
    return bool(room.mailbox.mails and room.hook.payloads)


async def test_a_hit_is_stored_and_told_and_the_daemon_leaves_nothing_behind(room: Newsroom):
    room.press.publish("tsa", HITS["fr"], DULL)
    room.press.publish("awras", HITS["ar"], is_full=False)
    room.press.publish("herald", HITS["en"], is_full=False)
    room.outlet("tsa")
    room.outlet("awras", language="ar")
    room.outlet("herald", language="en")

    daemon = await room.marsad("run")
    await room.until(lambda: room.states() == {"mail": ["sent"] * 3, "slack": ["sent"] * 3})
    family = daemon.descendants()
    asked = time.monotonic()
    code = await daemon.stop()

    assert code == 0, daemon.errors
    assert time.monotonic() - asked < 10
    assert len(family) >= 2
    assert await gone(family) == set()
    assert "Traceback" not in daemon.errors
    assert [len(room.mailbox.mails), len(room.hook.payloads)] == [3, 3]
    assert len(set(room.mailbox.ids())) == 3
    assert all(i.startswith("<") and i.endswith("@desk.example>") for i in room.mailbox.ids())
    assert {"text", "blocks"} <= set(room.hook.payloads[0])
    subjects = [str(mail["Subject"]).partition(": ")[2] for mail in room.mailbox.mails]
    assert sorted(subjects) == sorted(title for title, _ in HITS.values())
    found = room.rows("SELECT outlet, language, partners FROM v_hits ORDER BY outlet")
    assert found == [("awras", "ar", "US"), ("herald", "en", "RU"), ("tsa", "fr", "IT")]
    assert len(room.rows("SELECT 1 FROM articles")) == 4
    assert room.hook.url not in daemon.errors
