"""What it costs to tell the language of an article, and how often it is right, beside others.

    python -m benchmarks.languages [--corpus ../shared/corpus] [--rounds 7]
        [--peers .venv-peers/bin/python]

The labelled corpus, French, Arabic and English, one article after another. Ours is what a judgement
calls, which has the folded text at hand; folding it for this alone is told beside it. The others
are given title and text as one calls them, whole; since ours looks at the beginning only, py3langid
is asked with that too. CPU time, by turns; the peers in their own environment.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import compile_rooms, keep, shown
from benchmarks.peer import Peer
from domain.article import Document
from matcher.language import SAMPLE, name_language
from matcher.reading import Reading
from matcher.text import normalise

JUDGED, FOLDED = "marsad, in a judgement", "marsad, folding for it alone"
OURS = {JUDGED: 20, FOLDED: 5}  # passes over the corpus a round
BEGIN = f"py3langid, fr ar en, first {SAMPLE} characters"
PEERS = {
    "py3langid, fr ar en": "py3langid-3",
    BEGIN: "py3langid-3",
    "py3langid at its defaults, 97 languages": "py3langid",
    "lingua, fr ar en": "lingua-language-detector",
}

Tell = Callable[[], tuple[float, list[str]]]
"""Tells the languages of the corpus: CPU seconds of doing it once, and what they are."""


def read(folder: Path) -> list[tuple[Document, str]]:
    """The articles of the corpus in ``folder``, with the language of each."""
    lines = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [(Document(title=line["title"], text=line["text"]), line["language"]) for line in lines]


def ours(documents: Sequence[Document]) -> dict[str, Tell]:
    """What tells the languages of ``documents`` in this process, by name."""
    pairs = [(normalise(Reading.join(document)), document) for document in documents]

    def in_judgement() -> list[str]:
        return [name_language(form, each.text, each.title) for form, each in pairs]

    def folding() -> list[str]:
        return [name_language(normalise(Reading.join(d)), d.text, d.title) for d in documents]

    return {JUDGED: timed(in_judgement, OURS[JUDGED]), FOLDED: timed(folding, OURS[FOLDED])}


def timed(tell: Callable[[], list[str]], passes: int) -> Tell:
    """What does ``tell`` so many times, and tells what once takes."""

    def engine() -> tuple[float, list[str]]:
        told: list[str] = []
        begin = time.process_time()
        for _ in range(passes):
            told = tell()
        return (time.process_time() - begin) / passes, told

    return engine


def theirs(
    peers: Mapping[str, Peer], documents: Sequence[Document], folder: Path
) -> dict[str, Tell]:
    """The same of the peers, given the texts in ``folder``."""
    texts = [f"{each.title}\n\n{each.text}".strip() for each in documents]
    whole, begin = folder / "whole.json", folder / "begin.json"
    whole.write_text(json.dumps(texts), encoding="utf-8")
    begin.write_text(json.dumps([text[:SAMPLE] for text in texts]), encoding="utf-8")

    def engine(peer: Peer, file: Path) -> Tell:
        def tell() -> tuple[float, list[str]]:
            answer = json.loads(peer.ask(str(file)))
            return float(answer["seconds"]), answer["languages"]

        return tell

    return {
        name: engine(peers[word], begin if name == BEGIN else whole) for name, word in PEERS.items()
    }


def measure(
    corpus: Sequence[tuple[Document, str]], rounds: int, peers: Mapping[str, Peer]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """CPU microseconds an article by engine, a number a round; and each engine's share of right.

    ``corpus`` is documents and the language of each.
    """
    documents = [document for document, _ in corpus]
    with tempfile.TemporaryDirectory() as folder:
        engines = ours(documents) | theirs(peers, documents, Path(folder))
        costs: dict[str, list[float]] = {name: [] for name in engines}
        right: dict[str, float] = {}
        for number in range(rounds + 1):
            for name, tell in engines.items():
                seconds, told = tell()
                pairs = zip(told, corpus, strict=True)
                right[name] = statistics.mean(language == label for language, (_, label) in pairs)
                if number:  # the first round warms up
                    costs[name].append(1e6 * seconds / len(documents))
    return costs, right


def main() -> None:
    shared = Path(os.environ.get("MARSAD_SHARED", "../shared"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", default=shared / "corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    given = parser.parse_args()
    compile_rooms()
    corpus = read(given.corpus)
    titles = [(replace(each, text=""), label) for each, label in corpus if each.title]
    peers = {word: Peer(given.peers, "languages_told.py", word) for word in set(PEERS.values())}
    costs, right = measure(corpus, given.rounds, peers)
    _, right_of_titles = measure(titles, 0, peers)
    for peer in peers.values():
        peer.close()
    print(", ".join(sorted({peer.version for peer in peers.values()})))
    heads = f"{len(corpus)} articles, right | {len(titles)} titles alone, right"
    print(f"\n| | {heads} | CPU us an article (spread) |\n|---|---|---|---|")
    for name, values in costs.items():
        print(f"| {name} | {right[name]:.1%} | {right_of_titles[name]:.1%} | {shown(values)} |")
    figures = {
        name: [ours / theirs for ours, theirs in zip(costs[JUDGED], costs[name], strict=True)]
        for name in PEERS
    }
    keep("language", figures)


if __name__ == "__main__":
    main()
