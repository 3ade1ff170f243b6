"""Why a hit is one: the explanation of ``marsad match --explain`` as a tree for the page.

The rules live in another process, which is started when somebody asks and ends when nobody
does: the page itself stays small.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from domain.article import Document
from domain.errors import MatchError

if TYPE_CHECKING:
    from rich.tree import Tree

    from matcher.judge import Explanation

P = ParamSpec("P")
R = TypeVar("R")
_IDLE = 120.0  # seconds after which rules that nobody asks are put away


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One line of an explanation and what lies below it."""

    pieces: tuple[tuple[str, str], ...]  # (text, how it is shown: green, red, dim, ... or "")
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """How the rules read a document: each rule as a tree, and the clauses that words prove."""

    trees: tuple[Branch, ...]
    clauses: tuple[ProvenClause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenClause:
    """A clause that holds, and where its words stand in the document."""

    rule: str
    name: str
    weight: float
    places: tuple[tuple[str, int, int], ...]  # (field, start, end), in code points


class Pool(Protocol):
    """Worker processes that hold the rules; see ``marsad.workers``."""

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a worker."""

    def close(self) -> None:
        """End the workers."""


class Rules:
    """Explains in worker processes of its own, started on the first question."""

    def __init__(self, start: Callable[[], Pool]) -> None:
        self._start = start
        self._pool: Pool | None = None
        self._asking = 0
        self._is_wanted = False  # somebody asked for an explanation, and may ask for more
        self._end: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def explain(self, document: Document) -> Explained:
        """Return how each rule reads ``document``."""
        self._is_wanted = True
        return await self._call(explain, document)

    async def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return the lexicon's words: id, then language."""
        return await self._call(labels)

    async def close(self) -> None:
        """End the workers."""
        if self._end is not None:
            self._end.cancel()
        self._put_away()
        if self._closing is not None:
            await self._closing

    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._end is not None:
            self._end.cancel()
        if self._pool is None:
            self._pool = self._start()
        self._asking += 1
        try:
            return await self._pool.call(function, *args, **kwargs)
        except BrokenExecutor as error:
            self._pool = None
            raise MatchError("the rules' process ended; ask again") from error
        finally:
            self._asking -= 1
            if not self._asking:
                wait = _IDLE if self._is_wanted else 0
                self._end = asyncio.get_running_loop().call_later(wait, self._put_away)

    def _put_away(self) -> None:
        pool, self._pool = self._pool, None  # at once: whoever asks now starts another
        self._is_wanted = False
        if pool is not None:
            self._closing = asyncio.create_task(asyncio.to_thread(pool.close))


def explain(document: Document) -> Explained:
    """Judge ``document`` and explain every rule. Runs in a worker process."""
    from marsad.commands.explaining import rule_trees  # noqa: PLC0415 - Rich, in the worker only
    from marsad.judging import loaded  # noqa: PLC0415

    explanation = loaded().explain(document)
    return Explained(
        trees=tuple(map(_branch, rule_trees(explanation))),
        clauses=tuple(_proven(explanation)),
    )


def _proven(explanation: Explanation) -> Iterator[ProvenClause]:
    reading = explanation.reading
    for taken in explanation.rules:
        for clause in taken.held:
            yield ProvenClause(
                rule=taken.rule.id,
                name=clause.name,
                weight=clause.weight,
                places=tuple(map(reading.place, clause.when.witnesses(reading.whole))),
            )


def labels() -> dict[str, dict[str, str]]:
    """Return the lexicon's words: id, then language. Runs in a worker process."""
    from marsad.judging import loaded  # noqa: PLC0415

    entities = loaded().concepts.lexicon.entities.values()
    return {entity.id: dict(entity.label) for entity in entities if entity.label}


def _branch(tree: Tree) -> Branch:
    below = tuple(_branch(child) for child in tree.children)
    return Branch(pieces=_pieces(tree.label), branches=below)


def _pieces(text: Any) -> tuple[tuple[str, str], ...]:
    """Cut a line of Rich where its style changes."""
    plain: str = text.plain
    edges = {0, len(plain), *(edge for span in text.spans for edge in (span.start, span.end))}
    places = sorted(edge for edge in edges if 0 <= edge <= len(plain))
    pieces = []
    for start, end in pairwise(places):
        styles = [str(span.style) for span in text.spans if span.start <= start < span.end]
        pieces.append((plain[start:end], styles[-1] if styles else str(text.style)))
    return tuple(pieces)
