"""The whole pipeline, from poll to stored verdict, beside what else reads the same pages.

    python -m benchmarks.whole [--outlets 20] [--pages 50] [--first 5]
                               [--peers .venv-peers/bin/python]

The usual stack of libraries, news-please, newspaper4k, and selectors written for this one markup
as the limit. One server on loopback, each program in processes of its own, their CPU time summed
over all of them. The pages a program reads are the same, and it must read every one. What
news-please and newspaper4k cost grows with the pages alone, so they may be given the ``--first``
outlets only: 80 more with 50 pages each are five minutes of CPU time a round. Exits with 1 when
a ratio misses its target or a program read fewer articles than there are.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figures import ROOT, compile_rooms, keep
from benchmarks.press_server import served
from marsad.compiled import load_compiled
from matcher.judge import LEXICON
from matcher.lexicon import load_lexicon
from matcher.text import printed_form

RESULTS = Path(__file__).parent / "results" / "whole.json"
_TICK = os.sysconf("SC_CLK_TCK")
PACK = "defence-cooperation"  # the rules of a configuration that names none
MUST = {"usual stack": 0.25, "news-please": 0.1}
GOAL = {"usual stack": 0.12, "news-please": 0.05}
READERS = ("news-please", "newspaper4k", "per-site selectors")  # they fetch and read only
LINEAR = ("news-please", "newspaper4k")


@dataclass(frozen=True, slots=True)
class Run:
    """What a program took: CPU seconds of all its processes, megabytes at most, articles."""

    cpu: float
    megabytes: float
    articles: int


def measure(command: Sequence[str]) -> tuple[float, float, str]:
    """Run ``command`` in a session of its own; return CPU seconds, peak megabytes and output."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=ROOT,
    )
    spent: dict[int, float] = {}
    peak = 0.0
    looks = 0
    while process.poll() is None:
        pids = look(process.pid, spent)
        if looks % 25 == 0:  # the kernel walks every page for it
            peak = max(peak, sum(map(megabytes, pids)))
        looks += 1
        time.sleep(0.02)
    output, errors = process.communicate()
    if process.returncode not in (0, 1):
        sys.exit(f"{command[0]}: {errors[-2000:]}")
    return sum(spent.values()), peak, output


def look(session: int, spent: dict[int, float]) -> list[int]:
    """Note the CPU time of every process of ``session``; return which they are."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            spent[int(folder.name)] = (int(fields[11]) + int(fields[12])) / _TICK
            pids.append(int(folder.name))
    return pids


def megabytes(pid: int) -> float:
    """Return the memory of a process, of what it shares its part only."""
    try:
        words = Path(f"/proc/{pid}/smaps_rollup").read_text().split()
    except OSError:
        return 0.0
    return int(words[words.index("Pss:") + 1]) / 1024


def settings(port: int, outlets: int) -> dict[str, Any]:
    """Return a configuration for the outlets that the server at ``port`` has."""
    sources = [
        {
            "id": f"o{n}",
            "name": f"Outlet {n}",
            "url": f"http://127.0.0.1:{port}/o{n}/",
            "language": "fr",
            "country": "DZ",
            "feeds": [f"http://127.0.0.1:{port}/o{n}/feed"],
        }
        for n in range(outlets)
    ]
    return {
        "database": "sqlite:///marsad.db",
        "archive": False,
        "crawler": {"allow_private_networks": True, "delay": "0s", "include": []},
        "sources": sources,
    }


def marsad(port: int, outlets: int, folder: Path) -> Run:
    """One pass of marsad over everything, into an empty database."""
    config = settings(port, outlets)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    base = [sys.executable, "-m", "marsad.cli", "--config", str(folder / "config.yaml")]
    cpu, held, _ = measure([*base, "crawl", "--all", "--no-alerts"])
    told = subprocess.run(
        [*base, "sql", "SELECT count(*) AS n FROM articles", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return Run(cpu, held, int(json.loads(told.stdout)[0]["n"]))


def usual_stack(python: Path, port: int, outlets: int, folder: Path) -> Run:
    """The usual stack, seeking the phrases of marsad's own lexicon."""
    phrases = sorted({printed_form(form.data) for form in load_lexicon(LEXICON).forms})
    listed = folder / "phrases.json"
    listed.write_text(json.dumps(phrases), encoding="utf-8")
    script = ROOT / "benchmarks" / "peers" / "usual_stack.py"
    words = [str(python), str(script), str(port), str(outlets), str(listed), str(folder / "u.db")]
    cpu, held, output = measure(words)
    return Run(cpu, held, int(output.split()[-1]))


