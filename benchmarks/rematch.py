"""How long judging stored articles again takes, told for a million of them.

    python -m benchmarks.rematch [--articles 5000] [--rounds 3]

Files a generated archive, then runs ``marsad rematch --dry-run`` as its users do: a process
with its workers, every article judged, and over no article at all: what a start takes is not
a million times more for a million. Wall time: the promise is one of waiting. Where judging
takes no longer than starts differ among themselves, there is nothing to tell a million from:
no figure is left, and more ``--articles`` are needed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.archive_rows import Press, outlets
from benchmarks.figures import keep
from marsad.folding import MatcherFolding
from storage.store import Store

BATCH = 1_000
MILLION = 1_000_000


def fill(url: str, count: int) -> None:
    """File ``count`` articles."""
    now = datetime.now(UTC)
    with Store.open(url, folding=MatcherFolding()) as store:
        store.sync_sources(outlets(), now)
        for batch in Press(count, now).batches(BATCH):
            store.file(batch, None, now)


def seconds(command: Sequence[str]) -> float:
    """Return the seconds on the clock that ``command`` takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def minutes(start: float, whole: float, articles: int) -> float:
    """Return the minutes of a million from the seconds of a start and of ``articles``."""
    return (start + (whole - start) / articles * MILLION) / 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    starts, wholes = [], []
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as name:
        url = f"sqlite:///{Path(name) / 'archive.db'}"
        fill(url, given.articles)
        config = Path(name) / "config.yaml"
        config.write_text(f"database: {url}\ncrawler: {{include: []}}\n", encoding="utf-8")
        command = [sys.executable, "-m", "marsad.cli", "--config", str(config)]
        for _ in range(given.rounds):
            starts.append(seconds([*command, "rematch", "--dry-run", "--since", "2100-01-01"]))
            wholes.append(seconds([*command, "rematch", "--dry-run"]))
            print(f"{given.articles} articles in {wholes[-1]:.1f} s; to start {starts[-1]:.1f} s")
    start = statistics.median(starts)
    if min(wholes) - start <= max(starts) - min(starts):
        sys.exit("judging took no longer than starts differ: measure more --articles")
    keep("rematch", {"minutes": [minutes(start, whole, given.articles) for whole in wholes]})


if __name__ == "__main__":
    main()
