"""The whole pipeline, from poll to stored verdict, beside the usual stack and news-please.

    python -m benchmarks.whole [--outlets 20] [--pages 50] [--peers .venv-peers/bin/python]

One server on loopback, each program in processes of its own, their CPU time summed over all of
them. The pages a program reads are the same. Exits with 1 when a ratio misses its target.
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
from collections.abc import Sequence
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


def news_please(python: Path, port: int, outlets: int) -> Run:
    """news-please, which fetches and reads only."""
    script = ROOT / "benchmarks" / "peers" / "news_please.py"
    cpu, held, output = measure([str(python), str(script), str(port), str(outlets)])
    return Run(cpu, held, int(output.split()[-1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    given = parser.parse_args()
    compile_rooms()
    load_compiled([PACK], os.environ)  # the first start after an update compiles, no other does
    runs: dict[str, list[Run]] = {"marsad": [], "usual stack": [], "news-please": []}
    with served(given.outlets, given.pages) as port:
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                runs["marsad"].append(marsad(port, given.outlets, folder))
                runs["usual stack"].append(usual_stack(given.peers, port, given.outlets, folder))
                runs["news-please"].append(news_please(given.peers, port, given.outlets))
    sys.exit(report(runs))


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
    for peer, must in MUST.items():
        pairs = zip(costs["marsad"], costs[peer], strict=True)
        rounds[peer] = [ours / theirs for ours, theirs in pairs]
        ratios[peer] = statistics.median(rounds[peer])
        verdict = "ok" if ratios[peer] <= must else "MISSED"
        print(f"| {peer} | {ratios[peer]:.3f} | {must} | {GOAL[peer]} | {verdict} |")
    keep("whole", rounds)
    RESULTS.write_text(json.dumps({"costs": costs, "ratios": ratios}), encoding="utf-8")
    return int(any(ratios[peer] > must for peer, must in MUST.items()))


if __name__ == "__main__":
    main()
