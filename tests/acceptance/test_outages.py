"""A channel that is down, refuses or says nothing: marsad as a process, sinks that misbehave."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from newsroom import BOTH_MODES, Newsroom, newsroom
from sinks import Mailbox, mail_server

from domain.time import isoformat

PARTNERS = ("italienne", "espagnole", "turque", "russe", "tunisienne")
STORIES = [
    (
        f"Exercice naval numéro {number} avec la marine {who}",
        [
            f"Les forces navales algériennes et la marine {who} ont mené mardi l'exercice naval "
            f"conjoint numéro {number} au large d'Alger, indique un communiqué.",
            f"La frégate {who} numéro {number} avait fait escale dans le cadre de la coopération "
            "militaire.",
        ],
    )
    for number, who in enumerate(PARTNERS)
]


@pytest.fixture(params=BOTH_MODES)
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path, request.param) as opened:
        opened.outlet("tsa")
        yield opened


def told_of(payload: Any) -> list[int]:
    """Return the numbers of the stories that a message tells of."""
    said = str(payload)
    return [n for n, (title, _) in enumerate(STORIES) if title in said]


def is_said(room: Newsroom, words: str) -> bool:
    return any(words in str(payload) for payload in room.hook.payloads)


async def test_k8_mail_down_for_an_hour_is_told_by_slack_and_comes_grouped(
    room: Newsroom,
) -> None:
    room.press.publish("tsa", *STORIES)
    async with mail_server() as gone:
        port = gone.port
    room.channels["mail"]["port"] = port  # nobody listens there
    daemon = await room.marsad("run")
    await room.until(lambda: room.states().get("slack") == ["sent"] * len(STORIES), 60)
    await room.until(lambda: is_said(room, "mail takes no alerts"), 60)
    assert room.states()["mail"] == ["pending"] * len(STORIES)
    let_an_hour_pass(room)
    async with mail_server(port=port) as back:
        await room.until(lambda: room.states()["mail"] == ["sent"] * len(STORIES), 60)
        assert await daemon.stop() == 0
    assert len(back.mails) == 2, [mail["Subject"] for mail in back.mails]
    told = [told_of(_words(mail)) for mail in back.mails]
    assert [len(numbers) for numbers in told] == [1, len(STORIES) - 1]
    assert sorted(told[0] + told[1]) == list(range(len(STORIES)))  # all, each once
    assert len(room.hook.payloads) == len(STORIES) + 1  # Slack was kept waiting by nothing


def let_an_hour_pass(room: Newsroom) -> None:
    """Let it pass in the outbox."""
    waiting = "SELECT delivery_id, due_at, created_at FROM deliveries WHERE channel = 'mail'"
    for ident, *moments in room.rows(waiting):
        sooner = [isoformat(datetime.fromisoformat(m) - timedelta(hours=1)) for m in moments]
        moved = "UPDATE deliveries SET due_at = ?, created_at = ? WHERE delivery_id = ?"
        room.write(moved, *sooner, ident)


def _words(mail: Any) -> str:
    plain = mail.get_body(("plain",))
    return " ".join(plain.get_content().split())


async def test_k8_a_login_that_is_refused_is_told_by_slack_and_loses_nothing(
    room: Newsroom,
) -> None:
    room.press.publish("tsa", *STORIES[:2])
    async with mail_server(("desk", "new-password")) as mailbox:
        room.channels["mail"] |= {"port": mailbox.port, "username": "desk"}
        room.channels["mail"] |= {"password": "${WORD}"}
        daemon = await room.marsad("run", WORD="old-password")
        await room.until(lambda: is_said(room, "mail takes no alerts"), 60)
        assert room.states()["mail"] == ["pending"] * 2
        assert await daemon.stop() == 0
        (said,) = [p for p in room.hook.payloads if "mail takes no alerts" in str(p)]
        assert "535" in str(said)
        assert "old-password" not in str(said) + daemon.errors
        assert room.rows("SELECT max(attempts) FROM v_alerts WHERE channel = 'mail'") == [(0,)]
        mended = await room.marsad("run", WORD="new-password")
        await room.until(lambda: room.states()["mail"] == ["sent"] * 2, 60)
        assert await mended.stop() == 0
        assert _numbers(mailbox) == Counter(range(2))


def _numbers(mailbox: Mailbox) -> Counter[int]:
    return Counter(n for mail in mailbox.mails for n in told_of(_words(mail)))


async def test_k9_a_storm_of_429_is_obeyed_and_holds_up_nobody_else(room: Newsroom) -> None:
    room.press.publish("tsa", *STORIES[:3])
    busy = [web.Response(status=429, headers={"Retry-After": "2"}) for _ in range(2)]
    room.hook.answers = [*busy]
    daemon = await room.marsad("run")
    await room.until(lambda: room.states().get("mail") == ["sent"] * 3, 60)
    assert "pending" in room.states()["slack"]
    await room.until(lambda: room.states()["slack"] == ["sent"] * 3, 60)
    assert await daemon.stop() == 0
    told = Counter(n for payload in room.hook.payloads for n in told_of(payload))
    assert told == Counter(range(3))
    gaps = [later - sooner for sooner, later in pairwise(room.hook.times)]
    assert min(gaps[: len(busy)]) >= 2  # as it asked
    assert min(gaps) >= 0.95  # one a second; arrivals jitter a little
    assert len(room.hook.bodies) == 3 + len(busy)  # no try in between


@pytest.mark.soak
@pytest.mark.timeout(120)
async def test_k9_no_answer_after_the_body_is_one_message_more_that_is_known_again(
    room: Newsroom,
) -> None:
    room.press.publish("tsa", STORIES[0])
    room.channels = {"slack": room.channels["slack"]}
    room.hook.answers = [40.0]  # longer than anybody waits
    daemon = await room.marsad("run")
    await room.until(lambda: room.states().get("slack") == ["leased"], 60)
    await room.until(lambda: room.states() == {"slack": ["sent"]}, 60)
    assert await daemon.stop() == 0
    first, again = room.hook.bodies
    assert told_of(first) == told_of(again) == [0]
    assert _reference(first) == _reference(again)
    assert "possibly sent" in daemon.errors


def _reference(payload: Any) -> str:
    return str(payload["blocks"]).partition("M-")[2][:10]
