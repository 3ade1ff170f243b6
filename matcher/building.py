"""From a query's tree to its nodes, once at load. Judging needs neither this nor the parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from lark import Token, Transformer, v_args
from lark.exceptions import VisitError

from matcher.phrases import pieces
from matcher.query import (
    ACTOR,
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
from matcher.syntax import Parsed, QueryError, at


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    def __init__(self, resolve: Callable[[str], int], named: Callable[[str], Node]) -> None:
        super().__init__()
        self._resolve = resolve
        self._named = named

    def any_of(self, *children: Node) -> Node:
        return children[0] if len(children) == 1 else AnyOf(children)

    def all_of(self, *children: Node) -> Node:
        return children[0] if len(children) == 1 else AllOf(children)

    def negate(self, child: Node) -> Node:
        return Not(child)

    def near(self, first: Node, *rest: Node | Token) -> Node:
        node = first
        for operator, right in zip(rest[::2], rest[1::2], strict=True):
            word = str(operator)
            distance = int(word.rsplit("/", 1)[1])
            node = Near(node, cast(Node, right), distance, not word.startswith("NEAR"))
        return node

    def sentence(self, child: Node) -> Node:
        return Within("SENTENCE", child)

    def paragraph(self, child: Node) -> Node:
        return Within("PARAGRAPH", child)

    def scope(self, name: Token, child: Node) -> Node:
        return Within(str(name), child)

    def at_least(self, operator: Token, child: Node) -> Node:
        name, count = operator.split("/")
        return Counted(name, child, int(count))

    def reference(self, token: Token) -> Node:
        name = str(token)
        if name == ACTOR:
            return Actor()
        return Candidate(name) if name in CANDIDATES else self._term(token)

    def phrase(self, token: Token) -> Node:
        """A phrase with a wildcard inside is its pieces, each directly behind the other."""
        try:
            sought = pieces(str(token))
            is_quoted = token.type == "STRING"
            node, *more = [Term(f'"{p}"' if is_quoted else p, self._resolve(p)) for p in sought]
        except ValueError as error:
            raise at(token, str(error)) from None
        whole: Node = node
        for term in more:
            whole = Near(whole, term, 0, is_ordered=True)
        return whole

    def definition(self, token: Token) -> Node:
        try:
            return self._named(str(token)[1:])
        except ValueError as error:
            raise at(token, str(error)) from None

    def _term(self, token: Token) -> Node:
        try:
            return Term(str(token), self._resolve(str(token)))
        except ValueError as error:
            raise at(token, str(error)) from None


def build(parsed: Parsed, resolve: Callable[[str], int], named: Callable[[str], Node]) -> Node:
    """Build the node of a query. ``resolve`` gives a term's mask, or raises ValueError.

    ``named`` gives the node that ``$name`` stands for, or raises ValueError.

    Raises QueryError with the place of a name that is not known.
    """
    try:
        return _Builder(resolve, named).transform(cast(Any, parsed.tree))
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
