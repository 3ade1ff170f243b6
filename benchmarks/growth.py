"""How costs grow: with outlets, with phrases, with rules, with articles that are stored already.

    python -m benchmarks.growth [--full] [--only sources phrases rules stored]

Each figure is taken at several sizes and told beside the smallest: what grows as the work does
stays at 1 for each article. CPU time. A crawl is told with its start, and by what its articles
take beyond those of a crawl of fewer outlets. One process holds every lexicon and every set of
rules, which judge the same articles in turn. The store is one that grows by rows made in SQL and is
kept at each size; batches are filed, searches and questions asked in all of them by turns, the
first of each left out. It grows in time, 550 articles a day, so that a story has as many
neighbours at every size. Leaves benchmarks/results/growth.json, and growth.svg drawn from it.
Three minutes; ``--full`` takes larger sizes and more rounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

from benchmarks import judging, plots
from benchmarks.archive_rows import Press, outlets
from benchmarks.figures import RESULTS, compile_rooms, keep
from benchmarks.page_rows import make
from benchmarks.press_server import served
from benchmarks.store import QUESTIONS
from benchmarks.topics import lexicon, write_rules
from benchmarks.whole import Run, complete, marsad
from domain.asking import ArticleQuery
from domain.filing import Filing
from marsad.folding import MatcherFolding
from matcher.judge import Matcher
from matcher.searching import parse_search
from storage.store import Store

AXES = {"sources": "outlets", "phrases": "phrases", "rules": "rules", "stored": "stored articles"}
EVERY = 158.0  # seconds from one stored article to the next: 550 a day, a million in five years
BATCH = 100  # articles that are filed together
ASKED = {
    "the newest 20 hits": "What is new, with the proof?",
    "partners by month, of all hits": "Partners by month",
}
SOUGHT = {"a word of every article": "cooperation", "a word of one in 9,973": "mot77"}

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Line:
    """A figure at each size of one axis, a number a round."""

    axis: str
    what: str
    unit: str
    values: dict[int, list[float]]
    is_rate: bool = False  # what is done in a time; else what a thing costs

    def at(self, size: int) -> float:
        """Return the figure at ``size``."""
        return statistics.median(self.values[size])

    def growth(self, size: int) -> float:
        """Return the cost at ``size`` beside the cost at the smallest size."""
        ratio = self.at(size) / self.at(min(self.values))
        return 1 / ratio if self.is_rate else ratio


def sources(rounds: Mapping[int, int], pages: int) -> list[Line]:
    """Crawl so many outlets so many times, ``pages`` an outlet."""
    runs: dict[int, list[Run]] = {count: [] for count in rounds}
    with served(max(rounds), pages) as port:
        for number in range(max(rounds.values())):
            for count in (count for count, most in rounds.items() if number < most):
                runs[count].append(crawl(port, count, pages))
    print(f"{pages} pages an outlet")
    beyond: dict[int, list[float]] = {}
    for fewer, count in pairwise(sorted(runs)):
        known = statistics.median(run.cpu for run in runs[fewer])
        more = (count - fewer) * pages
        beyond[count] = [1000 * (run.cpu - known) / more for run in runs[count]]

    def line(what: str, unit: str, of: Callable[[Run], float], *, is_rate: bool = False) -> Line:
        values = {count: [of(run) for run in many] for count, many in runs.items()}
        return Line("sources", what, unit, values, is_rate)

    return [
        line("articles a CPU second", "", lambda run: run.articles / run.cpu, is_rate=True),
        line("an article with the start", "ms", lambda run: 1000 * run.cpu / run.articles),
        # At one outlet the start is nine tenths, and to take it off leaves nothing but noise.
        Line("sources", "an article beyond those of fewer outlets", "ms", beyond),
        line("memory at its peak", "MB", lambda run: run.megabytes),
    ]


def crawl(port: int, count: int, pages: int) -> Run:
    """Return what one pass over ``count`` outlets took, into an empty store."""
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as name:
        return complete("marsad", marsad(port, count, Path(name)), count * pages)


def judged(axes: Sequence[str], rounds: int) -> list[Line]:
    """Judge the same articles with lexicons of several sizes, and with rules of several numbers."""
    sizes = {"phrases": (20_000, 200_000), "rules": (1, 10, 100, 1_000)}
    phrases, articles = judging.read(max(sizes["phrases"]), rounds)
    engines: dict[str, judging.Engine] = {}
    lines: dict[str, Line] = {}
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as name:
        rules = write_rules(Path(name), max(sizes["rules"]))

        def add(axis: str, what: str, size: int, engine: judging.Engine) -> None:
            line = lines.setdefault(f"{axis}: {what}", Line(axis, what, "us", {}))
            line.values[size] = []
            engines[f"{axis}: {what}: {size}"] = engine

        for size in sizes["phrases"] if "phrases" in axes else ():
            judge = Matcher.load(rules[:100], lexicon(phrases[:size])).judge
            add("phrases", "an article, 100 rules", size, judging.timed(judge))
        for size in sizes["rules"] if "rules" in axes else ():
            judge = Matcher.load(rules[:size], lexicon(phrases[:20_000])).judge
            add("rules", "an ordinary article", size, judging.ordinary(judge))
            add("rules", "an article, one in 50 an event", size, judging.timed(judge))
        gc.collect()
        gc.freeze()  # as a worker process does once its matcher is loaded
        for key, costs in judging.measure(engines, articles, rounds).items():
            of, _, size_told = key.rpartition(": ")
            lines[of].values[int(size_told)] = costs
        gc.unfreeze()
    return list(lines.values())


def stored(sizes: Sequence[int], rounds: int) -> list[Line]:
    """Grow one store from size to size and keep it at each; file, search and ask in turn."""
    end = datetime.now(UTC)
    count = len(sizes) * (rounds + 1) * BATCH
    press = Press(count, end, span=timedelta(seconds=EVERY * count), words=20_000)
    batches = press.batches(BATCH)
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as name, ExitStack() as stack:
        path = Path(name) / "archive.db"
        with opened(path) as store:
            store.sync_sources(outlets(), end)
        found: dict[int, dict[str, Work]] = {}
        for size in sizes:
            press.now = end - timedelta(seconds=EVERY * (max(sizes) - size))
            grow(path, size, press.now)
            store = stack.enter_context(opened(copied(path, path.with_name(f"{size}.db"))))
            found[size] = works(store, list(islice(batches, rounds + 1)), press.now)
        return in_turn(found, rounds)


def copied(path: Path, to: Path) -> Path:
    """Copy the store at ``path``; return the copy's place."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def opened(path: Path) -> Store:
    """Open the store at ``path``."""
    return Store.open(f"sqlite:///{path}", folding=MatcherFolding())


