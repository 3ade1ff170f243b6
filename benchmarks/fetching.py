"""What it costs to fetch a page, beside Scrapy at its defaults and aiohttp.

    python -m benchmarks.fetching [--rounds 5] [--peers .venv-peers/bin/python]

Pages of one server on loopback, nothing read of them. Each fetcher is a process of its own every
round, and looks at its own CPU time when so many pages have come that imports and connections are
behind it, and again when all have: the start is left out of all in the same way.

marsad's is ``Collector.fetch_page``, with workers that find a page read: robots.txt, redirects,
limits of size and time, one request at a time a host. Scrapy has a spider whose callback only
counts. aiohttp, eight connections at once as Scrapy has for a host, is the limit of what asyncio
can do from Python.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, compile_rooms, keep, shown
from benchmarks.press_server import served
from crawler import Collector, CrawlSettings
from crawler.extraction import PageText
from marsad.garbage import look_rarely
from marsad.one_page import NoDesk, NoShelf

OUTLETS, PAGES = 10, 50
WARM = 100  # pages after which the clock starts
PEERS = {"Scrapy at its defaults": "scrapy", "aiohttp": "aiohttp"}


class NoWorkers:
    """Takes every page for read."""

    def __init__(self) -> None:
        self._read = PageText(title="", text="")

    async def call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """See ``crawler.ports.Workers``."""
        del function, args, kwargs
        return self._read


async def fetch(port: int) -> float:
    """CPU seconds of fetching all pages but the first, outlets at once, pages one by one."""
    look_rarely()  # as the daemon does
    settings = CrawlSettings.model_validate({"allow_private_networks": True, "delay": "0s"})
    collector = Collector(settings, NoDesk(), NoWorkers(), NoShelf(), lambda: datetime.now(UTC))
    await collector.start()
    came, begin = 0, 0.0

    async def visit(outlet: int) -> None:
        nonlocal came, begin
        for number in range(PAGES):
            await collector.fetch_page(f"http://127.0.0.1:{port}/o{outlet}/{number}-article.html")
            came += 1
            if came == WARM:
                begin = time.process_time()

    await asyncio.gather(*map(visit, range(OUTLETS)))
    spent = time.process_time() - begin
    await collector.stop(5)
    return spent


def measure(command: Sequence[str]) -> float:
    """CPU milliseconds a page of a fetcher, which prints its seconds."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{command[1]}: {done.stderr[-2000:]}")
    return 1000 * float(done.stdout.split()[-1]) / (OUTLETS * PAGES - WARM)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--port", type=int, help="fetch from there, and print CPU seconds only")
    given = parser.parse_args()
    if given.port is not None:
        print(asyncio.run(fetch(given.port)))
        return
    compile_rooms()
    script = str(ROOT / "benchmarks" / "peers" / "pages_fetched.py")
    commands = {"marsad": [sys.executable, "-m", "benchmarks.fetching", "--port"]}
    commands |= {name: [str(given.peers), script, word] for name, word in PEERS.items()}
    costs: dict[str, list[float]] = {name: [] for name in commands}
    with served(OUTLETS, PAGES) as port:
        sizes = (str(OUTLETS), str(PAGES), str(WARM))
        for _ in range(given.rounds):
            for name, command in commands.items():
                words = [str(port)] if name == "marsad" else [str(port), *sizes]
                costs[name].append(measure([*command, *words]))
    print("| fetcher | CPU ms a page (spread) |\n|---|---|")
    for name, values in costs.items():
        print(f"| {name} | {shown(values, 2)} |")
    figures = {
        name: [ours / theirs for ours, theirs in zip(costs["marsad"], costs[name], strict=True)]
        for name in PEERS
    }
    for name, ratios in figures.items():
        print(f"marsad takes {statistics.median(ratios):.2f} of the CPU time of {name}")
    keep("fetching", figures)


if __name__ == "__main__":
    main()
