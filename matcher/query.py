"""The query language: parsed once at load, asked of every document that could match.

A query is a tree of nodes. ``holds`` asks it of a window; ``witnesses`` returns the
mentions that make it hold, for the evidence. A node works on bit masks of concepts, so
that asking costs a few integer operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from lark import Token, Transformer, v_args
from lark.exceptions import VisitError

from matcher.phrases import pieces
from matcher.proximity import near
from matcher.reading import Window
from matcher.scan import Mention
from matcher.syntax import Parsed, QueryError, at
from matcher.text import match_form

CANDIDATES = ("@it", "@its", "@other")
ACTOR = "@actor"
# Before a country these make it the place of something: « en Syrie », in Mali, في ليبيا, بليبيا.
_WHERE = frozenset(match_form(w) for w in "en au aux dans in at from في".split(" "))
_WHERE_GLUED = frozenset(match_form(w) for w in ("ب", "وب"))


class Node(Protocol):
    """A part of a query."""

    def holds(self, window: Window) -> bool:
        """Whether the query holds in ``window``."""

    def witnesses(self, window: Window) -> list[Mention]:
        """Return the mentions that make it hold; empty when it does not."""

    def required(self) -> int | None:
        """Return a mask of which a document must mention one; None when there is none."""

    def parts(self) -> Sequence[Node]:
        """Return the node's children."""

    def __str__(self) -> str:
        """Return the query as text."""


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase, entity, class or family: any of the concepts in ``mask``."""

    name: str
    mask: int

    def holds(self, window: Window) -> bool:
        return bool(window.mask & self.mask)

    def witnesses(self, window: Window) -> list[Mention]:
        mask = self.mask
        return [m for m in window.mentions if mask >> m.concept & 1]

    def required(self) -> int | None:
        return self.mask

    def parts(self) -> Sequence[Node]:
        return ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Nothing:
    """Stands for a query that could not be read, so that the rest of its file is checked."""

    def holds(self, window: Window) -> bool:  # noqa: ARG002 - never holds
        return False

    def witnesses(self, window: Window) -> list[Mention]:  # noqa: ARG002
        return []

    def required(self) -> int | None:
        return 0

    def parts(self) -> Sequence[Node]:
        return ()

    def __str__(self) -> str:
        return "nothing"


@dataclass(frozen=True, slots=True)
class Candidate:
    """``@it``: the candidate asked about; ``@its``: its organisations and people.

    ``@other``: the other foreign countries.
    """

    name: str

    def _mask(self, window: Window) -> int:
        return window.candidate[CANDIDATES.index(self.name)]

    def holds(self, window: Window) -> bool:
        return bool(window.mask & self._mask(window))

    def witnesses(self, window: Window) -> list[Mention]:
        mask = self._mask(window)
        return [m for m in window.mentions if mask >> m.concept & 1]

    def required(self) -> int | None:
        return None

    def parts(self) -> Sequence[Node]:
        return ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Actor:
    """``@actor``: the candidate asked about, where no preposition makes it a mere place."""

    name: str = ACTOR

    def holds(self, window: Window) -> bool:
        return bool(window.mask & window.candidate[0]) and bool(self.witnesses(window))

    def witnesses(self, window: Window) -> list[Mention]:
        mask, data = window.candidate[0], window.reading.text.data
        return [m for m in window.mentions if mask >> m.concept & 1 and not _is_where(data, m)]

    def required(self) -> int | None:
        return None

    def parts(self) -> Sequence[Node]:
        return ()

    def __str__(self) -> str:
        return self.name


def _is_where(data: bytes, mention: Mention) -> bool:
    before = data[max(0, mention.start - 12) : mention.start].split(b" ")
    glued = data[mention.start : mention.start + mention.glued]
    return glued in _WHERE_GLUED or (len(before) > 1 and before[-2] in _WHERE)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    children: tuple[Node, ...]

    def holds(self, window: Window) -> bool:
        return all(child.holds(window) for child in self.children)

    def witnesses(self, window: Window) -> list[Mention]:
        if not self.holds(window):
            return []
        return [m for child in self.children for m in child.witnesses(window)]

    def required(self) -> int | None:
        masks = [m for m in (child.required() for child in self.children) if m is not None]
        return min(masks, key=lambda mask: mask.bit_count(), default=None)

    def parts(self) -> Sequence[Node]:
        return self.children

    def __str__(self) -> str:
        return "(" + " AND ".join(map(str, self.children)) + ")"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    children: tuple[Node, ...]

    def holds(self, window: Window) -> bool:
        return any(child.holds(window) for child in self.children)

    def witnesses(self, window: Window) -> list[Mention]:
        return [m for child in self.children for m in child.witnesses(window)]

    def required(self) -> int | None:
        union = 0
        for child in self.children:
            mask = child.required()
            if mask is None:
                return None
            union |= mask
        return union

    def parts(self) -> Sequence[Node]:
        return self.children

    def __str__(self) -> str:
        return "(" + " OR ".join(map(str, self.children)) + ")"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    child: Node

    def holds(self, window: Window) -> bool:
        return not self.child.holds(window)

    def witnesses(self, window: Window) -> list[Mention]:  # noqa: ARG002 - absence shows nothing
        return []

    def required(self) -> int | None:
        return None

    def parts(self) -> Sequence[Node]:
        return (self.child,)

    def __str__(self) -> str:
        return f"NOT {self.child}"


@dataclass(frozen=True, slots=True)
class Near:
    """Two parts within ``distance`` words of each other, neither inside the other."""

    left: Node
    right: Node
    distance: int
    is_ordered: bool

    def holds(self, window: Window) -> bool:
        return bool(self.witnesses(window))

    def witnesses(self, window: Window) -> list[Mention]:
        return near(
            self.left.witnesses(window),
            self.right.witnesses(window),
            window.reading.text.data,
            self.distance,
            is_ordered=self.is_ordered,
        )

    def required(self) -> int | None:
        masks = [m for m in (self.left.required(), self.right.required()) if m is not None]
        return min(masks, key=lambda mask: mask.bit_count(), default=None)

    def parts(self) -> Sequence[Node]:
        return (self.left, self.right)

    def __str__(self) -> str:
        operator = "BEFORE" if self.is_ordered else "NEAR"
        return f"({self.left} {operator}/{self.distance} {self.right})"


@dataclass(frozen=True, slots=True)
class Within:
    """The part holds inside one sentence, one paragraph, the title, the lead or the text."""

    name: str
    windows: Callable[[Window], Sequence[Window]]
    child: Node

    def holds(self, window: Window) -> bool:
        return any(self.child.holds(w) for w in self._inner(window))

    def witnesses(self, window: Window) -> list[Mention]:
        return [m for w in self._inner(window) for m in self.child.witnesses(w)]

    def _inner(self, window: Window) -> Iterator[Window]:
        for inner in self.windows(window):
            yield replace(inner, candidate=window.candidate) if any(window.candidate) else inner

    def required(self) -> int | None:
        return self.child.required()

    def parts(self) -> Sequence[Node]:
        return (self.child,)

    def __str__(self) -> str:
        if self.name.endswith(":"):
            return f"{self.name}{self.child}"
        inner = str(self.child)
        return f"{self.name}{inner}" if inner.startswith("(") else f"{self.name}({inner})"


def _separate(mentions: Sequence[Mention]) -> int:
    """Count mentions that do not overlap."""
    end = -1
    seen = 0
    for mention in sorted(mentions, key=lambda m: m.start):
        if mention.start >= end:
            seen += 1
            end = mention.end
    return seen


def _different(mentions: Sequence[Mention]) -> int:
    """Count different concepts, however often each is mentioned."""
    return len({m.concept for m in mentions})


_TALLIES: dict[str, Callable[[Sequence[Mention]], int]] = {
    "ATLEAST": _separate,
    "DISTINCT": _different,
}


@dataclass(frozen=True, slots=True)
class Counted:
    """At least ``count`` mentions of the part: separate ones, or of different concepts."""

    name: str  # a key of _TALLIES
    child: Node
    count: int

    def tally(self, window: Window) -> int:
        """Return how many there are."""
        return _TALLIES[self.name](self.child.witnesses(window))

    def holds(self, window: Window) -> bool:
        return self.tally(window) >= self.count

    def witnesses(self, window: Window) -> list[Mention]:
        return self.child.witnesses(window) if self.holds(window) else []

    def required(self) -> int | None:
        return self.child.required()

    def parts(self) -> Sequence[Node]:
        return (self.child,)

    def __str__(self) -> str:
        return f"{self.name}/{self.count}({self.child})"


_SCOPES: dict[str, Callable[[Window], Sequence[Window]]] = {
    "SENTENCE": lambda w: _inside(w, w.reading.by_sentence),
    "PARAGRAPH": lambda w: _inside(w, w.reading.by_paragraph),
    "TITLE:": lambda w: (w.reading.title,),
    "LEAD:": lambda w: (w.reading.lead,),
    "HEAD:": lambda w: (w.reading.head,),
    "OPENING:": lambda w: (w.reading.opening,),
    "TEXT:": lambda w: (w.reading.body,),
}


def _inside(outer: Window, inner: Sequence[Window]) -> Sequence[Window]:
    """Keep those of ``inner`` that lie in ``outer``, so that scopes nest."""
    if outer is outer.reading.whole or len(outer.mentions) == len(outer.reading.mentions):
        return inner
    held = set(map(id, outer.mentions))
    return [w for w in inner if all(id(m) in held for m in w.mentions)]


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
        return Within("SENTENCE", _SCOPES["SENTENCE"], child)

    def paragraph(self, child: Node) -> Node:
        return Within("PARAGRAPH", _SCOPES["PARAGRAPH"], child)

    def scope(self, name: Token, child: Node) -> Node:
        return Within(str(name), _SCOPES[str(name)], child)

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
