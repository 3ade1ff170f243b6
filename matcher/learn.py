"""Learn a rule's weights from labelled documents; a tool for people who write rules.

What it gives are plain numbers that live in the rule file. Every clause keeps the sign that
its author gave it: what counts for a rule never comes to count against it. A clause marked
``fixed`` keeps its weight: it states what is known of the subject and too rare to be learnt.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from domain.article import Document
from matcher.facts import Facts
from matcher.judge import Matcher
from matcher.reading import Window
from matcher.rules import Rule, Scored

Array = npt.NDArray[np.float64]

FOLDS = 5
FEWEST = 15  # positive examples: below it the author's own numbers stand
BORDERLINE = 0.4  # weight of an example on which a guideline had to decide
STEPS = 1500  # of gradient descent
DETECTION, PARTNERS = "detection", "partners"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A document with what people say of it."""

    document: Document
    is_match: bool
    story: str  # documents of one story never stand on both sides of a split
    partners: frozenset[str] | None = None  # None: nobody coded them
    activities: frozenset[str] | None = None
    is_borderline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question that a part of a rule answers: which clauses hold, what is right."""

    features: tuple[float, ...]
    is_right: bool
    weight: float
    story: str


@dataclass(frozen=True, slots=True)
class Penalty:
    """Ridge penalty, and the weight of a right example beside a wrong one."""

    ridge: float
    right: float


# Activities are rare, so that an even loss would rather never name one.
PENALTIES = {DETECTION: Penalty(0.5, 1.0), PARTNERS: Penalty(0.5, 1.0)}
ACTIVITY_PENALTY = Penalty(1.0, 2.0)


def fold_of(story: str, folds: int = FOLDS) -> int:
    """Return the fold, 0..folds-1, of a story; the same on every machine and day."""
    return int(hashlib.md5(story.encode(), usedforsecurity=False).hexdigest(), 16) % folds


def is_kept_aside(story: str) -> bool:
    """Three tenths of the stories are never looked at while rules are written."""
    return int(hashlib.sha1(story.encode(), usedforsecurity=False).hexdigest(), 16) % 10 < 3


def parts_of(rule: Rule) -> dict[str, Scored]:
    """Return what of a rule has weights, by name: detection, partners, each activity."""
    parts = {DETECTION: rule.scored}
    if rule.partners is not None:
        parts[PARTNERS] = rule.partners
    return {**parts, **rule.activities}


def examples(
    matcher: Matcher, rule: Rule, labelled: Sequence[Labelled]
) -> dict[str, list[Example]]:
    """Ask every part of ``rule`` about every document; return its examples by part."""
    found: dict[str, list[Example]] = defaultdict(list)
    for item in labelled:
        for part, scored, window, is_right in _questions(matcher, rule, item):
            penalty = PENALTIES.get(part, ACTIVITY_PENALTY)
            weight = penalty.right if is_right else 1.0
            if item.is_borderline and part == DETECTION:
                weight *= BORDERLINE
            features = tuple(float(c.when.holds(window)) for c in scored.clauses)
            found[part].append(
                Example(features=features, is_right=is_right, weight=weight, story=item.story)
            )
    return dict(found)


def _questions(
    matcher: Matcher, rule: Rule, item: Labelled
) -> Iterator[tuple[str, Scored, Window, bool]]:
    reading = matcher.read(item.document)
    if rule.require.holds(reading.whole):
        yield DETECTION, rule.scored, reading.whole, item.is_match
    if not item.is_match:
        return
    if rule.partners is not None and item.partners is not None:
        facts: Facts = matcher.facts
        for ident, window in facts.candidates(reading):
            yield PARTNERS, rule.partners, window, ident in item.partners
    if item.activities is not None:
        for activity, scored in rule.activities.items():
            yield activity, scored, reading.whole, activity in item.activities


def fit(
    rows: Sequence[Example], signs: Array, ridge: float, given: Array | None = None
) -> tuple[float, Array]:
    """Return bias and weights of a logistic regression, each weight held to its sign.

    ``signs``: +1 or -1 for each clause. ``given``: the weight of each clause that must not
    change, NaN for the others. Accelerated projected gradient (Beck and Teboulle's FISTA) on
    the log-likelihood less ``ridge`` / 2 times the squared weights.
    """
    if given is None:
        given = np.full(len(signs), np.nan)
    x = np.array([(1.0, *r.features) for r in rows], dtype=np.float64)
    y = np.array([r.is_right for r in rows], dtype=np.float64)
    w = np.array([r.weight for r in rows], dtype=np.float64)
    lipschitz = 0.25 * np.linalg.norm(x * np.sqrt(w)[:, None], 2) ** 2 + ridge
    penalty = np.concatenate(([0.0], np.full(len(signs), ridge)))
    beta = np.concatenate(([0.0], np.nan_to_num(given)))
    ahead, momentum = beta.copy(), 1.0
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ ahead, -60, 60)))
        step = ahead - (x.T @ (w * (p - y)) + penalty * ahead) / lipschitz
        step[1:] = np.where(signs > 0, np.maximum(step[1:], 0), np.minimum(step[1:], 0))
        step[1:] = np.where(np.isnan(given), step[1:], given)
        following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = step + (momentum - 1) / following * (step - beta)
        beta, momentum = step, following
    return float(beta[0]), beta[1:]


def relearn_part(scored: Scored, rows: Sequence[Example], ridge: float) -> Scored:
    """Return ``scored`` with weights learnt on ``rows``; itself where they are too few."""
    right = sum(r.is_right for r in rows)
    if right < FEWEST or right == len(rows) or not scored.clauses:
        return scored
    signs = np.array([math.copysign(1.0, c.weight) for c in scored.clauses])
    given = np.array([c.weight if c.is_fixed else np.nan for c in scored.clauses])
    bias, weights = fit(rows, signs, ridge, given)
    # A zero keeps the sign that says what its clause was meant for.
    weights = np.copysign(np.abs(weights), signs)
    clauses = tuple(
        replace(c, weight=float(v)) for c, v in zip(scored.clauses, weights, strict=True)
    )
    return replace(scored, bias=bias, clauses=clauses)


def relearn(rule: Rule, found: Mapping[str, Sequence[Example]], ridge: float | None = None) -> Rule:
    """Return ``rule`` with every part's weights learnt on ``found``, as examples() gives it."""
    learnt = {
        part: relearn_part(
            scored,
            found.get(part, ()),
            PENALTIES.get(part, ACTIVITY_PENALTY).ridge if ridge is None else ridge,
        )
        for part, scored in parts_of(rule).items()
    }
    return replace(
        rule,
        scored=learnt[DETECTION],
        partners=learnt.get(PARTNERS),
        activities={name: learnt[name] for name in rule.activities},
    )
