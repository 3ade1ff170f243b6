"""Rules: what is looked for, what counts for and against it, and the facts it yields.

They are read from YAML by matcher/rulefile.py; docs/rules.md teaches how to write them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher.asking import Query, Shown, cost_of, query_of
from matcher.columns import WHOLE, columns_of
from matcher.index import Needs
from matcher.query import Node
from matcher.reading import Window
from matcher.scan import Mention

if TYPE_CHECKING:
    from matcher.bounds import Bound

_ROUNDING = 1e-9  # sums of weights in another order differ by less
_SURE = 36.0  # a sum not far above it scores 1 by rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One thing that counts for (weight > 0) or against (weight < 0)."""

    name: str
    when: Node
    weight: float
    why: str = ""
    is_fixed: bool = False  # settled by the author: learning leaves the weight alone


class Gate:
    """Whether a threshold is within reach, told from a set of concepts and nothing else."""

    __slots__ = ("_bar", "_least", "_reach", "needs")

    def __init__(self, bias: float, clauses: Sequence[Clause], threshold: float) -> None:
        self.needs = needs = Needs([clause.when for clause in clauses])
        rows = tuple(zip(needs.of, needs.absence, (c.weight for c in clauses), strict=True))
        # What surely counts against when absent, and what may count for when all is there.
        self._reach = tuple(r for r in rows if (r[1] and r[2] < 0) or (r[0] and r[2] > 0))
        always = sum(w for needed, _, w in rows if not needed and w > 0)
        self._least = bias + always
        self._bar = _bar(threshold)

    def can_reach(self, mask: int) -> bool:
        """Whether the threshold is within reach of a text that mentions at most ``mask``."""
        return self.is_within(self.most(self.needs.missing(mask)))

    def most(self, missing: int) -> float:
        """Return the most that the sum can come to, given the needs that are ``missing``."""
        most = self._least
        for needed, absence, weight in self._reach:
            if absence & missing if absence else not needed & missing:
                most += weight
        return most

    def indispensable(self) -> list[int]:
        """Return masks of each of which a text must mention a concept to reach the threshold."""
        return [mask for mask, bit in self.needs.masks if not self.is_within(self.most(bit))]

    def is_within(self, most: float) -> bool:
        """Whether a sum of weights reaches the threshold, or falls short by rounding alone."""
        return most >= self._bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A logistic sum of clauses: score = 1 / (1 + exp(-(bias + sum of weights)))."""

    bias: float
    clauses: tuple[Clause, ...]
    threshold: float

    gate: Gate = field(init=False, repr=False, compare=False)
    _made: dict[int, Query] = field(init=False, repr=False, compare=False)
    _order: list[int] = field(init=False, repr=False, compare=False)
    _bound: list[Bound] = field(init=False, repr=False, compare=False)  # one, once it is asked

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", Gate(self.bias, self.clauses, self.threshold))
        object.__setattr__(self, "_made", {})
        object.__setattr__(self, "_order", [])
        object.__setattr__(self, "_bound", [])

    def __reduce__(self) -> tuple[object, ...]:
        return _scored, (self.bias, self.clauses, self.threshold, self.gate)

    @property
    def queries(self) -> tuple[Query, ...]:
        """What each clause asks."""
        return tuple(self._query(place) for place in range(len(self.clauses)))

    def _query(self, place: int) -> Query:
        """What a clause asks, put together when the first text is asked."""
        found = self._made.get(place)
        if found is None:
            found = self._made[place] = query_of(self.clauses[place].when)
        return found

    @property
    def order(self) -> list[int]:
        """The places of the clauses, those first that ask least of a document."""
        if not self._order:
            places = range(len(self.clauses))
            costs = [(cost_of(c.when), -abs(c.weight)) for c in self.clauses]
            self._order[:] = sorted(places, key=costs.__getitem__)
        return self._order

    def prepare(self) -> None:
        """Put together what texts are asked, which else is done when one is."""
        for place in self.order:
            self._query(place)

    @property
    def bound(self) -> Bound | None:
        """What tells before anything is resolved that the threshold is out of reach.

        None until it was prepared: a single text is judged sooner without.
        """
        return self._bound[0] if self._bound else None

    def prepare_bound(self) -> None:
        """Put the bound together, for a process that judges many texts."""
        from matcher.bounds import Bound  # noqa: PLC0415 - one text is judged without

        if not self._bound:
            rows = [(place, self.clauses[place]) for place in self.order]
            self._bound.append(Bound([(place, c.when, c.weight) for place, c in rows]))

    def may_reach(self, window: Window) -> bool:
        """Whether the threshold is within reach when some mentions of ``window`` do not count.

        ``window`` is the whole of a document, with every mention of the bound's concepts.
        """
        if self.bound is None:
            return True
        document, needs = columns_of(window), self.gate.needs
        missing = needs.missing(window.mask)
        most = self.gate.most(missing)
        for place, weight, ask in self.bound.asked:
            is_told = (needs.of[place] | needs.absence[place]) & missing
            if not is_told and not ask(document, WHOLE):
                most -= weight
                if not self.gate.is_within(most):
                    return False
        return self.gate.is_within(most)

    def held(self, window: Window) -> list[Clause]:
        """Return the clauses that hold in ``window``, the whole of a document."""
        document = columns_of(window)
        needs = self.gate.needs
        missing = needs.missing(window.mask)
        return [
            clause
            for place, (clause, needed) in enumerate(zip(self.clauses, needs.of, strict=True))
            if not needed & missing and self._query(place).ask(document, WHOLE)
        ]

    def reached(self, window: Window) -> list[Clause] | None:
        """Return the clauses that hold, as ``held`` does; None once the threshold is out of reach.

        Clauses are asked in the order of what they cost, so that most texts that fall short are
        left before their sentences are looked for.
        """
        document, needs = columns_of(window), self.gate.needs
        missing = needs.missing(window.mask)
        open_places = [place for place in self.order if not needs.of[place] & missing]
        most = self.bias + sum(max(0.0, self.clauses[place].weight) for place in open_places)
        held: list[int] = []
        for place in open_places:
            weight = self.clauses[place].weight
            is_held = needs.absence[place] & missing or self._query(place).ask(document, WHOLE)
            if is_held:
                held.append(place)
            if bool(is_held) == (weight < 0):
                most -= abs(weight)
                if not self.gate.is_within(most):
                    return None
        return [self.clauses[place] for place in sorted(held)]

    def witnesses(self, window: Window, held: Sequence[Clause]) -> list[Mention]:
        """Return the mentions behind those of ``held`` that count for, the rest left out."""
        shown = Shown(columns_of(window))
        kept = set(map(id, held))
        for clause, query in zip(self.clauses, self.queries, strict=True):
            if clause.weight > 0 and id(clause) in kept:
                query.show(shown, WHOLE)
        return shown.all()

    def score(self, held: Sequence[Clause]) -> float:
        """Return the score, 0..1, of the clauses that hold."""
        return _logistic(self.bias + sum(c.weight for c in held))


def _scored(bias: float, clauses: tuple[Clause, ...], threshold: float, gate: Gate) -> Scored:
    """Put together what was pickled, without working the gate out anew."""
    scored = object.__new__(Scored)
    parts = {"bias": bias, "clauses": clauses, "threshold": threshold, "gate": gate}
    for name, value in (parts | {"_made": {}, "_order": [], "_bound": []}).items():
        object.__setattr__(scored, name, value)
    return scored


def _bar(threshold: float) -> float:
    """Return a sum below which no score reaches ``threshold``, however it is rounded."""
    odds = threshold / (1.0 - threshold) if threshold < 1.0 else math.inf
    return min(math.log(odds), _SURE) - _ROUNDING if odds > 0 else -math.inf


def _logistic(total: float) -> float:
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

    def prepare(self) -> None:
        """Put together what texts are asked: for a process that judges many."""
        self.scored.prepare_bound()
        for scored in (self.scored, self.partners, *self.activities.values()):
            if scored is not None:
                scored.prepare()
