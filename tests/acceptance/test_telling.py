"""Told once, never lost: marsad as people run it, killed at any moment, with sinks that fail."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from newsroom import BOTH_MODES, HITS, Newsroom, newsroom

PARTNERS = ("italienne", "espagnole", "turque", "russe", "tunisienne")


def story(number: int) -> tuple[str, list[str]]:
    """Return a story of its own: another partner, another ship, another port."""
    who = PARTNERS[number % len(PARTNERS)]
    title = f"Exercice naval numéro {number} avec la marine {who}"
    return title, [
        f"Les forces navales algériennes et la marine {who} ont mené mardi l'exercice naval "
        f"conjoint numéro {number} au large d'Alger, indique un communiqué.",
        f"La frégate numéro {number} avait fait escale dans le cadre de la coopération militaire.",
    ]


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path) as opened:
        yield opened


@pytest.fixture(params=BOTH_MODES)
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path, request.param) as opened:
        yield opened


async def test_a_story_of_several_outlets_is_one_notice_a_channel(room: Newsroom) -> None:
    """Five stories of two to five articles: one notice each, the rest in the digest."""
    outlets = [f"paper{n}" for n in range(5)]
    stories = [story(n) for n in range(5)]
    sizes = [2, 3, 4, 5, 2]
    for number, outlet in enumerate(outlets):
        room.press.publish(
            outlet, *(s for s, size in zip(stories, sizes, strict=True) if number < size)
        )
        room.outlet(outlet)
    crawl = await room.marsad("crawl", "--all")
    assert await crawl.wait(90) == 0, crawl.errors
    assert [len(room.mailbox.mails), len(room.hook.payloads)] == [5, 5]
    counted = room.rows("SELECT channel, kind, count(*) FROM v_alerts GROUP BY 1, 2 ORDER BY 1, 2")
    assert counted == [
        ("mail", "immediate", 5),
        ("mail", "later", sum(sizes) - 5),
        ("slack", "immediate", 5),
        ("slack", "later", sum(sizes) - 5),
    ]


async def test_f2_a_paper_that_floods_delays_no_other(room: Newsroom) -> None:
    room.press.publish("loud", *(story(n) for n in range(60)))
    room.press.publish("tsa")
    room.outlet("loud")
    room.outlet("tsa")
    room.channels = {"mail": room.channels["mail"]}
    route = {"channels": ["mail"]}
    flood = {"alerts": 4, "hits": 20}
    room.more = {"alerts": {"channels": room.channels, "routes": [route], "flood": flood}}
    daemon = await room.marsad("run")
    counted = "SELECT count(*) FROM v_alerts WHERE kind = 'flood'"
    await room.until(lambda: (room.rows(counted) or [(0,)])[0][0] >= 20)
    room.press.publish("tsa", HITS["ar"])
    title = HITS["ar"][0]
    await room.until(lambda: any(title in str(m["Subject"]) for m in room.mailbox.mails), 30)
    gathered = "too many hits"
    await room.until(lambda: any(gathered in str(m["Subject"]) for m in room.mailbox.mails), 30)
    assert await daemon.stop() == 0
    said = [str(mail["Subject"]) for mail in room.mailbox.mails]
    assert sum(gathered in subject for subject in said) == 1
    assert sum("numéro" in subject for subject in said) <= 20  # of the loud one, before that
    assert room.states()["mail"].count("pending") >= 20  # its digest comes after a minute


async def test_what_a_crash_left_leased_goes_out_at_the_next_start(alone: Newsroom) -> None:
    alone.press.publish("tsa", HITS["fr"])
    alone.outlet("tsa")
    alone.channels = {"mail": alone.channels["mail"]}
    crashed = await alone.marsad("run", MARSAD_FAILPOINT="after-send")
    assert await crashed.wait(60) == -signal.SIGKILL
    assert alone.states() == {"mail": ["leased"]}
    started = time.monotonic()
    daemon = await alone.marsad("run")
    await alone.until(lambda: alone.states() == {"mail": ["sent"]}, 50)
    assert time.monotonic() - started < 45  # not the minute of its lease
    assert await daemon.stop() == 0
    assert len(alone.mailbox.mails) == 2
    assert len(set(alone.mailbox.ids())) == 1


async def test_a_channel_that_is_gone_is_told_by_the_other(room: Newsroom) -> None:
    room.press.publish("tsa", HITS["fr"])
    room.outlet("tsa")
    room.hook.answers = [web.Response(status=404, text="channel_not_found") for _ in range(50)]
    daemon = await room.marsad("run")

    def is_told() -> bool:
        return any("slack takes no alerts" in str(m["Subject"]) for m in room.mailbox.mails)

    await room.until(is_told, 90)
    assert await daemon.stop() == 0
    told = [m for m in room.mailbox.mails if "slack takes no alerts" in str(m["Subject"])]
    assert len(told) == 1
    assert "404" in told[0].get_content()
    assert room.hook.url not in str(told[0])
    assert room.states() == {"mail": ["sent"], "slack": ["pending"]}  # nothing is lost
