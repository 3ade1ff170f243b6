"""Article extraction: F1 on the article-extraction benchmark, and CPU time a page.

    python -m benchmarks.extraction [--shared ../shared] [--peers .venv-peers/bin/python]

trafilatura is measured in this process; with ``--peers`` readability-lxml, newspaper4k and
resiliparse too, in their own environment: given the pages decoded, by turns, by the same scoring.

Scoring is the benchmark's own: 4-word shingles, counts normalised a page, precision and
recall averaged over the pages, F1 of the averages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import trafilatura

from benchmarks.figures import keep, shown
from benchmarks.peer import Peer
from crawler.extraction import extract_page
from domain.errors import ExtractionError

WORD = re.compile(r"\w+")
ENOUGH = 15_000  # CPU milliseconds of an engine after which it is given no other round
PEERS = ("readability-lxml", "newspaper4k", "resiliparse")

Counts = tuple[int, int, int]
Scores = tuple[float, float, float]  # F1, precision, recall
Page = tuple[bytes, str, str]  # body, address, true text
Extractor = Callable[[bytes, str], str]


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORD.findall(text)
    return Counter(tuple(words[n : n + 4]) for n in range(max(1, len(words) - 3)))


def counts(true: str, found: str) -> Counts:
    """True positives, false positives, false negatives."""
    expected, got = shingles(true), shingles(found)
    return (expected & got).total(), (got - expected).total(), (expected - got).total()


def f1(rows: list[Counts]) -> Scores:
    """F1, precision, recall."""
    precision = statistics.mean(_ratio(tp, fp, fp + fn) for tp, fp, fn in rows)
    recall = statistics.mean(_ratio(tp, fn, fp + fn) for tp, fp, fn in rows)
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0, precision, recall


def _ratio(hits: int, misses: int, faults: int) -> float:
    if faults == 0:
        return 1.0
    return hits / (hits + misses) if hits else 0.0


def load(shared: Path) -> list[Page]:
    """Body, URL and true text of every page."""
    folder = shared / "data" / "article-extraction-benchmark"
    truth = json.loads((folder / "ground-truth.json").read_text())
    return [
        (
            gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()),
            row["url"],
            row["articleBody"],
        )
        for key, row in truth.items()
    ]


def ours(body: bytes, url: str) -> str:
    try:
        return extract_page(body, url).text
    except ExtractionError:
        return ""


def fast(body: bytes, _url: str) -> str:
    return trafilatura.extract(body, fast=True, include_comments=False, include_tables=False) or ""


def default(body: bytes, _url: str) -> str:
    return trafilatura.extract(body, include_comments=False) or ""


ENGINES = {"marsad": ours, "trafilatura fast": fast, "trafilatura": default}


def measure(pages: list[Page], extractor: Extractor) -> tuple[Scores, float]:
    """Scores, and milliseconds of CPU a page."""
    texts, cpu = read(pages, extractor)
    return score(pages, texts), cpu


def read(pages: list[Page], extractor: Extractor) -> tuple[list[str], float]:
    """The text of every page, and milliseconds of CPU a page."""
    begin = time.process_time()
    found = [extractor(body, url) for body, url, _ in pages]
    return found, (time.process_time() - begin) / len(pages) * 1000


def score(pages: list[Page], texts: Sequence[str]) -> Scores:
    """Scores of ``texts``, one a page."""
    return f1([counts(true, text) for (_, _, true), text in zip(pages, texts, strict=True)])


def in_turns(
    pages: list[Page], rounds: int, peers: Mapping[str, Peer]
) -> tuple[dict[str, Scores], dict[str, list[float]]]:
    """Scores by engine, and milliseconds of CPU a page, a number a round."""
    scores: dict[str, Scores] = {}
    costs: dict[str, list[float]] = {name: [] for name in (*ENGINES, *peers)}
    for extractor in ENGINES.values():
        extractor(*pages[0][:2])  # imports and compiled patterns are not the engine's cost
    for _ in range(rounds):
        for name, spent in costs.items():
            if sum(spent) * len(pages) > ENOUGH:
                continue
            if name in peers:
                answer = json.loads(peers[name].ask("read"))
                texts, cpu = answer["texts"], answer["ms"]
            else:
                texts, cpu = read(pages, ENGINES[name])
            scores[name] = scores.get(name) or score(pages, texts)
            spent.append(cpu)
    return scores, costs


def engines_of(pages: list[Page], python: Path, folder: Path) -> dict[str, Peer]:
    """The peers of ``python``, given the pages in ``folder``."""
    file = folder / "pages.json"
    file.write_text(json.dumps([(body.decode("utf-8", "replace"), url) for body, url, _ in pages]))
    return {name: Peer(python, "pages_read.py", file, name) for name in PEERS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", default=os.environ.get("MARSAD_SHARED", "../shared"), type=Path)
    parser.add_argument("--peers", type=Path, help="Python that has the other extractors")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    pages = load(given.shared)
    with tempfile.TemporaryDirectory() as name:
        peers = engines_of(pages, given.peers, Path(name)) if given.peers else {}
        scores, costs = in_turns(pages, given.rounds, peers)
        for peer in peers.values():
            peer.close()
    print(", ".join(f"{name} {peer.version}" for name, peer in peers.items()))
    print(f"\n| {len(pages)} pages | F1 | P | R | CPU ms a page (spread) | rounds |")
    print("|---|---|---|---|---|---|")
    for name, (whole, precision, recall) in scores.items():
        spent = costs[name]
        cells = f"{whole:.3f} | {precision:.3f} | {recall:.3f} | {shown(spent)} | {len(spent)}"
        print(f"| {name} | {cells} |")
    pairs = zip(costs["marsad"], costs["trafilatura fast"], strict=False)
    better = scores["marsad"][0] - scores["trafilatura fast"][0]
    keep("extraction", {"cpu": [mine / theirs for mine, theirs in pairs], "f1": [better]})


if __name__ == "__main__":
    main()
