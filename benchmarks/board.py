"""Every figure beside what it must be and what it may become, in one table.

    python -m benchmarks.board [--full] [--only PART ...] [--peers .venv-peers/bin/python]

Each part runs in a process of its own, its peer measured in the same run; a figure is the
median of its rounds, the spread is (most - least) / median. CPU time, except for the rematch,
which is told in minutes of the clock. A figure without a must only tells. Writes
benchmarks/results/board.json and board.svg, adds a line to benchmarks/results/history.jsonl, by
which a later run of the same sizes shows what moved, and exits with 1 when a figure misses its
must or a part leaves none.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import plots
from benchmarks.figures import RESULTS, ROOT, compile_rooms, kept, spread
from benchmarks.history import before, moved


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that a part leaves, and its two bounds; None where it need not be anything."""

    part: str
    name: str
    what: str
    must: float | None
    goal: float | None
    unit: str = "x"
    is_least: bool = False  # the figure must be at least the bound; else at most

    def keeps(self, value: float, bound: float | None) -> bool:
        """Whether ``value`` is within ``bound``."""
        if bound is None:
            return True
        return value >= bound if self.is_least else value <= bound

    def shown(self, bound: float | None) -> str:
        """Return ``bound`` as a cell of the table."""
        if bound is None:
            return "-"
        return f"{'>=' if self.is_least else '<='} {bound:g}{self.unit}"

    def verdict(self, value: float) -> str:
        """Return what a reader of the table is told of ``value``."""
        if not self.keeps(value, self.must):
            return "MISSED"
        if self.must is None:
            return "-"
        return "goal" if self.keeps(value, self.goal) else "ok"


ROWS = (
    Row("whole", "usual stack", "whole pipeline, CPU an article / the usual stack", 0.25, 0.12),
    Row("whole", "news-please", "whole pipeline / news-please, same pages", 0.1, 0.05),
    Row("whole", "newspaper4k", "whole pipeline / newspaper4k, same pages", None, None),
    Row("whole", "per-site selectors", "whole pipeline / selectors of this markup", None, None),
    Row("judge", "spaCy / judge", "spaCy PhraseMatcher / judge", 100, 200, is_least=True),
    Row("judge", "automaton / judge", "bare automaton / judge", 0.5, 1.0, is_least=True),
    Row("judge", "200,000 / 20,000 phrases", "200,000 phrases / 20,000", 3.5, 2),
    Row("judge", "1,000 rules / 1 rule", "1,000 rules / 1, ordinary news", 1.5, 1.5),
    Row("feeds", "poll", "feedparser / a poll with one new item of 50", 30, 100, is_least=True),
    Row("feeds", "fastfeedparser", "fastfeedparser / the same poll", None, None),
    Row("fetching", "Scrapy at its defaults", "fetching / Scrapy at its defaults", None, None),
    Row("fetching", "aiohttp", "fetching / aiohttp", None, None),
    Row("extraction", "cpu", "extraction / trafilatura fast", 0.6, 0.35),
    Row("extraction", "f1", "extraction F1 - trafilatura fast's", -0.003, 0, "", is_least=True),
    Row("language", "py3langid, fr ar en", "language / py3langid, of the same three", None, None),
    Row("near", "cpu", "near-duplicates / datasketch", 0.25, 0.1),
    Row("near", "recall", "near-duplicates, recall - datasketch's", 0, 0, "", is_least=True),
    Row("store", "filing", "store and index / raw sqlite3 with FTS5", 1.5, 1.2),
    Row("growth", "sources, memory at its peak", "memory of a pass, 100 outlets / 1", None, None),
    Row("growth", "stored, filing 100 articles", "filing, most stored / 10,000", None, None),
    Row(
        "growth", "stored, SQL: the newest 20 hits", "a question, most stored / 10,000", None, None
    ),
    Row("rematch", "minutes", "rematch of 1,000,000 articles, extrapolated", 2, 0.75, " min"),
    Row("memory", "megabytes", "the daemon's memory, 100 outlets", 350, 200, " MB"),
    Row("judge", "marsad match / import scrapy", "marsad match / import scrapy", 1.0, 0.5),
)


