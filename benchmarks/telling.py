"""How long from publication on a local feed, polled every second, to the mail accepted by a sink.

Run from the checkout: ``python benchmarks/telling.py [ARTICLES]``. A press, a mail server and
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

from newsroom import Newsroom, newsroom  # noqa: E402

LIMIT = 3.0  # seconds, p95

# One partner an event: two exercises with one partner in one week are one story, told once.
PARTNERS = (
    *("italienne", "espagnole", "turque", "russe", "tunisienne", "allemande", "française"),
    *("britannique", "américaine", "chinoise", "portugaise", "égyptienne", "mauritanienne"),
    *("libyenne", "nigérienne", "malienne", "sénégalaise", "nigériane", "sud-africaine"),
    *("éthiopienne", "kényane", "angolaise", "saoudienne", "qatarie", "koweïtienne", "omanaise"),
    *("jordanienne", "irakienne", "pakistanaise", "indienne", "indonésienne", "vietnamienne"),
    *("sud-coréenne", "japonaise", "brésilienne", "argentine", "polonaise", "grecque", "serbe"),
    *("belge", "néerlandaise"),
)


def event(number: int) -> tuple[str, list[str]]:
    """Return title and paragraphs of an exercise with a partner that no other event has."""
    who = PARTNERS[number]
    title = f"Exercice militaire conjoint avec l'armée {who}"
    return title, [
        f"L'armée algérienne et l'armée {who} ont mené mardi un exercice militaire conjoint, "
        "indique un communiqué du ministère de la Défense nationale.",
        f"Des officiers de l'armée {who} ont suivi les tirs avec leurs homologues algériens.",
    ]


async def measure(room: Newsroom, articles: int) -> list[float]:
    """Return the seconds that each article took."""
    rng, waits, stories = random.Random(1), [], [event(0)]
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
    room.press.publish("tsa", *stories)
    daemon = await room.marsad("run")
    await room.until(lambda: len(room.mailbox.mails) == 1, 60)
    for number in range(1, articles + 1):
        await asyncio.sleep(rng.uniform(0.5, 1.5))
        stories.insert(0, event(number))
        room.press.publish("tsa", *stories[:30])
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
    articles = int(sys.argv[1]) if len(sys.argv) > 1 else len(PARTNERS) - 1
    if not 2 <= articles < len(PARTNERS):
        raise SystemExit(f"ARTICLES: from 2 to {len(PARTNERS) - 1}, one partner each")
    with tempfile.TemporaryDirectory() as folder:
        async with newsroom(Path(folder)) as room:
            waits = await measure(room, articles)
    p95 = quantiles(waits, n=20)[-1]
    print(
        f"{articles} articles: p50 {median(waits):.2f} s, p95 {p95:.2f} s, max {max(waits):.2f} s"
    )
    return int(p95 >= LIMIT)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