def grow(path: Path, size: int, now: datetime) -> None:
    """Make articles up to ``size``, the newest of them at ``now``."""
    with closing(sqlite3.connect(path)) as connection:
        (had, last) = connection.execute(
            "SELECT count(*), max(article_id) FROM articles"
        ).fetchone()
        (story,) = connection.execute("SELECT max(story_id) FROM stories").fetchone()
    first = 60 * max((last or 0) // 60 + 1, (story or 0) - 99)  # sixty numbers make a story
    make(f"sqlite:///{path}", size - had, now, first=first, every=EVERY)


def works(store: Store, batches: Sequence[Sequence[Filing]], now: datetime) -> dict[str, Work]:
    """Return what is measured of a store: filing, searches and questions."""
    left = iter(batches)

    def search(words: str) -> Work:
        query = ArticleQuery(text=parse_search(words))
        return lambda: store.search(query)

    def ask(sql: str) -> Work:
        return lambda: list(store.query(sql).rows)

    found: dict[str, Work] = {f"filing {BATCH} articles": lambda: store.file(next(left), None, now)}
    found |= {f"search: {what}": search(words) for what, words in SOUGHT.items()}
    return found | {f"SQL: {what}": ask(QUESTIONS[name]) for what, name in ASKED.items()}


def in_turn(found: Mapping[int, Mapping[str, Work]], rounds: int) -> list[Line]:
    """Return the CPU milliseconds of each work at each size, the sizes by turns in every round."""
    lines = []
    for what in next(iter(found.values())):
        line = Line("stored", what, "ms", {size: [] for size in found})
        for number in range(rounds + 1):
            for size, works_of_size in found.items():
                began = time.process_time()
                works_of_size[what]()
                if number:  # the first warms up
                    line.values[size].append(1000 * (time.process_time() - began))
        lines.append(line)
    return lines


def table(axis: str, lines: Sequence[Line]) -> str:
    """Return the table of one axis."""
    sizes = sorted(lines[0].values)
    heads = [f"{size:,} | growth" for size in sizes[1:]]
    rows = [f"| {AXES[axis]} | {sizes[0]:,} | " + " | ".join(heads) + " |"]
    rows.append("|---" * (2 * len(sizes)) + "|")
    for line in lines:
        cells = [f"{figure(line, size)} | {grown(line, size)}" for size in sizes[1:]]
        rows.append(f"| {line.what} | {figure(line, sizes[0])} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def figure(line: Line, size: int) -> str:
    """Return the figure at ``size`` with its unit; a dash where there is none."""
    if size not in line.values:
        return "-"
    value = line.at(size)
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{shown} {line.unit}".rstrip()


def grown(line: Line, size: int) -> str:
    """Return the growth at ``size``; a dash at the smallest size of the line."""
    return f"{line.growth(size):.2f}x" if size > min(line.values) else "-"


def kept_lines(lines: Sequence[Line]) -> None:
    """Keep the growth from the smallest size to the largest, every number, and the picture."""
    keep("growth", {f"{line.axis}, {line.what}": [line.growth(max(line.values))] for line in lines})
    found = [asdict(line) | {"sizes": AXES[line.axis]} for line in lines]
    (RESULTS / "growth.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "growth.svg").write_text(plots.growth(found), encoding="utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true", help="larger sizes, more rounds")
    parser.add_argument("--only", nargs="+", choices=AXES, default=list(AXES))
    given = parser.parse_args()
    compile_rooms()
    lines: list[Line] = []
    if "sources" in given.only:
        rounds = {1: 7, 10: 5, 100: 3} if given.full else {1: 5, 10: 3, 100: 1}
        lines += sources(rounds, 50 if given.full else 20)
    if {"phrases", "rules"} & set(given.only):
        lines += judged(given.only, 7 if given.full else 4)
    if "stored" in given.only:
        lines += stored((10_000, 100_000, 1_000_000)[: 3 if given.full else 2], 9)
    for axis in given.only:
        print(f"\n{table(axis, [line for line in lines if line.axis == axis])}", flush=True)
    kept_lines(lines)


if __name__ == "__main__":
    main()