def reader(python: Path, name: str, port: int, outlets: int) -> Run:
    """A program that fetches and reads, and prints how many articles it found."""
    script = ROOT / "benchmarks" / "peers" / "pages_driven.py"
    cpu, held, output = measure([str(python), str(script), str(port), str(outlets), name])
    return Run(cpu, held, int(output.split()[-1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--first", type=int, help="outlets of news-please and newspaper4k")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    given = parser.parse_args()
    outlets = dict.fromkeys(("marsad", "usual stack", *READERS), given.outlets)
    if given.first:
        outlets |= dict.fromkeys(LINEAR, min(given.first, given.outlets))
    compile_rooms()
    load_compiled([PACK], os.environ)  # the first start after an update compiles, no other does
    runs: dict[str, list[Run]] = {name: [] for name in outlets}
    with served(given.outlets, given.pages) as port:
        for _ in range(given.rounds):
            for name, run in one_round(given.peers, port, outlets):
                runs[name].append(complete(name, run, outlets[name] * given.pages))
    sys.exit(report(runs))


def one_round(python: Path, port: int, outlets: Mapping[str, int]) -> Iterator[tuple[str, Run]]:
    """Have every program read as many outlets as it is given, in turn."""
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as name:
        folder = Path(name)
        yield "marsad", marsad(port, outlets["marsad"], folder)
        yield "usual stack", usual_stack(python, port, outlets["usual stack"], folder)
    for name in READERS:
        yield name, reader(python, name, port, outlets[name])


def complete(name: str, run: Run, pages: int) -> Run:
    """Return ``run``; end where it read fewer articles than pages, for it is then no measure."""
    if run.articles < pages:
        sys.exit(f"{name} read {run.articles} articles of {pages}: its cost is of no use")
    return run


def report(runs: dict[str, list[Run]]) -> int:
    """Print both tables and keep them; return 1 when a ratio misses its target."""
    print("| program | articles | CPU ms an article | spread | peak MB |\n|---|---|---|---|---|")
    costs = {
        name: [1000 * run.cpu / max(1, run.articles) for run in many] for name, many in runs.items()
    }
    for name, many in runs.items():
        values = costs[name]
        middle = statistics.median(values)
        spread = (max(values) - min(values)) / middle if middle else 0.0
        held = max(run.megabytes for run in many)
        print(f"| {name} | {many[0].articles} | {middle:.1f} | {spread:.0%} | {held:.0f} |")
    print("\n| marsad against | measured | must | goal | |\n|---|---|---|---|---|")
    ratios: dict[str, float] = {}
    rounds: dict[str, list[float]] = {}
    for peer in [name for name in runs if name != "marsad"]:
        pairs = zip(costs["marsad"], costs[peer], strict=True)
        rounds[peer] = [ours / theirs for ours, theirs in pairs]
        ratios[peer] = statistics.median(rounds[peer])
        must = MUST.get(peer)
        verdict = "" if must is None else "ok" if ratios[peer] <= must else "MISSED"
        bounds = f"{must or ''} | {GOAL.get(peer, '')}"
        print(f"| {peer} | {ratios[peer]:.3f} | {bounds} | {verdict} |")
    keep("whole", rounds)
    RESULTS.write_text(json.dumps({"costs": costs, "ratios": ratios}), encoding="utf-8")
    return int(any(ratios[peer] > must for peer, must in MUST.items()))


if __name__ == "__main__":
    main()
