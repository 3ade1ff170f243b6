"""What a judgement costs, beside other finders of phrases and beside the automaton alone.

    python -m benchmarks.judging [--peers .venv-peers/bin/python] [--rounds 7] [--quick]

One process judges a generated press: ordinary articles of some 2,000 characters in three
languages, one in 50 an event that a rule looks for. A judgement is the whole of it: folding
the text, naming its language, seeking 20,000 phrases, asking 100 rules, facts and evidence
for hits. Every round takes articles that no engine has seen, gives them to each engine in
turn, and compares within the round. CPU time; the median of the rounds, with their spread.
Exits with 1 when a ratio misses its target.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import daachorse

from benchmarks.figures import compile_rooms, keep, spread
from benchmarks.peer import Peer
from benchmarks.press import Phrase, Press
from benchmarks.topics import FAMILY, RARE, inner, lexicon, write_rules
from domain.article import Document
from matcher.judge import Matcher
from matcher.reading import Reading
from matcher.text import match_forms, normalise

SEED = 20_26
EVENTS = 50  # one article in so many is an event
BATCH = 250  # articles of one round
RESULTS = Path(__file__).parent / "results" / "judging.json"

Engine = Callable[[Sequence[Document]], float]
"""Takes articles, returns the CPU seconds that they took."""


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio between two engines' costs, and the bound that it must keep."""

    name: str
    above: str
    below: str
    bound: float
    is_least: bool  # the ratio must be at least the bound; else at most


TARGETS = (
    Target("spaCy / judge", "spaCy PhraseMatcher", "judge", 100, True),
    Target("automaton / judge", "bare automaton", "judge", 0.25, True),
    Target("20,000 / 2,000 phrases", "judge", "judge, 2,000 phrases", 2, False),
    Target("200,000 / 20,000 phrases", "judge, 200,000 phrases", "judge", 3.5, False),
    Target("1,000 rules / 1 rule", "ordinary, 1,000 rules", "ordinary, 1 rule", 1.5, False),
    Target("marsad match / import scrapy", "start: marsad match", "start: import scrapy", 1, False),
)


def timed(work: Callable[[Document], object]) -> Engine:
    """Return an engine of this process that does ``work`` for each article."""

    def engine(articles: Sequence[Document]) -> float:
        begin = time.process_time()
        for article in articles:
            work(article)
        return time.process_time() - begin

    return engine


def ordinary(work: Callable[[Document], object]) -> Engine:
    """Return an engine that does ``work`` for the articles that are no events."""
    engine = timed(work)
    return lambda articles: engine([a for a in articles if not is_event(a)])


def bare(phrases: Sequence[Phrase]) -> Engine:
    """Return the limit: an automaton over " phrase ", given bytes that are folded already."""
    patterns = {b" " + form + b" " for form in match_forms([p.text for p in phrases])}
    find = daachorse.DoubleArrayAhoCorasick(sorted(patterns)).find_overlapping

    def engine(articles: Sequence[Document]) -> float:
        texts = [normalise(Reading.join(a)).data for a in articles]
        begin = time.process_time()
        for data in texts:
            find(data)
        return time.process_time() - begin

    return engine


class Finder(Peer):
    """A finder of phrases in an environment of its own."""

    def __init__(self, python: Path, script: str, folder: Path, *more: str) -> None:
        inputs = (folder / "phrases.json", folder / "articles.json")
        super().__init__(python, script, *inputs, *more)

    def __call__(self, articles: Sequence[Document]) -> float:
        """Have the peer read ``articles``: a run of the press whose ids are their places."""
        first, last = int(articles[0].id or 0), int(articles[-1].id or 0) + 1
        return float(self.ask(f"{first} {last}").split()[0])


