"""What a rule may not mean: to match everything, nothing, or whatever its weights say.

The checks are on compiled queries. They are sure of what they refuse, and do not find
every query that is constant: that would cost more than it tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

from matcher.query import Actor, AllOf, AnyOf, Candidate, Node, Not, Nothing
from matcher.rules import Scored
from matcher.yamlnodes import Reader

_MOST_ATOMS = 8  # parts of a query whose every combination is tried


def check_require(reader: Reader, node: Node) -> None:
    """Record a requirement that holds on every document, on none, or asks of no document."""
    if _asks_candidate(node):
        reader.fault(
            "@it and @its stand for a possible partner: they are asked under partners only"
        )
    elif node.required() is None or _constant(node) is True:
        reader.fault("holds on every document: require at least one term outside NOT")
    elif _constant(node) is False:
        reader.fault("can never hold: it asks for a thing and for its absence")


def check_clause(reader: Reader, node: Node, *, may_ask_candidate: bool) -> None:
    """Record a clause that always or never holds, or asks for a partner where there is none."""
    if _asks_candidate(node) and not may_ask_candidate:
        reader.fault(
            "@it and @its stand for a possible partner: they are asked under partners only"
        )
    constant = _constant(node)
    if constant is True:
        reader.fault("always holds: what it adds belongs into bias")
    elif constant is False:
        reader.fault("can never hold: it asks for a thing and for its absence")


def check_reach(reader: Reader, scored: Scored) -> None:
    """Record a rule whose weights cannot reach its threshold, whatever a text says."""
    if not 0 < scored.threshold < 1:
        return
    most = scored.bias + sum(c.weight for c in scored.clauses if c.weight > 0)
    needed = math.log(scored.threshold / (1 - scored.threshold))
    if most < needed and scored.clauses:
        reader.fault(
            f"can never match: bias and all weights for it add up to {most:+.2f}, "
            f"and the threshold {scored.threshold:g} takes {needed:+.2f}"
        )


def _asks_candidate(node: Node) -> bool:
    return isinstance(node, Candidate | Actor) or any(map(_asks_candidate, node.parts()))


def _constant(node: Node) -> bool | None:
    """Return what a query says whatever a text says; None when that depends on the text.

    Only a query that holds a part both plain and under NOT can be constant.
    """
    plain: dict[Node, None] = {}
    negated: dict[Node, None] = {}
    for atom, is_plain in _atoms(node, is_plain=True):
        (plain if is_plain else negated)[atom] = None
    if not plain.keys() & negated.keys():
        return None
    atoms = list(plain | negated)
    if len(atoms) > _MOST_ATOMS:
        return None
    answers = {
        _says(node, dict(zip(atoms, truth, strict=True)))
        for truth in product((False, True), repeat=len(atoms))
    }
    return answers.pop() if len(answers) == 1 else None


def _atoms(node: Node, *, is_plain: bool) -> Iterator[tuple[Node, bool]]:
    """Yield the parts between which AND, OR and NOT stand, and whether NOT stands before."""
    if isinstance(node, AllOf | AnyOf):
        for child in node.children:
            yield from _atoms(child, is_plain=is_plain)
    elif isinstance(node, Not):
        yield from _atoms(node.child, is_plain=not is_plain)
    elif not isinstance(node, Nothing):
        yield node, is_plain


def _says(node: Node, truth: dict[Node, bool]) -> bool:
    if isinstance(node, AllOf):
        return all(_says(child, truth) for child in node.children)
    if isinstance(node, AnyOf):
        return any(_says(child, truth) for child in node.children)
    if isinstance(node, Not):
        return not _says(node.child, truth)
    return truth.get(node, False)
