"""Article extraction: F1 on the article-extraction benchmark, and CPU time a page.

    python -m benchmarks.extraction [--shared ../shared] [--peers .venv-peers/bin/python]

With ``--peers`` readability-lxml is measured too, in its own environment, by the same scoring.

Scoring is the benchmark's own: 4-word shingles, counts normalised a page, precision and
recall averaged over the pages, F1 of the averages.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import re
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trafilatura

from benchmarks.figures import keep
from crawler.extraction import extract_page
from domain.errors import ExtractionError

WORD = re.compile(r"\w+")
Counts = tuple[int, int, int]


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORD.findall(text)
    return Counter(tuple(words[n : n + 4]) for n in range(max(1, len(words) - 3)))


def counts(true: str, found: str) -> Counts:
    """True positives, false positives, false negatives."""
    expected, got = shingles(true), shingles(found)
    return (expected & got).total(), (got - expected).total(), (expected - got).total()


def f1(rows: list[Counts]) -> tuple[float, float, float]:
    """F1, precision, recall."""
    precision = statistics.mean(_ratio(tp, fp, fp + fn) for tp, fp, fn in rows)
    recall = statistics.mean(_ratio(tp, fn, fp + fn) for tp, fp, fn in rows)
    return 2 * precision * recall / (precision + recall), precision, recall


def _ratio(hits: int, misses: int, faults: int) -> float:
    if faults == 0:
        return 1.0
    return hits / (hits + misses) if hits else 0.0


def load(shared: Path) -> list[tuple[bytes, str, str]]:
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


def measure(
    pages: list[tuple[bytes, str, str]], extractor: Callable[[bytes, str], str]
) -> tuple[tuple[float, float, float], float]:
    """Scores, and milliseconds of CPU a page."""
    begin = time.process_time()
    found = [extractor(body, url) for body, url, _ in pages]
    cpu = (time.process_time() - begin) / len(pages) * 1000
    return f1([counts(true, text) for (_, _, true), text in zip(pages, found, strict=True)]), cpu


def readability(
    pages: list[tuple[bytes, str, str]], python: Path
) -> tuple[tuple[float, float, float], float]:
    """Scores, and milliseconds of CPU a page, of readability-lxml in the peers' environment."""
    lines = "".join(base64.b64encode(body).decode() + "\n" for body, _, _ in pages)
    script = Path(__file__).with_name("peers") / "readability_pages.py"
    command = [str(python), str(script)]
    answer = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    *texts, cpu = answer.stdout.splitlines()
    rows = [counts(true, json.loads(text)) for (_, _, true), text in zip(pages, texts, strict=True)]
    return f1(rows), float(cpu)


def show(name: str, scores: tuple[float, float, float], cpu: float) -> None:
    score, precision, recall = scores
    print(f"{name:17} F1 {score:.3f}  P {precision:.3f}  R {recall:.3f}  {cpu:6.1f} ms a page")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", default=os.environ.get("MARSAD_SHARED", "../shared"), type=Path)
    parser.add_argument("--peers", type=Path, help="Python that has readability-lxml")
    given = parser.parse_args()
    pages = load(given.shared)
    print(f"{len(pages)} pages")
    engines = {"marsad": ours, "trafilatura fast": fast, "trafilatura": default}
    costs, f1s = {}, {}
    for name, extractor in engines.items():
        extractor(*pages[0][:2])  # imports and compiled patterns are not the engine's cost
        scores, costs[name] = measure(pages, extractor)
        f1s[name] = scores[0]
        show(name, scores, costs[name])
    if given.peers is not None:
        show("readability-lxml", *readability(pages, given.peers))
    ratios = [costs["marsad"] / costs["trafilatura fast"]]
    for _ in range(2):
        ratios.append(measure(pages, ours)[1] / measure(pages, fast)[1])
    ratio = statistics.median(ratios)
    keep("extraction", {"cpu": ratios, "f1": [f1s["marsad"] - f1s["trafilatura fast"]]})
    print(f"marsad takes {ratio:.2f} of the CPU time of trafilatura fast")


if __name__ == "__main__":
    main()
