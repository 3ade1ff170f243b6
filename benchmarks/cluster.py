"""How the work of several workers grows with their number.

    python -m benchmarks.cluster [--workers 1 2 4] [--hosts 64] [--articles 6] [--latency 1.0]

Hosts on loopback answer after ``--latency`` seconds: what the workers wait for is the network, as
with a real press. ``--latency 0 --articles 40`` shows the other limit: the processor. Needs a
PostgreSQL server (MARSAD_TEST_POSTGRES). Prints articles a minute, the speed-up, and how much of
the machine was busy meanwhile, with the hosts and PostgreSQL, which run on it too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "acceptance")]

from cluster_stage import Cluster, cluster  # noqa: E402 - the tests' stage, once it is found

LIMIT = 600.0


async def rate(workers: int, hosts: int, articles: int, latency: float) -> tuple[float, float]:
    """Return the articles a minute that ``workers`` store once all are up, and how busy it was."""
    with tempfile.TemporaryDirectory() as folder:
        async with cluster(Path(folder), hosts, latency=latency) as made:
            made.delay = 0.0
            made.cluster = {"visits": 8}
            for _ in range(workers):
                await made.start()
            await made.until("SELECT count(*) FROM procrastinate_workers", 3 * workers, LIMIT)
            return await _rate(made, hosts, articles)


async def _rate(made: Cluster, hosts: int, articles: int) -> tuple[float, float]:
    made.stage.publish(articles)
    began = time.monotonic()
    idle, total = _ticks()
    while True:
        stored = made.rows("SELECT count(*) FROM articles")[0][0]
        if stored >= hosts * articles:
            idle_now, total_now = _ticks()
            busy = 1 - (idle_now - idle) / (total_now - total)
            return 60 * hosts * articles / (time.monotonic() - began), busy
        if time.monotonic() - began > LIMIT:
            sys.exit(f"{stored} of {hosts * articles} articles after {LIMIT:g} s")
        await asyncio.sleep(0.2)


def _ticks() -> tuple[int, int]:
    """Return the ticks in which a processor was idle, and all of them."""
    ticks = [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--hosts", type=int, default=64)
    parser.add_argument("--articles", type=int, default=6, help="of each host")
    parser.add_argument("--latency", type=float, default=1.0)
    given = parser.parse_args()
    print(f"{given.hosts} hosts, {given.articles} articles each, {given.latency:g} s an answer")
    print("\n| workers | articles a minute | speed-up | processors busy |\n|---|---|---|---|")
    first = 0.0
    for count in given.workers:
        found, busy = asyncio.run(rate(count, given.hosts, given.articles, given.latency))
        first = first or found
        print(f"| {count} | {found:.0f} | {found / first:.2f} | {busy:.0%} |", flush=True)


if __name__ == "__main__":
    main()
