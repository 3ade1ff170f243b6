"""Learn the weights of a rule on labelled articles, and write them into the rule file.

    python benchmarks/tune_rules.py RULE.yaml CORPUS.jsonl... [--write] [--misses] [--resample 20]

Printed, for each part of the rule (detection, partners, every activity): F1 cross-validated by
story on the developed seven tenths, and, learnt on those, on the three tenths kept aside.
``--misses`` lists wrong answers of the developed part only. ``--resample N`` learns on N
resampled sets of stories and prints how far each weight of the detection moves. What
``--write`` puts into the file is learnt on everything.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from domain.article import Document
from matcher.judge import Matcher
from matcher.learn import (
    ACTIVITY_PENALTY,
    DETECTION,
    FEWEST,
    FOLDS,
    PARTNERS,
    PENALTIES,
    Example,
    Labelled,
    examples,
    fold_of,
    is_kept_aside,
    parts_of,
    relearn,
    relearn_part,
)
from matcher.rules import Rule, Scored

SEED = 20231204


@dataclass(frozen=True)
class Answer:
    ident: str
    language: str
    is_right: bool
    score: float
    is_borderline: bool


def load(paths: Iterable[str]) -> list[dict[str, Any]]:
    items = []
    for path in paths:
        text = Path(path).read_text(encoding="utf-8")
        if path.endswith(".yaml"):  # sentences with what is expected of them
            found = [i for i in yaml.safe_load(text) if "match" in i]
            items += [i | {"label": int(i["match"]), "language": path[-10:-8]} for i in found]
        else:
            items += [json.loads(line) for line in text.splitlines() if line.strip()]
    return items


def labelled(item: dict[str, Any]) -> Labelled:
    published = item.get("published_at")
    when = datetime.fromisoformat(published).astimezone(UTC) if published else None
    sets = {n: frozenset(item[n]) if n in item else None for n in ("partners", "activities")}
    return Labelled(
        document=Document(
            id=item["id"], title=item.get("title") or "", text=item["text"], published_at=when
        ),
        is_match=bool(item["label"]),
        story=str(item.get("story") or item["id"]),
        is_borderline=bool(item.get("borderline")),
        **sets,
    )


def score(scored: Scored, example: Example) -> float:
    held = [c for c, f in zip(scored.clauses, example.features, strict=True) if f]
    return scored.score(held)


class Table:
    """The examples of one part, with what is needed to print about them."""

    def __init__(self) -> None:
        self.rows: list[Example] = []
        self.items: list[dict[str, Any]] = []

    def answers(self, scores: Sequence[float]) -> list[Answer]:
        return [
            Answer(i["id"], i.get("language", "?"), r.is_right, s, bool(i.get("borderline")))
            for r, i, s in zip(self.rows, self.items, scores, strict=True)
        ]


def tables(matcher: Matcher, items: Sequence[dict[str, Any]]) -> dict[str, Table]:
    found: dict[str, Table] = defaultdict(Table)
    for item in items:
        for part, rows in examples(matcher, matcher.rules[0], [labelled(item)]).items():
            found[part].rows += rows
            found[part].items += [item] * len(rows)
    return found


def cross_validated(scored: Scored, table: Table, also: list[Example], ridge: float) -> list[float]:
    folds = [fold_of(r.story) for r in table.rows]
    scores = [0.0] * len(folds)
    for fold in range(FOLDS):
        train = [r for r, f in zip(table.rows, folds, strict=True) if f != fold]
        taught = relearn_part(scored, [*train, *also], ridge)
        for number, f in enumerate(folds):
            if f == fold:
                scores[number] = score(taught, table.rows[number])
    return scores


def f1(answers: Iterable[Answer]) -> tuple[float, int, int, int]:
    tp = fp = fn = 0
    for a in answers:
        said = a.score >= 0.5
        tp += a.is_right and said
        fp += not a.is_right and said
        fn += a.is_right and not said
    return (2 * tp / (2 * tp + fp + fn) if tp else 0.0), tp, fp, fn


def show(name: str, answers: Sequence[Answer], lost: Sequence[str] = ()) -> None:
    clear = [a for a in answers if not a.is_borderline]
    groups = {"clear": clear, "every": list(answers)}
    for language in ("fr", "ar", "en"):
        groups[language] = [a for a in clear if a.language == language]
    for group, chosen in groups.items():
        value, tp, fp, fn = f1(chosen)
        print(f"  {name:24s} {group:5s} F1 {value:.3f}  tp {tp} fp {fp} fn {fn}")
    if lost:
        print(f"  lost before scoring: {' '.join(lost)}")


def show_misses(answers: Sequence[Answer]) -> None:
    for a in sorted(answers, key=lambda a: -a.score):
        if (a.score >= 0.5) != a.is_right:
            kind = "FN" if a.is_right else "FP"
            print(f"    {kind} {a.score:.2f} {a.ident} {'borderline' if a.is_borderline else ''}")


def lost_before(matcher: Matcher, items: Sequence[dict[str, Any]]) -> list[str]:
    """Positives that the requirement already loses: no weight brings them back."""
    rule = matcher.rules[0]
    positives = [labelled(i) for i in items if i["label"]]
    return [
        str(p.document.id)
        for p in positives
        if not rule.require.holds(matcher.read(p.document).whole)
    ]


def tune_part(
    part: str,
    scored: Scored,
    examples_of: tuple[Table, Table, list[Example]],
    arguments: argparse.Namespace,
) -> tuple[list[Answer], list[Answer]]:
    developed, aside, also = examples_of
    penalty = PENALTIES.get(part, ACTIVITY_PENALTY)
    ridge = penalty.ridge if arguments.ridge is None else arguments.ridge
    right = sum(r.is_right for r in developed.rows)
    print(f"{part}: {len(developed.rows)} examples, {right} right, {len(scored.clauses)} clauses")
    crossed = developed.answers(cross_validated(scored, developed, also, ridge))
    show(part, crossed)
    if arguments.misses:
        show_misses(crossed)
    taught = relearn_part(scored, [*developed.rows, *also], ridge)
    unseen = aside.answers([score(taught, r) for r in aside.rows])
    show(f"{part} aside", unseen)
    if right < FEWEST:
        print("    too few examples to learn from: weights stay as written")
    return crossed, unseen


def show_stability(scored: Scored, rows: Sequence[Example], times: int, ridge: float) -> None:
    """Learn on resampled sets of stories: how far weights and F1 on the left-out ones move."""
    drawn = random.Random(SEED)
    by_story: dict[str, list[Example]] = defaultdict(list)
    for row in rows:
        by_story[row.story].append(row)
    weights, values = [], []
    for _ in range(times):
        chosen = drawn.choices(sorted(by_story), k=len(by_story))
        taught = relearn_part(scored, [r for s in chosen for r in by_story[s]], ridge)
        weights.append([c.weight for c in taught.clauses])
        out = [r for s in set(by_story) - set(chosen) for r in by_story[s]]
        values.append(f1([Answer("", "", r.is_right, score(taught, r), False) for r in out])[0])
    low, high = np.percentile(np.array(weights), [5, 95], axis=0)
    for clause, a, b in zip(scored.clauses, low, high, strict=True):
        print(f"    {a:+.2f} .. {b:+.2f}  {clause.name}")
    spread = np.percentile(values, [5, 50, 95])
    print(f"  F1 on left-out stories, {times} resamples: 5 % / 50 % / 95 %: {spread.round(3)}")


def written(text: str, name: str, scored: Scored) -> str:
    """Put numbers into the rule file where they stand, keeping its layout and comments."""
    lines = text.split("\n")
    is_inner = name != DETECTION
    start = (
        next(i for i, x in enumerate(lines) if re.match(rf"\s*{name}:\s*$", x)) if is_inner else 0
    )
    indent = len(lines[start]) - len(lines[start].lstrip()) + 2 if is_inner else 0
    numbers = iter(f"weight: {c.weight:.2f}" for c in scored.clauses)
    left, has_bias = len(scored.clauses), False
    for i in range(start, len(lines)):
        if not has_bias and re.match(rf"^\s{{{indent}}}bias:", lines[i]):
            lines[i] = f"{' ' * indent}bias: {scored.bias:.2f}"
            has_bias = True
        elif left and re.search(r"\bweight:\s*[-+.\d]+", lines[i]):
            lines[i] = re.sub(r"\bweight:\s*[-+.\d]+", next(numbers), lines[i], count=1)
            left -= 1
    return "\n".join(lines)


def learnt_text(text: str, rule: Rule, everything: dict[str, Table]) -> str:
    taught = relearn(rule, {part: table.rows for part, table in everything.items()})
    before = parts_of(rule)
    for part, scored in parts_of(taught).items():
        if scored is not before[part]:
            text = written(text, part, scored)
    return text


def chosen_parts(rule: Rule, wanted: Sequence[str] | None) -> dict[str, Scored]:
    parts = parts_of(rule)
    if not wanted:
        return parts
    activities = [p for p in parts if p not in (DETECTION, PARTNERS)]
    names = [n for w in wanted for n in (activities if w == "activities" else [w])]
    return {name: parts[name] for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rule")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--part", action="append", help="detection, partners, activities, one")
    parser.add_argument(
        "--also", action="append", default=[], help="learn from these, measure none of them"
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--resample", type=int, default=0)
    parser.add_argument("--ridge", type=float, help="in place of the part's own")
    arguments = parser.parse_args()
    items = load(arguments.corpus)
    matcher = Matcher.load([arguments.rule])
    rule = matcher.rules[0]
    apart = [is_kept_aside(str(i.get("story") or i["id"])) for i in items]
    developed = [i for i, a in zip(items, apart, strict=True) if not a]
    seen = tables(matcher, developed)
    also = tables(matcher, load(arguments.also))
    aside = tables(matcher, [i for i, a in zip(items, apart, strict=True) if a])
    print(f"lost before scoring: {' '.join(lost_before(matcher, developed)) or 'none'}")
    crossed, unseen = [], []
    for part, scored in chosen_parts(rule, arguments.part).items():
        pair = tune_part(part, scored, (seen[part], aside[part], also[part].rows), arguments)
        if part not in (DETECTION, PARTNERS):
            crossed += pair[0]
            unseen += pair[1]
    if crossed:
        print(
            f"activities, cross-validated: F1 {f1(crossed)[0]:.3f}; "
            f"kept aside: F1 {f1(unseen)[0]:.3f}"
        )
    if arguments.resample:
        ridge = PENALTIES[DETECTION].ridge
        show_stability(rule.scored, seen[DETECTION].rows, arguments.resample, ridge)
    if arguments.write:
        text = Path(arguments.rule).read_text(encoding="utf-8")
        Path(arguments.rule).write_text(
            learnt_text(text, rule, tables(matcher, [*items, *load(arguments.also)])),
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
