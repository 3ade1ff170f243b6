"""Rules: what is looked for, what counts for and against it, and the facts it yields.

They are read from YAML by matcher/rulefile.py; docs/rules.md teaches how to write them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcher.query import Node
from matcher.reading import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One thing that counts for (weight > 0) or against (weight < 0)."""

    name: str
    when: Node
    weight: float
    why: str = ""
    is_fixed: bool = False  # settled by the author: learning leaves the weight alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A logistic sum of clauses: score = 1 / (1 + exp(-(bias + sum of weights)))."""

    bias: float
    clauses: tuple[Clause, ...]
    threshold: float

    def held(self, window: Window) -> list[Clause]:
        """Return the clauses that hold in ``window``."""
        return [c for c in self.clauses if c.when.holds(window)]

    def score(self, held: Sequence[Clause]) -> float:
        """Return the score, 0..1, of the clauses that hold."""
        total = self.bias + sum(c.weight for c in held)
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text that the rule must match, or must not."""

    text: str
    matches: bool
    title: str = ""
    language: str | None = None
    partners: tuple[str, ...] | None = None
    activities: tuple[str, ...] | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A compiled rule."""

    id: str
    title: str
    about: str
    file: str
    require: Node
    scored: Scored
    partners: Scored | None
    activities: Mapping[str, Scored]
    examples: tuple[Example, ...]
    definitions: Mapping[str, Node]  # what each $name stands for
