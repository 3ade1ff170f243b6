"""Learn anew what the placing of articles knows: how common stems are, what signs weigh.

    python -m benchmarks.tune_stories CORPUS.jsonl ...

Writes matcher/stories/frequencies.txt and prints the weights of matcher/stories/likeness.py.
Reads the development part only: stories that are kept aside are never looked at here.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np

from benchmarks.story_corpus import Labelled, on_one_calendar, read
from matcher.judge import Matcher
from matcher.learn import Example, fit, is_kept_aside
from matcher.searching import folded_words
from matcher.stories import stems
from matcher.stories.likeness import Signs, signs

LEAST_SHARE = 0.012  # rarer stems are all as telling
CALENDARS = ("a", "b", "c", "d")  # ways of moving the stories together
RIDGE = 2.0
GIVEN = {"other_partners": -8.0}  # two reports that name other partners are of two events
FOR = {"wording", "stems", "foreign_stems", "names", "places", "numbers", "same_partners"}
FOR |= {"activities", "same_days", "other_language"}


def frequencies(paths: Sequence[Path]) -> dict[str, float]:
    """Return the share of the articles of its language that hold a stem."""
    counts: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            if is_kept_aside(str(item.get("story") or item["id"])):
                continue
            language = item["language"]
            words = folded_words(f"{item['title']} {item['text']}")
            counts.setdefault(language, Counter()).update(
                {stems.stem(w) for w in words if len(w) > 2 and not w[0].isdigit()}
            )
            totals[language] += 1
    found: dict[str, float] = {}
    for language, counter in counts.items():
        for stem, count in counter.items():
            share = count / totals[language]
            if count > 2 and share >= LEAST_SHARE:
                found[stem] = max(share, found.get(stem, 0.0))
    return found


def write(found: dict[str, float]) -> None:
    lines = ["# stem and share of articles that hold it; benchmarks/tune_stories.py wrote this"]
    lines += [f"{stem} {share:.3f}" for stem, share in sorted(found.items())]
    stems._TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def pairs(articles: Sequence[Labelled], days: int) -> Iterator[tuple[Signs, bool, str]]:
    """Yield the signs of every two articles that the window holds."""
    for number, one in enumerate(articles):
        for other in articles[number + 1 :]:
            gap = (other.day - one.day).days
            if gap > days:
                break
            yield signs(one.trace, other.trace, gap), one.story == other.story, one.story


def learn(articles: Sequence[Labelled]) -> tuple[float, Signs]:
    """Return bias and weights of a logistic regression on pairs of the development part."""
    developed = [each for each in articles if not each.is_kept_aside]
    sizes = Counter(each.story for each in developed)
    rows = []
    for seed in CALENDARS:
        for found, is_same, story in pairs(on_one_calendar(developed, seed), 14):
            # A story of many articles has many pairs: each article of it counts alike.
            weight = 2.0 / max(1, sizes[story] - 1) if is_same else 0.1 + found.same_partners
            row = Example(features=astuple(found), is_right=is_same, weight=weight, story=story)
            rows.append(row)
    names = [f.name for f in fields(Signs)]
    towards = np.array([1.0 if name in FOR else -1.0 for name in names])
    given = np.array([GIVEN.get(name, np.nan) for name in names])
    bias, weights = fit(rows, towards, RIDGE, given)
    return bias, Signs(**dict(zip(names, (round(float(w), 2) for w in weights), strict=True)))


def main() -> None:
    paths = [Path(name) for name in sys.argv[1:]]
    write(frequencies(paths))
    stems.frequencies.cache_clear()
    stems.known_stem.cache_clear()
    bias, found = learn(read(paths, Matcher.load(["defence-cooperation"])))
    print(f"bias={bias:.2f}")
    for field in fields(Signs):
        print(f"        {field.name}={getattr(found, field.name)},")


if __name__ == "__main__":
    main()
