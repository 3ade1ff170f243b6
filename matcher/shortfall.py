"""What kept a rule from holding: the sum, what it lacked, and what would have carried it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matcher.account import Account, Accountant, Lack, missing
from matcher.judge import RuleReading
from matcher.reading import Window
from matcher.rules import Clause, Scored

CLOSE = 1.5  # a sum that falls short by less came close: one good clause of a learnt rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A clause that would have added ``gain``, and what of it was missing."""

    clause: Clause
    gain: float
    lacks: tuple[Lack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """How far a rule is from its threshold. Sums are those under the logistic function."""

    total: float
    needed: float
    require: Account
    steps: tuple[Step, ...]  # each alone carries it over, the nearest to holding first
    together: tuple[Step, ...]  # when none does alone: the fewest that do together
    against: tuple[Clause, ...]  # held, and without one of them the rule would hold

    @property
    def is_close(self) -> bool:
        """Whether the weights nearly sufficed."""
        return self.needed - self.total < CLOSE


def needed_for(threshold: float) -> float:
    """Return the sum that gives a score of ``threshold``."""
    return math.log(threshold / (1.0 - threshold))


def total_of(scored: Scored, held: Sequence[Clause]) -> float:
    """Return bias and weights of what held."""
    return scored.bias + sum(clause.weight for clause in held)


def shortfall(taken: RuleReading, window: Window) -> Shortfall:
    """Say why a rule that does not match does not."""
    rule = taken.rule
    accountant = Accountant(rule.definitions)
    total, needed = total_of(rule.scored, taken.held), needed_for(rule.scored.threshold)
    held = set(map(id, taken.held))
    open_steps = [
        Step(
            clause=clause,
            gain=abs(clause.weight),
            lacks=missing(accountant.account(clause.when, window)),
        )
        for clause in rule.scored.clauses
        if clause.weight > 0 and id(clause) not in held
    ]
    open_steps.sort(key=lambda step: (len(step.lacks), -step.gain))
    gap = needed - total
    alone = tuple(step for step in open_steps if step.gain >= gap)
    return Shortfall(
        total=total,
        needed=needed,
        require=accountant.account(rule.require, window),
        steps=alone,
        together=() if alone else _fewest(open_steps, gap),
        against=tuple(c for c in taken.held if c.weight < 0 and -c.weight >= gap),
    )


def _fewest(steps: Sequence[Step], gap: float) -> tuple[Step, ...]:
    """Return the heaviest steps that close the gap; none when all together do not."""
    chosen: list[Step] = []
    for step in sorted(steps, key=lambda step: -step.gain):
        if gap <= 0:
            break
        chosen.append(step)
        gap -= step.gain
    return tuple(chosen) if gap <= 0 else ()
