"""What each page costs at the server on a store of a million articles, and what the server holds.

    python -m benchmarks.pages [--articles 1000000] [--folder FOLDER] [--asks 15]

``marsad web`` serves a store whose rows are made in SQL: the questions of the pages are measured,
not the filing. A hit in twenty, three to a story, 40 outlets, five years. For every page the
median of the asks in wall time beside its target, and the CPU time that the server took for one:
on a busy machine the wall time is the neighbours'. At the end the server's memory (PSS) at its
start, and after all that. A FOLDER that holds the store already is asked again.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.figures import keep
from benchmarks.page_rows import make
from marsad.config import load_config

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from web_stage import filing, fill, write_config

PAGES = (
    *("/", "/?before=5000", "/hits", "/hits?partner=P7", "/hits?activity=exercise&since=365d"),
    *("/hits?outlet=o7&language=fr", "/hits?text=mot77", "/hits?text=cooperation&since=30d"),
    *("/hits?text=cooperation", "/hits/2000", "/stories/120", "/sources", "/alerts"),
    *("/picture?span=30d", "/picture?span=1y", "/picture?span=5y"),
    *(f"/picture/{name}.svg?span=5y" for name in ("months", "activities", "outlets")),
    *("/api/hits", "/download.csv?partner=P7", "/feed.xml", "/judgements.jsonl"),
    *("/metrics", "/healthz", "/openapi.json"),
)
PAGE_MS, MEMORY_MB = 300, 100
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run and print; exit with 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--asks", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = write_config(folder)
        if not (folder / "marsad.db").exists():
            now = datetime.now(UTC)
            fill(path, [filing(n, now - timedelta(hours=n)) for n in range(1, 12)])
            make(load_config(path, {}).database, given.articles, now)
        missed = measured(path, given.asks)
    print(f"{missed} targets missed" if missed else "every target met")
    sys.exit(1 if missed else 0)


def measured(path: Path, asks: int) -> int:
    """Print every figure; return how many miss their targets."""
    figures: dict[str, list[float]] = {}
    with served(path) as (client, pid):
        held = pss(pid)
        for address in PAGES:
            took, cpu = timed(client, pid, address, asks)
            figures[address] = took
            shown(
                statistics.median(took),
                PAGE_MS,
                "ms",
                f"{address}; CPU {cpu:.0f} ms, {max(took):.0f} ms at most",
            )
        shown(held, MEMORY_MB, "MB", "memory at the start")
        shown(pss(pid), MEMORY_MB, "MB", f"memory after {asks * len(PAGES)} pages")
        after = pss(pid)
    keep("pages", {**figures, "memory": [after]})
    late = sum(statistics.median(took) > PAGE_MS for took in figures.values())
    return late + sum(value > MEMORY_MB for value in (held, after))


def timed(client: httpx.Client, pid: int, address: str, asks: int) -> tuple[list[float], float]:
    """Return the milliseconds of each ask, and of CPU that the server took for one."""
    took, began = [], cpu_seconds(pid)
    for _ in range(asks):
        started = time.perf_counter()
        answer = client.get(address)
        took.append((time.perf_counter() - started) * 1000)
        assert answer.status_code in (200, 503), (address, answer.text[:300])
        if answer.status_code == 503:  # the store was given no more time
            took[-1] = math.inf
    return took, (cpu_seconds(pid) - began) * 1000 / asks


@contextmanager
def served(path: Path) -> Iterator[tuple[httpx.Client, int]]:
    """Serve the page of a configuration; yield who asks it, and the process's id."""
    port = load_config(path, {}).web.port
    command = (sys.executable, "-m", "marsad.cli", "--config", str(path), "web")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            while not answers(client):
                assert process.poll() is None, "the page ended"
                time.sleep(0.1)
            yield client, process.pid
    finally:
        process.terminate()
        process.wait(30)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def shown(value: float, most: float, unit: str, name: str) -> None:
    mark = "ok  " if value <= most else "MISS"
    print(f"{mark} {value:8.1f} {unit} (<= {most:g})  {name}", flush=True)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss(pid: int) -> float:
    """Return the memory of a process in MB, what it shares counted in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
