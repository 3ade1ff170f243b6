"""Learn the weights of a rule on labelled articles, and write them into the rule file.

    python benchmarks/tune_rules.py RULE.yaml CORPUS.jsonl... [--write] [--part detect]

Every clause keeps the sign that its author gave it: a clause that counts for a rule never
comes to count against it. A clause marked ``fixed`` keeps its weight: it states what is
known of the subject and too rare in the articles to be learnt. Ridge penalty; folds never
split a story. Printed: F1 under cross-validation by language, its spread under resampling,
and each weight with its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.article import Document
from matcher.judge import Matcher
from matcher.rules import Scored

Array = npt.NDArray[np.float64]
FOLDS = 5
FEWEST = 15  # positive examples: below it the author's own numbers stand
BORDERLINE = 0.4  # weight of an example on which a guideline rule decided
# Ridge penalty and weight of a positive example, by part: activities are rare, so that an
# even loss would rather never name one.
BY_PART = {"detect": (0.5, 1.0), "partners": (0.5, 1.0), "activities": (1.0, 1.5)}


@dataclass(frozen=True)
class Row:
    features: tuple[float, ...]
    label: int
    group: str
    language: str
    ident: str
    weight: float = 1.0
    is_borderline: bool = False


def is_held_out(item: dict[str, Any]) -> bool:
    """Three tenths of the stories are never looked at while rules are written."""
    key = str(item.get("story") or item["id"])
    return int(hashlib.sha1(key.encode()).hexdigest(), 16) % 10 < 3


def load(paths: Iterable[str]) -> list[dict[str, Any]]:
    items = []
    for path in paths:
        with Path(path).open(encoding="utf-8") as stream:
            items += [json.loads(line) | {"file": Path(path).stem} for line in stream]
    return items


def document(item: dict[str, Any]) -> Document:
    published = item.get("published_at")
    when = datetime.fromisoformat(published).astimezone(UTC) if published else None
    return Document(
        id=item["id"], title=item.get("title") or "", text=item["text"], published_at=when
    )


@dataclass(frozen=True)
class Held:
    """What learning may not change: the sign of each clause, and given weights (or nan)."""

    signs: Array
    given: Array

    @classmethod
    def of(cls, scored: Scored) -> Held:
        """Read both off the clauses."""
        return cls(
            signs=np.array([math.copysign(1.0, c.weight) for c in scored.clauses]),
            given=np.array([c.weight if c.fixed else np.nan for c in scored.clauses]),
        )


def fit(rows: Sequence[Row], held: Held, ridge: float) -> tuple[float, Array]:
    """Logistic regression by accelerated projected gradient, weights held to their signs."""
    signs, given = held.signs, held.given
    x = np.array([r.features for r in rows], dtype=float)
    y = np.array([r.label for r in rows], dtype=float)
    w = np.array([r.weight for r in rows], dtype=float)
    x1 = np.hstack([np.ones((len(x), 1)), x])
    lipschitz = 0.25 * np.linalg.norm(x1 * np.sqrt(w)[:, None], 2) ** 2 + ridge
    beta = np.concatenate(([0.0], np.nan_to_num(given)))
    ahead, momentum = beta.copy(), 1.0
    for _ in range(1500):
        p = 1 / (1 + np.exp(-x1 @ ahead))
        gradient = x1.T @ (w * (p - y)) + ridge * np.concatenate(([0], ahead[1:]))
        step = ahead - gradient / lipschitz
        step[1:] = np.where(signs > 0, np.maximum(step[1:], 0), np.minimum(step[1:], 0))
        step[1:] = np.where(np.isnan(given), step[1:], given)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = step + (momentum - 1) / following * (step - beta)
        beta, momentum = step, following
    return float(beta[0]), beta[1:]


def predict(rows: Sequence[Row], bias: float, weights: Array) -> Array:
    x = np.array([r.features for r in rows], dtype=float).reshape(len(rows), len(weights))
    return np.asarray(1 / (1 + np.exp(-(bias + x @ weights))))


def f1(pairs: Iterable[tuple[int, bool]]) -> tuple[float, int, int, int]:
    pairs = list(pairs)
    tp = sum(1 for label, said in pairs if label and said)
    fp = sum(1 for label, said in pairs if not label and said)
    fn = sum(1 for label, said in pairs if label and not said)
    return (2 * tp / (2 * tp + fp + fn) if tp else 0.0), tp, fp, fn


def cross_validate(rows: Sequence[Row], held: Held, ridge: float) -> Array:
    fold = np.array([int(hashlib.md5(r.group.encode()).hexdigest(), 16) % FOLDS for r in rows])
    scores = np.zeros(len(rows))
    for k in range(FOLDS):
        train = [r for r, f in zip(rows, fold, strict=True) if f != k]
        test = [i for i, f in enumerate(fold) if f == k]
        if test:
            bias, weights = fit(train, held, ridge)
            scores[test] = predict([rows[i] for i in test], bias, weights)
    return scores


def features(scored: Scored, window: Any) -> tuple[float, ...]:
    return tuple(float(c.when.holds(window)) for c in scored.clauses)


def rows_for(part: str, matcher: Matcher, items: Sequence[dict[str, Any]]) -> dict[str, list[Row]]:
    """Build the table of examples of one part: the rule itself, partners, or each activity."""
    tables: dict[str, list[Row]] = defaultdict(list)
    for item in items:
        reading = matcher.read(document(item))
        for name, scored, window, answer, suffix in _questions(part, matcher, item, reading):
            row = Row(
                features=features(scored, window),
                label=answer,
                group=str(item.get("story") or item["id"]),
                language=item["language"],
                ident=item["id"] + suffix,
                weight=(BORDERLINE if item.get("borderline") and part == "detect" else 1.0)
                * (BY_PART[part][1] if answer else 1.0),
                is_borderline=bool(item.get("borderline")),
            )
            tables[name].append(row)
    return tables


def _questions(
    part: str, matcher: Matcher, item: dict[str, Any], reading: Any
) -> Iterable[tuple[str, Scored, Any, int, str]]:
    """Yield (table, what is scored, window, right answer, suffix of the id)."""
    rule, facts = matcher.rules[0], matcher._facts
    label = int(item["label"])
    if part == "detect" and rule.require.holds(reading.whole):
        yield "detect", rule.scored, reading.whole, label, ""
    elif part == "partners" and label and rule.partners and "partners" in item:
        for number in facts._candidates(reading):
            ident = matcher.concepts.entities[number].id
            window = replace(reading.whole, candidate=facts._partner_masks[number])
            yield "partners", rule.partners, window, int(ident in item["partners"]), f":{ident}"
    elif part == "activities" and label:
        for activity, scored in rule.activities.items():
            answer = int(activity in item["activities"])
            yield activity, scored, reading.whole, answer, f":{activity}"


def missed_before(matcher: Matcher, items: Sequence[dict[str, Any]], name: str) -> list[str]:
    """Positives that the requirement already loses: no weight brings them back."""
    rule = matcher.rules[0]
    if name != "detect":
        return []
    return [
        i["id"]
        for i in items
        if i["label"] and not rule.require.holds(matcher.read(document(i)).whole)
    ]


def scored_of(matcher: Matcher, name: str) -> Scored:
    rule = matcher.rules[0]
    if name == "detect":
        return rule.scored
    if name == "partners":
        assert rule.partners
        return rule.partners
    return rule.activities[name]


def report(name: str, rows: Sequence[Row], scores: Array, lost: Sequence[str], show: bool) -> None:
    by_language: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for r, s in zip(rows, scores, strict=True):
        if not r.is_borderline:
            by_language[r.language].append((r.label, s >= 0.5))
            by_language["clear"].append((r.label, s >= 0.5))
        by_language["every"].append((r.label, s >= 0.5))
    for language, pairs in sorted(by_language.items()):
        value, tp, fp, fn = f1(pairs)
        print(f"  {name:18s} {language:5s} F1 {value:.3f}  tp {tp} fp {fp} fn {fn}")
    if lost:
        print(f"  not required (lost before scoring): {' '.join(lost)}")
    if show:
        for r, s in sorted(zip(rows, scores, strict=True), key=lambda p: -p[1]):
            if (s >= 0.5) != bool(r.label):
                kind = "FN" if r.label else "FP"
                print(f"    {kind} {s:.2f} {r.ident} {r.language} {'B' * r.is_borderline}")


def written(text: str, name: str, bias: float, weights: Array) -> str:
    """Put numbers into the rule file where they stand, keeping its layout and comments."""
    lines = text.split("\n")
    start = 0
    if name != "detect":
        start = next(i for i, x in enumerate(lines) if re.match(rf"\s*{name}:\s*$", x))
    indent = len(lines[start]) - len(lines[start].lstrip()) + 2 if name != "detect" else 0
    done, index = False, 0
    for i in range(start, len(lines)):
        if not done and re.match(rf"^\s{{{indent}}}bias:", lines[i]):
            lines[i] = f"{' ' * indent}bias: {bias:.2f}"
            done = True
        elif index < len(weights) and re.search(r"\bweight:\s*[-+.\d]+", lines[i]):
            lines[i] = re.sub(
                r"\bweight:\s*[-+.\d]+", f"weight: {_number(weights[index])}", lines[i], count=1
            )
            index += 1
    return "\n".join(lines)


def _number(weight: float) -> str:
    """Write a weight; a zero keeps its sign, which says what the clause was meant for."""
    return f"{weight:.2f}"


def tune(
    part: str,
    matcher: Matcher,
    items: Sequence[dict[str, Any]],
    text: str,
    arguments: argparse.Namespace,
) -> str:
    """Print what a part gives; return the rule file's text with its weights learnt anew.

    Cross-validated on the developed items; then learnt on those and measured on the items
    kept aside; what is written is learnt on all of them.
    """
    ridge = BY_PART[part][0] if arguments.ridge is None else arguments.ridge
    developed = [i for i in items if not is_held_out(i)]
    aside = [i for i in items if is_held_out(i)]
    everything = rows_for(part, matcher, items)
    kept = rows_for(part, matcher, aside)
    overall: list[tuple[int, bool]] = []
    unseen: list[tuple[int, bool]] = []
    for name, rows in rows_for(part, matcher, developed).items():
        scored = scored_of(matcher, name)
        held = Held.of(scored)
        print(f"{name}: {len(rows)} examples, {len(held.signs)} clauses, by story in {FOLDS} folds")
        scores = cross_validate(rows, held, ridge)
        lost = missed_before(matcher, developed, name)
        report(name, rows, scores, lost, arguments.misses)
        overall += [(r.label, v >= 0.5) for r, v in zip(rows, scores, strict=True)]
        bias, weights = fit(rows, held, ridge)
        if kept.get(name):
            said = predict(kept[name], bias, weights)
            report(f"{name} aside", kept[name], said, (), False)
            unseen += [(r.label, v >= 0.5) for r, v in zip(kept[name], said, strict=True)]
        if sum(r.label for r in rows) < FEWEST:
            print("    too few examples to learn from: weights stay as written")
            continue
        bias, weights = fit(everything[name], held, ridge)
        text = written(text, name, bias, np.copysign(np.abs(weights), held.signs))
        if part == "detect":
            for clause, weight in zip(scored.clauses, weights, strict=True):
                print(f"    {weight:+.2f}  {clause.name}")
    print(f"{part}, cross-validated: F1 {f1(overall)[0]:.3f}; kept aside: F1 {f1(unseen)[0]:.3f}")
    return text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rule")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--part", choices=list(BY_PART), action="append")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--ridge", type=float, help="in place of the part's own")
    arguments = parser.parse_args()
    items = load(arguments.corpus)
    matcher = Matcher.load([arguments.rule])
    text = Path(arguments.rule).read_text(encoding="utf-8")
    for part in arguments.part or BY_PART:
        text = tune(part, matcher, items, text, arguments)
    if arguments.write:
        Path(arguments.rule).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
