"""What a query can come to at most, told from mentions of which some may not count.

Resolving leaves mentions out and never adds one. A query without NOT that does not hold with
all of them does not hold with fewer, so that most texts are left before anything is resolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from matcher.asking import Query, query_of
from matcher.query import AllOf, AnyOf, Counted, Near, Node, Not, Term, Within
from matcher.reading import Window
from matcher.scan import Mention


@dataclass(frozen=True, slots=True)
class Several:
    """At least ``count`` mentions of the part, those that overlap counted each.

    ATLEAST counts them as one, and may count more when the longer of two is left out.
    """

    child: Node
    count: int

    def holds(self, window: Window) -> bool:
        return len({id(m) for m in self.child.witnesses(window)}) >= self.count

    def witnesses(self, window: Window) -> list[Mention]:
        return self.child.witnesses(window) if self.holds(window) else []

    def required(self) -> int | None:
        return self.child.required()

    def parts(self) -> Sequence[Node]:
        return (self.child,)

    def __str__(self) -> str:
        return f"SEVERAL/{self.count}({self.child})"


class Bound:
    """The clauses of a rule that mentions not yet resolved may settle against it."""

    def __init__(self, clauses: Iterable[tuple[int, Node, float]]) -> None:
        """``clauses``: their places, queries and weights, in the order in which to ask."""
        self.concepts = 0  # that any clause asks for
        # Places, what the sum loses and queries: where one does not hold, a clause for does not
        # hold either, or one against that starts with NOT does.
        self.asked: list[tuple[int, float, Query]] = []
        for place, when, weight in clauses:
            self.concepts |= concepts_of(when)
            is_absence = isinstance(when, Not)
            query = loosened(when.child if isinstance(when, Not) else when)
            if query is not None and is_absence == (weight < 0):
                self.asked.append((place, abs(weight), query_of(query)))


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
            return Several(inner[0], node.count)
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
