"""The definitions of a rule file: ``$name`` stands for a query, which may name others.

Circles, and towers that would grow beyond measure when opened, are found on the names
alone, before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from matcher.building import build
from matcher.query import Node
from matcher.syntax import DEEPEST, LARGEST, Parsed, QueryError
from matcher.written import parse_at, record, unknown_definitions
from matcher.yamlnodes import Reader

_NAME = re.compile(r"[^\W_][\w-]*\Z")


class Definitions:
    """Parsed definitions by name. What is broken is recorded and left out."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self.readers = dict(readers)
        self.parsed: dict[str, Parsed] = {}
        self.built: dict[str, Node] = {}  # filled by build
        self._sizes: dict[str, tuple[int, int]] = {}  # levels and parts, all opened; inner first
        for name, reader in self.readers.items():
            if not _NAME.match(name):
                reader.fault(f"{name!r} is no name: letters, digits, - and _")
            parsed = parse_at(reader)
            if parsed is not None and not unknown_definitions(reader, parsed, self.readers):
                self.parsed[name] = parsed
        self._drop_circles()
        self._measure()

    def is_sound(self, reader: Reader, parsed: Parsed) -> bool:
        """Whether a query's definitions can be opened; unknown ones and towers are recorded."""
        if unknown_definitions(reader, parsed, self.readers):
            return False
        if any(str(token)[1:] not in self._sizes for token in parsed.definitions):
            return False  # told where the definition stands
        return _fits(reader, *self._opened(parsed))

    def build(self, resolve: Callable[[str], int], broken: Collection[str]) -> None:
        """Build what is sound, from the inside out; ``broken`` have a name that is not known."""
        for name in self._sizes:
            inner = self._names_in(name)
            if name in broken or not all(i in self.built for i in inner):
                continue
            with suppress(QueryError):  # a phrase that cannot be sought: told where it stands
                self.built[name] = build(self.parsed[name], resolve, self.built.__getitem__)

    def _names_in(self, name: str) -> list[str]:
        return [str(token)[1:] for token in self.parsed[name].definitions]

    def _drop_circles(self) -> None:
        """Record each circle once, at the definition that stands first in the file."""
        done: set[str] = set()
        for name in list(self.parsed):
            circle = self._circle(name, done)
            if circle:
                path = " -> ".join(f"${n}" for n in circle)
                token = next(t for t in self.parsed[name].definitions if str(t)[1:] == circle[1])
                message = f"definitions go in a circle: {path}"
                record(self.readers[name], QueryError(message, token.line or 1, token.column or 1))
                done |= set(circle)
        for name in done:
            self.parsed.pop(name, None)

    def _circle(self, start: str, ignored: set[str]) -> list[str]:
        """Return the names from ``start`` back to it, by the shortest way; empty if none."""
        came_from: dict[str, str] = {}
        pending = [start]
        for current in pending:
            if current in ignored or current not in self.parsed:
                continue
            for inner in self._names_in(current):
                if inner == start:
                    back, name = [start], current
                    while name != start:
                        back.append(name)
                        name = came_from[name]
                    return [start, *reversed(back[1:]), start]
                if inner not in came_from:
                    came_from[inner] = current
                    pending.append(inner)
        return []

    def _measure(self) -> None:
        """Measure definitions from the inside out; drop those that are beyond measure."""
        waiting = dict.fromkeys(self.parsed)
        while waiting:
            ready = [n for n in waiting if all(i in self._sizes for i in self._names_in(n))]
            if not ready:
                break  # they name what was refused
            for name in ready:
                del waiting[name]
                depth, size = self._opened(self.parsed[name])
                if _fits(self.readers[name], depth, size):
                    self._sizes[name] = (depth, size)

    def _opened(self, parsed: Parsed) -> tuple[int, int]:
        inner = [self._sizes[str(token)[1:]] for token in parsed.definitions]
        depth = parsed.depth + max((d for d, _ in inner), default=0)
        return depth, parsed.size + sum(s for _, s in inner)


def _fits(reader: Reader, depth: int, size: int) -> bool:
    if depth > DEEPEST:
        reader.fault(f"is nested {depth} deep with its definitions: at most {DEEPEST}")
    elif size > LARGEST:
        reader.fault(f"has {size} parts with its definitions: at most {LARGEST}")
    return depth <= DEEPEST and size <= LARGEST
