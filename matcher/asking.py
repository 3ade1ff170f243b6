"""Queries asked of every window of a document at once.

A query becomes functions over sets of windows, so AND, OR and NOT over all sentences cost an
operation each. What counts or measures mentions (NEAR, ATLEAST) asks its node itself, in the
few windows where its parts are there. The nodes of matcher/query.py say what a query means;
the answers here are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matcher.bits import bits_of, numbers_of
from matcher.columns import FIXED, WHOLE, Columns
from matcher.query import (
    CANDIDATES,
    Actor,
    AllOf,
    AnyOf,
    Candidate,
    Counted,
    Near,
    Node,
    Not,
    Term,
    Within,
)
from matcher.scan import Mention


@dataclass(slots=True)
class Shown:
    """What makes queries hold, collected: masks by the windows in which they count."""

    document: Columns
    masks: dict[int, int] = field(default_factory=dict)
    mentions: list[Mention] = field(default_factory=list)

    def add(self, mask: int, windows: int) -> None:
        """Note the mentions of ``mask`` in those of ``windows`` that have one."""
        windows &= self.document.term(mask)
        if windows:
            self.masks[windows] = self.masks.get(windows, 0) | mask

    def all(self) -> list[Mention]:
        """Return the mentions, each once, in order of their starts."""
        pairs = self.masks.items()
        found = [m for windows, mask in pairs for m in self.document.mentions(mask, windows)]
        unique = {id(m): m for m in (*found, *self.mentions)}
        return sorted(unique.values(), key=lambda m: m.start)


Ask = Callable[[Columns, int], int]
"""Given a document and a set of its windows, returns those in which a query holds."""
Show = Callable[[Shown, int], None]
"""Notes the mentions that make a query hold in the windows given."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as functions over windows."""

    ask: Ask
    show: Show


def query_of(node: Node) -> Query:
    """Return ``node`` as functions over windows."""
    match node:
        case Term():
            return _term(node.mask)
        case Candidate():
            return _candidate(CANDIDATES.index(node.name))
        case Actor():
            return _counting(node, [_candidate(CANDIDATES.index("@it"))])
        case AllOf():
            return _all_of([query_of(child) for child in _cheapest_first(node.children)])
        case AnyOf():
            return _any_of(node.children)
        case Not():
            return _negation(query_of(node.child))
        case Within():
            return _within(node.name, query_of(node.child))
        case Near():
            return _counting(node, [query_of(node.left), query_of(node.right)])
        case Counted() if node.count > 0:
            return _counting(node, [query_of(node.child)])
        case _:
            return _counting(node, [])


def cost_of(node: Node) -> int:
    """Return what a query asks of a document: 0 its mentions, 1 its title, 2 its sentences."""
    inner = max((cost_of(part) for part in node.parts()), default=0)
    if isinstance(node, Within):
        return max(inner, 1 if node.name == "TITLE:" else 2)
    return inner


def _cheapest_first(nodes: Sequence[Node]) -> list[Node]:
    """Put bare terms in front: they cost least and fail often."""
    return sorted(nodes, key=lambda node: not isinstance(node, Term))


def _term(mask: int) -> Query:
    return Query(
        ask=lambda document, windows: document.naming(mask, windows),
        show=lambda shown, windows: shown.add(mask, windows),
    )


def _candidate(place: int) -> Query:
    return Query(
        ask=lambda document, windows: document.naming(document.candidate[place], windows),
        show=lambda shown, windows: shown.add(shown.document.candidate[place], windows),
    )


def _all_of(parts: Sequence[Query]) -> Query:
    asks = [part.ask for part in parts]

    def ask(document: Columns, windows: int) -> int:
        for part in asks:
            windows = part(document, windows)
            if not windows:
                return 0
        return windows

    def show(shown: Shown, windows: int) -> None:
        held = ask(shown.document, windows)
        if held:
            for part in parts:
                part.show(shown, held)

    return Query(ask, show)


def _any_of(nodes: Sequence[Node]) -> Query:
    merged = 0
    parts: list[Query] = []
    for node in nodes:
        if isinstance(node, Term):
            merged |= node.mask
        else:
            parts.append(query_of(node))
    if merged:
        parts.insert(0, _term(merged))
    if len(parts) == 1:
        return parts[0]
    asks = [part.ask for part in parts]

    def ask(document: Columns, windows: int) -> int:
        found = 0
        for part in asks:
            found |= part(document, windows & ~found)
            if found == windows:
                break
        return found

    def show(shown: Shown, windows: int) -> None:
        for part in parts:
            part.show(shown, windows)

    return Query(ask, show)


def _negation(part: Query) -> Query:
    asked = part.ask
    return Query(
        ask=lambda document, windows: windows & ~asked(document, windows),
        show=lambda _shown, _windows: None,  # absence shows nothing
    )


def _within(name: str, part: Query) -> Query:
    is_fixed = name in FIXED

    def ask(document: Columns, windows: int) -> int:
        found = part.ask(document, document.scope(name))
        if not found:
            return 0
        if is_fixed or windows == WHOLE:
            return windows
        return bits_of(i for i in numbers_of(windows) if found & document.inside(name, i))

    def show(shown: Shown, windows: int) -> None:
        inner = shown.document.scope(name)
        if not is_fixed and windows != WHOLE:
            inside = [shown.document.inside(name, i) for i in numbers_of(windows)]
            inner = 0
            for those in inside:
                inner |= those
        if windows:
            part.show(shown, inner)

    return Query(ask, show)


def _counting(node: Node, parts: Sequence[Query]) -> Query:
    """Ask the node itself, where its ``parts`` hold."""
    has_parts = _all_of(parts).ask

    def ask(document: Columns, windows: int) -> int:
        windows = has_parts(document, windows)
        if windows == WHOLE:
            return windows if node.holds(document.window(0)) else 0
        places = numbers_of(windows)
        return bits_of(i for i in places if node.holds(document.window(i)))

    def show(shown: Shown, windows: int) -> None:
        for place in numbers_of(has_parts(shown.document, windows)):
            shown.mentions += node.witnesses(shown.document.window(place))

    return Query(ask, show)
