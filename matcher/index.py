"""Which rules can hold at all, told from the concepts that a text names.

As a percolator does: the terms that a rule cannot do without are indexed, so that a text is
asked only the rules of which it names one, however many rules there are. Of those, one whose
clauses cannot add up to its threshold is not asked either. Both need only a set of concepts
that holds all those mentioned, and more do no harm: it may come from a scan in which nothing
was resolved yet. What is answered never changes, only what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcher.bits import bits_of, numbers_of
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
        self.masks = list(self._bits.items())
        self._all = (1 << len(self.masks)) - 1
        self._of_concept: dict[int, int] = {}  # the bits that a concept alone satisfies
        for wanted, bit in self.masks:
            for concept in numbers_of(wanted):
                self._of_concept[concept] = self._of_concept.get(concept, 0) | bit
        self._concerned = 0
        for wanted, _ in self.masks:
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
        for wanted, bit in self.masks:
            if not mask & wanted:
                found |= bit
        return found


class RuleIndex:
    """Finds the rules of which a text mentions what they cannot do without."""

    def __init__(self, requirements: Sequence[Node], more: Sequence[Sequence[int]] = ()) -> None:
        """``more``: for each rule, masks that it needs besides those of its requirement."""
        self.needs = [_smallest_first(needs(node)) for node in requirements]
        # The checks at load refuse a rule that requires nothing: such a one is never found.
        rows = [list(masks) or [0] for masks in self.needs]
        for row, masks in zip(rows, more, strict=False):
            row[:] = _smallest_first({*row, *masks})
        self._rest = [row[2:] for row in rows]
        self._first = _Asked([row[0] for row in rows])
        self._second = _Asked([row[1] if len(row) > 1 else None for row in rows])

    def candidates(self, mask: int) -> list[int]:
        """Return the numbers of the rules that may hold, in order, given concepts mentioned."""
        found = self._first.satisfied(mask)
        if found:
            found &= self._second.satisfied(mask)
        return [number for number in numbers_of(found) if self._has_rest(number, mask)]

    def _has_rest(self, number: int, mask: int) -> bool:
        for wanted in self._rest[number]:  # noqa: SIM110 - all() would make a generator a rule
            if not mask & wanted:
                return False
        return True


class _Asked:
    """One need of each rule: all rules are told at once whether a text satisfies it."""

    def __init__(self, masks: Sequence[int | None]) -> None:
        """``masks``: by rule; None for a rule that has no such need."""
        self._rules: dict[int, int] = {}  # concept -> a bit for each rule that it satisfies
        self._always = bits_of(number for number, mask in enumerate(masks) if mask is None)
        self._concerned = 0
        self._single = (masks[0] or 0) if len(masks) == 1 and masks[0] is not None else None
        for number, mask in enumerate(masks):
            self._concerned |= mask or 0
            for concept in numbers_of(mask or 0):
                self._rules[concept] = self._rules.get(concept, 0) | 1 << number

    def satisfied(self, mask: int) -> int:
        """Return a bit for each rule whose need a text with the concepts of ``mask`` satisfies."""
        if self._single is not None:
            return int(bool(mask & self._single))
        found = self._always
        rest = mask & self._concerned
        while rest:
            concept = rest.bit_length() - 1
            rest ^= 1 << concept
            found |= self._rules[concept]
        return found


def _smallest_first(masks: Iterable[int]) -> list[int]:
    return sorted(masks, key=int.bit_count)