def commands(peers: Path, *, full: bool) -> dict[str, list[str]]:
    """Return how each part is run, cheap ones first."""
    whole = ["--outlets", "100", "--pages", "50", "--rounds", "3" if full else "1"]
    whole += [] if full else ["--first", "20"]  # of what costs 40 ms a page and more
    corpus = sorted(map(str, (ROOT.parent / "shared" / "corpus").glob("*.jsonl")))
    return {
        "feeds": ["-m", "benchmarks.feeds", "--peers", str(peers)],
        "language": ["-m", "benchmarks.languages", "--peers", str(peers)],
        "fetching": ["-m", "benchmarks.fetching", "--peers", str(peers)],
        "near": ["-m", "benchmarks.stories", *corpus, "--near", "--peers", str(peers)],
        "store": ["-m", "benchmarks.store", "--filing", "--rounds", "3"],
        "extraction": ["-m", "benchmarks.extraction", "--peers", str(peers)],
        "memory": ["-m", "benchmarks.memory"],
        "rematch": ["-m", "benchmarks.rematch", "--articles", "100000" if full else "40000"],
        "judge": ["-m", "benchmarks.judging", "--peers", str(peers)],
        "growth": ["-m", "benchmarks.growth", *(["--full"] if full else [])],
        "whole": ["-m", "benchmarks.whole", *whole, "--peers", str(peers)],
    }


def run(part: str, command: Sequence[str]) -> None:
    """Run a part. It may exit with 1 for a missed target; one that breaks leaves no figures."""
    print(f"-- {part}", flush=True)
    kept(part).unlink(missing_ok=True)
    started = time.monotonic()
    done = subprocess.run([sys.executable, *command], check=False, cwd=ROOT)
    if not kept(part).exists():
        print(f"{part}: ended with {done.returncode} and left no figures", file=sys.stderr)
    print(f"-- {part}: {time.monotonic() - started:.0f} s\n", flush=True)


def table(parts: Sequence[str], *, full: bool) -> tuple[list[dict[str, object]], bool]:
    """Print the rows of ``parts``; return them, and whether every must is kept."""
    earlier = before(RESULTS / "history.jsonl", full=full)
    print("| what | measured | before | spread | must | goal | |\n|---|---|---|---|---|---|---|")
    found: list[dict[str, object]] = []
    for row in ROWS:
        if row.part not in parts:
            continue
        if not kept(row.part).exists():
            print(f"| {row.what} | | | | | | NO FIGURE |")
            found.append({"what": row.what, "measured": None, "rounds": [], "kept": False})
            continue
        values = json.loads(kept(row.part).read_text())[row.name]
        middle = statistics.median(values)
        wide = spread(values) if middle and row.unit else 0.0
        was = moved(middle, earlier.get(row.what), row.unit)
        print(
            f"| {row.what} | {middle:.3g}{row.unit} | {was} | {wide:.0%} | {row.shown(row.must)}"
            f" | {row.shown(row.goal)} | {row.verdict(middle)} |"
        )
        names = {"what": row.what, "measured": middle, "rounds": values}
        names |= {"unit": row.unit, "is_least": row.is_least}
        is_kept = row.keeps(middle, row.must)
        found.append(names | {"must": row.must, "goal": row.goal, "kept": is_kept})
    return found, all(row["kept"] for row in found)


def main() -> None:
    """Run the parts, print the table, keep it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true", help="sizes that take an hour")
    parser.add_argument("--only", nargs="+", metavar="PART", help="these parts")
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    given = parser.parse_args()
    known = commands(given.peers, full=given.full)
    parts = given.only or list(known)
    if unknown := set(parts) - set(known):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    compile_rooms()
    for part in parts:
        run(part, known[part])
    rows, is_kept = table(parts, full=given.full)
    remember(rows, full=given.full)
    sys.exit(0 if is_kept else 1)


def remember(rows: list[dict[str, object]], *, full: bool) -> None:
    """Keep the rows, the picture of them, and a line for later runs."""
    machine = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "full": full,
    }
    whole = json.dumps(machine | {"rows": rows})
    (RESULTS / "board.json").write_text(whole + "\n", encoding="utf-8")
    with (RESULTS / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write(whole + "\n")
    (RESULTS / "board.svg").write_text(plots.board(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
