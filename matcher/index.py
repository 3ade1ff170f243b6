"""Which rules can hold at all, told from the concepts that a text names.

As a percolator does: the terms that a rule cannot do without are indexed, so that a text is
asked only the rules of which it names one, however many rules there are. Of those, one whose
clauses cannot add up to its threshold is not asked either. Both need only a set of concepts
that holds all those mentioned, and more do no harm: it may come from a scan in which nothing
was resolved yet. What is answered never changes, only what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcher.bits import numbers_of
from matcher.query import AllOf, AnyOf, Counted, Near, Node, Not, Within

_FEW = 20  # concepts that are sooner asked one by one what they satisfy than the other way round


def needs(node: Node) -> tuple[int, ...]:
    """Return masks of each of which a text must mention a concept, else ``node`` cannot hold."""
    match node:
        case AllOf() | Near():
            return tuple(dict.fromkeys(mask for part in node.parts() for mask in needs(part)))
        case AnyOf():
            return _either([needs(part) for part in node.parts()])
        case Within() | Counted():
            return needs(node.child)
        case Not():
            return ()
        case _:
            mask = node.required()
            return () if mask is None else (mask,)


def _either(choices: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """One need of each part, joined, is a need of the whole: all the first, all the second."""
    joined: list[int] = []
    for masks in zip(*choices, strict=False):
        union = 0
        for mask in masks:
            union |= mask
        joined.append(union)
    return tuple(dict.fromkeys(joined))


class Needs:
    """Many queries' needs, so arranged that each different mask is looked at once a text."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._bits: dict[int, int] = {}  # mask -> bit
        self.of = [self._joined(needs(node)) for node in nodes]  # a set of bits for each node
        self.absence = [self._absence(node) for node in nodes]
        self._masks = list(self._bits.items())
        self._all = (1 << len(self._masks)) - 1
        self._of_concept: dict[int, int] = {}  # the bits that a concept alone satisfies
        for wanted, bit in self._masks:
            for concept in numbers_of(wanted):
                self._of_concept[concept] = self._of_concept.get(concept, 0) | bit
        self._concerned = 0
        for wanted, _ in self._masks:
            self._concerned |= wanted

    def _joined(self, masks: Sequence[int]) -> int:
        bits = 0
        for mask in masks:
            bits |= self._bits.setdefault(mask, 1 << len(self._bits))
        return bits

    def _absence(self, node: Node) -> int:
        """The bits of which one must be missing for ``node`` to be sure to hold; 0 for no way."""
        return self._joined(needs(node.child)) if isinstance(node, Not) else 0

    def missing(self, mask: int) -> int:
        """Return the bits of what a text with the concepts of ``mask`` does not mention."""
        concerned = mask & self._concerned
        if concerned.bit_count() < _FEW:  # as most texts have it
            there = 0
            while concerned:
                concept = concerned.bit_length() - 1
                concerned ^= 1 << concept
                there |= self._of_concept[concept]
            return self._all ^ there
        found = 0
        for wanted, bit in self._masks:
            if not mask & wanted:
                found |= bit
        return found


class RuleIndex:
    """Finds the rules of which a text mentions what they require."""

    def __init__(self, requirements: Sequence[Node]) -> None:
        self.needs = [_smallest_first(needs(node)) for node in requirements]
        self._rules: dict[int, set[int]] = {}  # concept -> rules that could be due to it
        self._anchors = 0
        for number, masks in enumerate(self.needs):
            anchor = masks[0] if masks else 0  # the checks at load refuse a rule without one
            self._anchors |= anchor
            while anchor:
                concept = anchor.bit_length() - 1
                self._rules.setdefault(concept, set()).add(number)
                anchor ^= 1 << concept

    def candidates(self, mask: int) -> list[int]:
        """Return the numbers of the rules that may hold, in order, given concepts mentioned."""
        found: set[int] = set()
        rest = mask & self._anchors
        while rest:
            concept = rest.bit_length() - 1
            rest ^= 1 << concept
            found |= self._rules[concept]
        return sorted(number for number in found if self._has_all(number, mask))

    def _has_all(self, number: int, mask: int) -> bool:
        for wanted in self.needs[number]:  # noqa: SIM110 - all() would make a generator a rule
            if not mask & wanted:
                return False
        return True


def _smallest_first(masks: Sequence[int]) -> list[int]:
    return sorted(masks, key=int.bit_count)
