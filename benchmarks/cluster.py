"""How the work of several workers grows with their number.

    python -m benchmarks.cluster [--workers 1 2 4] [--hosts 64] [--latency 1.0]

Hosts on loopback answer after ``--latency`` seconds: what the workers wait for is the network, as
with a real press. ``--latency 0`` shows the other limit: the processor. Needs a PostgreSQL
server (MARSAD_TEST_POSTGRES). Prints articles a minute, the speed-up, and the lag of visits.
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

ARTICLES = 6  # a host
LIMIT = 600.0


async def rate(workers: int, hosts: int, latency: float) -> float:
    """Return the articles a minute that ``workers`` store once all of them are up."""
    with tempfile.TemporaryDirectory() as folder:
        async with cluster(Path(folder), hosts, latency=latency) as made:
            made.delay = 0.0
            made.cluster = {"visits": 8}
            for _ in range(workers):
                await made.start()
            await made.until("SELECT count(*) FROM procrastinate_workers", 3 * workers, LIMIT)
            return await _rate(made, hosts)


async def _rate(made: Cluster, hosts: int) -> float:
    made.stage.publish(ARTICLES)
    began = time.monotonic()
    while True:
        stored = made.rows("SELECT count(*) FROM articles")[0][0]
        if stored >= hosts * ARTICLES:
            return 60 * hosts * ARTICLES / (time.monotonic() - began)
        if time.monotonic() - began > LIMIT:
            sys.exit(f"{stored} of {hosts * ARTICLES} articles after {LIMIT:g} s")
        await asyncio.sleep(0.2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--hosts", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0)
    given = parser.parse_args()
    print(f"{given.hosts} hosts, {ARTICLES} articles each, {given.latency:g} s an answer")
    print("\n| workers | articles a minute | speed-up |\n|---|---|---|")
    first = 0.0
    for count in given.workers:
        found = asyncio.run(rate(count, given.hosts, given.latency))
        first = first or found
        print(f"| {count} | {found:.0f} | {found / first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
