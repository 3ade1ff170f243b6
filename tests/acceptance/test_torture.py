"""Killed at every step of the walk and at random, and the same in the end as if nothing had been.

``MARSAD_TORTURE_ROUNDS`` says how many rounds; `make torture` makes five hundred.
``MARSAD_TORTURE_SEED`` says which moments chance chooses.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path

import pytest
from newsroom import Newsroom, Stream, newsroom
from sinks import mail_server, web_hook

from marsad.failpoints import STEPS

# Those that differ most come first: a short run has them all.
FIRST = "after-send before-commit:3 after-claim after-commit:2 after-file after-settle".split()
RANDOM = ""
MANY, FEW = range(1, 9), (1, 1, 1, 2)  # passes of a step: each crawl brings one story
ROUNDS = int(os.environ.get("MARSAD_TORTURE_ROUNDS", "7"))
SEED = int(os.environ.get("MARSAD_TORTURE_SEED", "1"))
_REFERENCE = re.compile(r"M-\w{8}")
SHIPS = ("une frégate", "un sous-marin", "deux corvettes", "un patrouilleur")
PORTS = ("Alger", "Oran", "Annaba", "Béjaïa", "Mostaganem", "Skikda", "Ténès")
OTHERS = "italienne espagnole turque russe tunisienne française portugaise grecque chinoise".split()


def story(number: int) -> tuple[str, list[str]]:
    """Return a story of its own; every fifth is about nothing that is sought."""
    rng = random.Random(number)
    who, ship, port = rng.choice(OTHERS), rng.choice(SHIPS), rng.choice(PORTS)
    if number % 5 == 4:
        return f"Le marché de {port}, récit numéro {number}", [
            f"Les prix des légumes ont baissé de {number} dinars cette semaine à {port}.",
            "Les commerçants interrogés parlent d'un approvisionnement régulier des marchés.",
        ]
    return f"Manœuvre {number} : la marine {who} et {ship} devant {port}", [
        f"Les forces navales algériennes et la marine {who} ont mené mardi l'exercice naval "
        f"conjoint numéro {number} au large de {port}, indique un communiqué.",
        f"La coopération militaire a mobilisé {ship} et {rng.randint(80, 900)} marins.",
    ]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path / "killed") as opened:
        yield opened


def prepare(room: Newsroom) -> None:
    """Two outlets, whole texts and pages; every hit at once, however many."""
    room.folder.mkdir(exist_ok=True)
    for outlet in ("whole", "pages"):
        room.outlet(outlet)
    route = {"channels": list(room.channels), "mode": "immediate"}
    flood = {"alerts": 0, "hits": 0}
    room.more = {"alerts": {"channels": room.channels, "routes": [route], "flood": flood}}


def chosen(rounds: int, rng: random.Random) -> list[str]:
    """Return the failpoint of each round: every step in turn, several passes of it, or chance."""
    steps = [step if ":" in step else f"{step}:1" for step in FIRST]
    rest = [f"{step}:{{}}" for step in STEPS]
    rng.shuffle(rest)
    endless = cycle([*rest, RANDOM, RANDOM])
    more = (step.format(rng.choice(MANY if "commit" in step else FEW)) for step in endless)
    return [*steps, RANDOM, *islice(more, max(0, rounds - len(steps) - 1))][:rounds]


async def killed(room: Newsroom, failpoint: str, rng: random.Random) -> bool:
    """Let marsad work until it is killed; False when it was through before."""
    if not failpoint:
        daemon = await room.marsad("run")
        await asyncio.sleep(rng.uniform(0.5, 5.0))
        daemon.signal(signal.SIGKILL)
        return await daemon.wait() == -signal.SIGKILL
    once = await room.marsad("crawl", "--all", MARSAD_FAILPOINT=failpoint)
    return await once.wait(400) == -signal.SIGKILL


@pytest.mark.timeout(60 + 60 * ROUNDS)
async def test_k1_killed_at_every_step_it_ends_as_if_nothing_had_been(
    room: Newsroom, tmp_path: Path, seen: Callable[[str], None]
) -> None:
    prepare(room)
    rng = random.Random(SEED)
    streams = [Stream(room.press, name, is_full=name == "whole") for name in ("whole", "pages")]
    kills: Counter[str] = Counter()
    for number, failpoint in enumerate(chosen(ROUNDS, rng)):
        streams[number % 2].add(*story(number))
        if await killed(room, failpoint, rng):
            kills[failpoint.partition(":")[0] or "at random"] += 1
    assert sum(kills.values()) >= ROUNDS * 0.6, kills
    await ended_in_peace(room, ROUNDS)
    for stream in streams:
        stream.list(ROUNDS)
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(mail_server())
        hook = await stack.enter_async_context(web_hook())
        oracle = Newsroom(tmp_path / "oracle", room.press, mailbox, hook)
        prepare(oracle)
        once = await oracle.marsad("crawl", "--all", "--no-alerts")
        assert await once.wait(120 + ROUNDS) == 0, once.errors
    assert held(room) == held(oracle)
    more = told_well(room, sum(kills.values()))
    seen(f"{sum(kills.values())} kills in {ROUNDS} rounds: nothing lost, {more} messages more")
    print(f"{ROUNDS} rounds, seed {SEED}; kills: {dict(sorted(kills.items()))}; {more} more")


async def ended_in_peace(room: Newsroom, articles: int) -> None:
    daemon = await room.marsad("run")

    def is_over() -> bool:
        filed = room.rows("SELECT count(*) FROM articles")
        waiting = "mode = 'immediate' AND state <> 'sent'"
        return filed == [(articles,)] and room.rows(
            f"SELECT count(*) FROM v_alerts WHERE {waiting}"
        ) == [(0,)]

    await room.until(is_over, 120 + ROUNDS)
    assert await daemon.stop() in (0, -signal.SIGTERM)
    assert room.rows("PRAGMA integrity_check") == [("ok",)]


def held(room: Newsroom) -> tuple[list[tuple[object, ...]], ...]:
    """Return what the store holds of articles and hits, without times and numbers."""
    return (
        room.rows("SELECT url, title, text, language, outlet FROM articles ORDER BY 1"),
        room.rows(
            "SELECT url, rule, round(score, 6), partners, activities FROM v_hits ORDER BY 1, 2"
        ),
    )


def told_well(room: Newsroom, kills: int) -> int:
    """Every story on every channel; at most one more a kill, under the id of the first.

    Returns how many messages came once more.
    """
    stories = room.rows("SELECT count(DISTINCT story_id) FROM v_hits")[0][0]
    told = "SELECT channel, count(DISTINCT story_id) FROM v_alerts WHERE state = 'sent' GROUP BY 1"
    assert room.rows(f"{told} ORDER BY 1") == [("mail", stories), ("slack", stories)]
    mails = room.mailbox.ids()
    said = [str(payload) for payload in room.hook.payloads]
    posts = [tuple(sorted(_REFERENCE.findall(text))) or (text,) for text in said]
    more = len(mails) - len(set(mails)) + len(posts) - len(set(posts))
    assert more <= kills
    return more
