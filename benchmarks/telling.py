"""How long from publication on a local feed, polled every second, to the mail accepted by a sink.

Run from the checkout: ``python benchmarks/telling.py``. A press, a mail server and
marsad as a process run on this machine; articles are published at random moments, each a story
of its own with a partner of its own. Prints p50 and p95 in seconds; exits 1 when p95 is 3 s or
more.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "acceptance")]

from newsroom import Newsroom, Stream, newsroom  # noqa: E402

LIMIT = 3.0  # seconds, p95

# One partner an event: two exercises with one partner in one week are one story, told once.
PARTNERS = (
    *("italienne", "espagnole", "turque", "russe", "tunisienne", "allemande", "française"),
    *("britannique", "américaine", "chinoise", "portugaise", "égyptienne", "mauritanienne"),
    *("libyenne", "nigérienne", "malienne", "sénégalaise", "saoudienne", "indienne", "serbe"),
    "japonaise",
)
# As many as go out at once: past a burst a channel gets its messages one every twenty seconds.
ARTICLES = len(PARTNERS) - 1
ROUNDS = 2


def event(number: int) -> tuple[str, list[str]]:
    """Return title and paragraphs of an exercise with a partner that no other event has."""
    who = PARTNERS[number]
    title = f"Exercice militaire conjoint avec l'armée {who}"
    return title, [
        f"L'armée algérienne et l'armée {who} ont mené mardi un exercice militaire conjoint, "
        "indique un communiqué du ministère de la Défense nationale.",
        f"Des officiers de l'armée {who} ont suivi les tirs avec leurs homologues algériens.",
    ]


async def measure(room: Newsroom, rng: random.Random) -> list[float]:
    """Return the seconds that each article took."""
    waits: list[float] = []
    stream = Stream(room.press, "tsa", is_full=True)
    room.outlet("tsa")
    room.channels = {"mail": room.channels["mail"]}
    route = {"channels": ["mail"], "mode": "immediate"}
    flood = {"alerts": 0, "hits": 0}
    room.more = {
        "crawler": {
            "allow_private_networks": True,
            "delay": "0s",
            "poll_every": {"min": "1s", "max": "1s"},
            "include": [],
        },
        "alerts": {"channels": room.channels, "routes": [route], "flood": flood},
    }
    stream.add(*event(0))
    daemon = await room.marsad("run")
    await room.until(lambda: len(room.mailbox.mails) == 1, 60)
    for number in range(1, ARTICLES + 1):
        await asyncio.sleep(rng.uniform(0.5, 1.5))
        stream.add(*event(number))
        published = time.monotonic()
        while len(room.mailbox.mails) <= number:
            if time.monotonic() - published > 60:
                raise SystemExit(f"article {number} was not told within a minute")
            await asyncio.sleep(0.01)
        waits.append(time.monotonic() - published)
    await daemon.stop()
    return waits


async def main() -> int:
    """Measure and print."""
    rng = random.Random(1)
    waits: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            async with newsroom(Path(folder)) as room:
                waits += await measure(room, rng)
    p95 = quantiles(waits, n=20)[-1]
    print(
        f"{len(waits)} articles: p50 {median(waits):.2f} s, p95 {p95:.2f} s, max {max(waits):.2f} s"
    )
    return int(p95 >= LIMIT)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
