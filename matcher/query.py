"""The query language: parsed once at load, asked of every document that could match.

A query is a tree of nodes. ``holds`` asks it of a window; ``witnesses`` returns the
mentions that make it hold, for the evidence. A node works on bit masks of concepts, so
that asking costs a few integer operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from matcher.proximity import is_near, near
from matcher.reading import Window, within
from matcher.scan import Mention
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
        return window.naming(self.mask)

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
        return window.naming(self._mask(window))

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
        data = window.reading.text.data
        return [m for m in window.naming(window.candidate[0]) if not _is_where(data, m)]

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
        return is_near(
            self.left.witnesses(window),
            self.right.witnesses(window),
            window.reading.text.data,
            self.distance,
            is_ordered=self.is_ordered,
        )

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

    name: str  # a key of _SCOPES
    child: Node

    def windows(self, window: Window) -> Sequence[Window]:
        """Return the windows of the scope that lie in ``window``."""
        return _SCOPES[self.name](window)

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


def _each(mentions: Sequence[Mention]) -> int:
    """Count mentions, those that overlap each."""
    return len({id(m) for m in mentions})


_TALLIES: dict[str, Callable[[Sequence[Mention]], int]] = {
    "ATLEAST": _separate,
    "DISTINCT": _different,
    "SEVERAL": _each,  # no rule can write it: what ATLEAST comes to at most, see matcher/bounds.py
}


@dataclass(frozen=True, slots=True)
class Counted:
    """At least ``count`` mentions of the part: separate ones, of different concepts, or each."""

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
    inside = within(outer, inner)
    return inner[inside.start : inside.stop]