def start(command: Sequence[str]) -> float:
    """Return the CPU seconds of a process from its start to its end."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def starts(folder: Path, article: Document) -> dict[str, Engine]:
    """Return the engines that start a process: ours on one file, and importing Scrapy."""
    path = folder / "article.txt"
    path.write_text(article.text, encoding="utf-8")
    ours = [str(Path(sys.executable).parent / "marsad"), "match", str(path)]
    theirs = [sys.executable, "-c", "import scrapy"]
    return {
        "start: marsad match": lambda _: start(ours),
        "start: import scrapy": lambda _: start(theirs),
    }


def engines(folder: Path, phrases: Sequence[Phrase], *, quick: bool) -> dict[str, Engine]:
    """Return every engine of this process by name."""
    rules = write_rules(folder, 1000)

    def judge(count: int, rules: Sequence[Path]) -> Callable[[Document], object]:
        return Matcher.load(rules, lexicon(phrases[:count])).judge

    found = {
        "bare automaton": bare(phrases[:20_000]),
        "judge": timed(judge(20_000, rules[:100])),
        "judge, 2,000 phrases": timed(judge(2_000, rules[:100])),
        "ordinary, 1 rule": ordinary(judge(20_000, rules[:1])),
        "ordinary, 1,000 rules": ordinary(judge(20_000, rules)),
        "bundled pack": timed(Matcher.load(["defence-cooperation"]).judge),
    }
    if not quick:
        found["judge, 200,000 phrases"] = timed(judge(200_000, rules[:100]))
    return found


def is_event(article: Document) -> bool:
    """Whether an article of the press tells what a rule looks for."""
    return int(article.id or 0) % EVENTS == 0


def read(phrases: int, rounds: int) -> tuple[list[Phrase], list[Document]]:
    """Return so many phrases, and the articles of the rounds and of one that warms up."""
    press = Press(SEED)
    listed = press.phrases(phrases, RARE * FAMILY)
    return listed, [
        press.article(n, inner(n // EVENTS % 100, listed) if n % EVENTS == 0 else None)
        for n in range(BATCH * (rounds + 1))
    ]


def measure(
    engines: dict[str, Engine], articles: Sequence[Document], rounds: int
) -> dict[str, list[float]]:
    """Return the microseconds per article of each engine, a number a round."""
    costs: dict[str, list[float]] = {name: [] for name in engines}
    for number in range(rounds + 1):
        batch = articles[number * BATCH : (number + 1) * BATCH]
        for name, engine in engines.items():
            count = len([a for a in batch if not is_event(a)]) if "ordinary" in name else BATCH
            cost = engine(batch) / (1 if name.startswith("start") else count) * 1e6
            if number:  # the first round warms up
                costs[name].append(cost)
    return costs


def report(costs: dict[str, list[float]]) -> tuple[list[dict[str, Any]], bool]:
    """Print both tables; return the ratios and whether every target is kept."""
    print("\n| engine | median, us | spread |\n|---|---|---|")
    for name, values in costs.items():
        print(f"| {name} | {statistics.median(values):,.1f} | {spread(values):.0%} |")
    print("\n| ratio | measured | spread | must | |\n|---|---|---|---|---|")
    rows: list[dict[str, Any]] = []
    for target in TARGETS:
        if target.above not in costs or target.below not in costs:
            continue
        pairs = zip(costs[target.above], costs[target.below], strict=True)
        ratios = [above / below for above, below in pairs]
        ratio = statistics.median(ratios)
        kept = ratio >= target.bound if target.is_least else ratio <= target.bound
        sign = ">=" if target.is_least else "<="
        verdict = "kept" if kept else "MISSED"
        print(
            f"| {target.name} | {ratio:.2f} | {spread(ratios):.0%} "
            f"| {sign} {target.bound:g} | {verdict} |"
        )
        row = {"ratio": ratio, "spread": spread(ratios), "rounds": ratios, "kept": kept}
        rows.append(asdict(target) | row)
    return rows, all(row["kept"] for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="leave out 200,000 phrases")
    options = parser.parse_args()
    compile_rooms()
    phrases, articles = read(20_000 if options.quick else 200_000, options.rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "phrases.json").write_text(json.dumps([p.text for p in phrases[:20_000]]))
        texts = [f"{a.title}\n\n{a.text}" for a in articles]
        (folder / "articles.json").write_text(json.dumps(texts))
        found = engines(folder, phrases, quick=options.quick) | starts(folder, articles[0])
        peers = {"spaCy PhraseMatcher": Finder(options.peers, "spacy_phrases.py", folder)}
        for peer in ("flashtext2", "pyahocorasick"):
            peers[peer] = Finder(options.peers, "phrase_lists.py", folder, peer)
        gc.collect()
        gc.freeze()  # as a worker process does once its matcher is loaded
        costs = measure(found | peers, articles, options.rounds)
        for process in peers.values():
            process.close()
    print(f"{BATCH} articles a round, {options.rounds} rounds")
    print(", ".join(f"{name} {process.version}" for name, process in peers.items()))
    rows, is_kept = report(costs)
    keep("judge", {str(row["name"]): row["rounds"] for row in rows})
    RESULTS.write_text(json.dumps({"seed": SEED, "costs_us": costs, "ratios": rows}, indent=1))
    raise SystemExit(0 if is_kept else 1)


if __name__ == "__main__":
    main()
