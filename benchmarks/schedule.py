"""How late visits begin when thousands of sources are due every quarter of an hour.

    python -m benchmarks.schedule [--sources 10000] [--interval 900] [--workers 2] [--seconds 240]

Each source is a host on a loopback address of its own. Due times are spread evenly over the
interval, and set once the workers take jobs; one visit in ten finds an article, the others hear
that nothing changed (so 10,000 sources publish some 96,000 articles a day). The lag of a visit
is the time from its due second to the first request that the host sees. Needs a PostgreSQL server
(MARSAD_TEST_POSTGRES). Prints lags, and the processor that workers and the database's sessions
took: of the server itself (writer, checkpoints) nothing is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from aiohttp import web

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "acceptance")]

from cluster_stage import Cluster, Hosts, cluster  # noqa: E402 - the tests' stage
from newsroom import DULL  # noqa: E402

from domain.time import isoformat  # noqa: E402
from marsad.config import load_config  # noqa: E402
from marsad.stores import open_store  # noqa: E402

ONE_IN = 10  # visits that find an article
HEAD_START = 5.0  # seconds until the first is due
BOUND = 5.0  # seconds that the lag's 95th percentile must stay under
TICKS = os.sysconf("SC_CLK_TCK")
OLD, NEW = '"old"', '"new"'


@dataclass(slots=True)
class Load:
    """Processor seconds by process, as last seen."""

    seen: dict[int, float] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=dict)

    def look(self, pids: Iterable[int]) -> None:
        """Note what these processes took so far."""
        for pid in pids:
            try:
                words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended: what it took was seen a moment ago
            self.seen[pid] = (int(words[11]) + int(words[12])) / TICKS
            self.before.setdefault(pid, self.seen[pid])

    @property
    def seconds(self) -> float:
        """What all of them took since they were first seen."""
        return sum(self.seen.values()) - sum(self.before.values())


class Changing(Hosts):
    """Hosts that answer that nothing changed; one in ten has an article."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with an ETag of its own, or with 304."""
        found = await Hosts.answer(self, request)
        block, _, number = request.host.partition(":")[0].rpartition(".")
        tag = OLD if (int(number) + int(block.rpartition(".")[2])) % ONE_IN else NEW
        if request.path.endswith("/feed") and request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        found.headers["ETag"] = tag
        return found


def prepare(made: Cluster, interval: float) -> None:
    """Store what a cluster of some days' standing knows: sources, robots.txt, validators."""
    now, far = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    config = load_config(made.write_config(), {})
    with open_store(config.database) as store:
        store.sync_sources(config.sources, now)
    names = [(s.id, s.feeds[0], s.url.rstrip("/")) for s in config.sources]
    with psycopg.connect(made.database.replace("+psycopg", "")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "UPDATE sources SET next_due = %s, interval_seconds = %s, last_visit = %s",
            [isoformat(far), interval, isoformat(now)],
        )
        cursor.executemany(
            "INSERT INTO robots (origin, body, status, fetched_at) VALUES (%s, '', 404, %s)",
            [(origin, isoformat(now)) for _, _, origin in names],
        )
        cursor.executemany(
            "INSERT INTO validators (source_id, url, etag, received) VALUES (%s, %s, %s, %s)",
            [(ident, feed, OLD, isoformat(now)) for ident, feed, _ in names],
        )


def set_due(made: Cluster, interval: float, rng: random.Random) -> dict[str, float]:
    """Spread the visits over the interval; return when each address is due, by the clock."""
    count = made.stage.count
    begin = float(int(time.time() + HEAD_START))
    slots = list(range(count))
    rng.shuffle(slots)
    due = [begin + int(interval * slot / count) for slot in slots]
    with psycopg.connect(made.database.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TEMP TABLE dues (source_id text PRIMARY KEY, due text)")
        with connection.cursor().copy("COPY dues FROM STDIN") as copy:
            for number, moment in enumerate(due):
                copy.write_row((f"host-{number}", isoformat(datetime.fromtimestamp(moment, UTC))))
        connection.execute(
            "UPDATE sources SET next_due = due FROM dues WHERE dues.source_id = sources.source_id"
        )
    return {made.stage.address(number): moment for number, moment in enumerate(due)}


def sessions(made: Cluster) -> list[int]:
    return [
        row[0]
        for row in made.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    ]


def lags(made: Cluster, due: dict[str, float], end: float) -> list[float]:
    """Return the lag of each visit that was due; one that did not begin lags until now."""
    offset = time.time() - time.monotonic()
    found = []
    for address, moment in due.items():
        if moment >= end:
            continue
        arrivals = made.stage.arrivals.get(address)
        found.append((arrivals[0] + offset if arrivals else end) - moment)
    return sorted(found)


async def measure(count: int, interval: float, workers: int, seconds: float) -> bool:
    """Run workers for ``seconds`` and print; return whether visits begin in time."""
    with tempfile.TemporaryDirectory() as folder:
        async with cluster(Path(folder), count, kind=Changing) as made:
            for address, press in made.stage.presses.items():
                press.publish("news", (f"{DULL[0]} ({address})", DULL[1]), is_full=True)
            made.delay, made.cluster = 1.0, {"visits": 16}
            made.poll_every = {"min": f"{interval:g}s", "max": f"{interval:g}s"}
            await asyncio.to_thread(prepare, made, interval)
            upgrade = await made.marsad("db", "upgrade")
            await upgrade.wait()
            for worker in [await made.start() for _ in range(workers)]:
                await made.takes_jobs(worker, 600)
            due = await asyncio.to_thread(set_due, made, interval, random.Random(7))
            server, ours = Load(), Load()
            began, end = time.monotonic(), time.monotonic() + HEAD_START + seconds
            while time.monotonic() < end:
                server.look(await asyncio.to_thread(sessions, made))
                ours.look(p for w in made.workers for p in (w.pid, *w.descendants()))
                await asyncio.sleep(1.0)
            late = lags(made, due, time.time())
            visits = made.rows("SELECT sum(visits) FROM sources")[0][0] or 0
            articles = made.rows("SELECT count(*) FROM articles")[0][0]
            took = time.monotonic() - began
    return say(late, visits, articles, took, server.seconds, ours.seconds)


def say(
    late: Sequence[float], visits: int, articles: int, took: float, server: float, ours: float
) -> bool:
    """Print what was measured; return whether the bound is kept."""
    shares = statistics.quantiles(late, n=100)
    p95 = shares[94]
    print(f"visits {visits} ({visits / took:.1f}/s), articles {articles}, {len(late)} were due")
    names = (("p50", shares[49]), ("p95", p95), ("p99", shares[98]), ("most", late[-1]))
    print("lag: " + ", ".join(f"{name} {value:.2f} s" for name, value in names))
    print(
        f"processor: database sessions {100 * server / took:.0f} % of one"
        f" ({1000 * server / max(visits, 1):.1f} ms a visit),"
        f" workers {100 * ours / took:.0f} % ({1000 * ours / max(visits, 1):.1f} ms a visit);"
        f" load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    )
    return p95 < BOUND


def main() -> None:
    """Measure and print; exit with 1 when visits begin too late."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--interval", type=float, default=900.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=240.0)
    given = parser.parse_args()
    if given.seconds > given.interval:
        parser.error("--seconds must not exceed --interval: each source is due once")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(
        f"{given.sources} sources every {given.interval:g} s"
        f" ({given.sources / given.interval:.1f} visits/s), {given.workers} workers"
    )
    kept = asyncio.run(measure(given.sources, given.interval, given.workers, given.seconds))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
