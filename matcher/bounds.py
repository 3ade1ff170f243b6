"""What a query can come to at most, told from mentions of which some may not count.

Resolving leaves mentions out and never adds one. A query without NOT that does not hold with
all of them does not hold with fewer, so that most texts are left before anything is resolved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from matcher.asking import Ask, query_of
from matcher.columns import Columns
from matcher.proximity import is_near
from matcher.query import AllOf, AnyOf, Counted, Near, Node, Not, Term, Within


class Bound:
    """The clauses of a rule that mentions not yet resolved may settle against it."""

    def __init__(self, clauses: Iterable[tuple[int, Node, float]]) -> None:
        """``clauses``: their places, queries and weights, in the order in which to ask."""
        self.concepts = 0  # that any clause asks for
        # Places, what the sum loses and queries: where one does not hold, a clause for does not
        # hold either, or one against that starts with NOT does.
        self.asked: list[tuple[int, float, Ask]] = []
        for place, when, weight in clauses:
            self.concepts |= concepts_of(when)
            is_absence = isinstance(when, Not)
            bound = loosened(when.child if isinstance(when, Not) else when)
            if bound is not None and is_absence == (weight < 0):
                self.asked.append((place, abs(weight), _query_of(bound)))


def _query_of(bound: Node) -> Ask:
    """Return what asks a document for a bound; soonest where it asks for bare terms alone."""
    if isinstance(bound, Counted) and bound.name == "SEVERAL" and _is_bare(bound.child):
        return _several(concepts_of(bound), bound.count)
    if isinstance(bound, Near) and _is_bare(bound.left) and _is_bare(bound.right):
        return _near(bound, concepts_of(bound.left), concepts_of(bound.right))
    return query_of(bound).ask


def _several(mask: int, count: int) -> Ask:
    def ask(document: Columns, windows: int) -> int:
        return windows if len(document.reading.whole.naming(mask)) >= count else 0

    return ask


def _near(node: Near, left: int, right: int) -> Ask:
    def ask(document: Columns, windows: int) -> int:
        whole = document.reading.whole
        lefts, rights = whole.naming(left), whole.naming(right)
        data = whole.reading.text.data
        is_held = is_near(lefts, rights, data, node.distance, is_ordered=node.is_ordered)
        return windows if is_held else 0

    return ask


def _is_bare(node: Node) -> bool:
    return isinstance(node, Term) or (isinstance(node, AnyOf) and all(map(_is_bare, node.children)))


def loosened(node: Node) -> Node | None:
    """Return a query that holds where ``node`` does when some of the mentions are left out.

    None where there is none, or where it would ask for sentences: these are sought last.
    """
    parts = [loosened(part) for part in node.parts()]
    inner = [part for part in parts if part is not None]
    if len(inner) < len(parts):
        return None
    match node:
        case AllOf() | AnyOf():
            return type(node)(tuple(inner))
        case Near():
            return replace(node, left=inner[0], right=inner[1])
        case Counted(name="ATLEAST"):
            # It counts what overlaps as one, and more when the longer of two is left out.
            return replace(node, name="SEVERAL", child=inner[0])
        case Counted():
            return replace(node, child=inner[0])
        case Within():
            return replace(node, child=inner[0]) if node.name == "TITLE:" else None
        case Not():
            return None
        case _:
            return node


def concepts_of(node: Node) -> int:
    """Return the concepts that a query asks for anywhere."""
    mask = node.mask if isinstance(node, Term) else 0
    for part in node.parts():
        mask |= concepts_of(part)
    return mask
