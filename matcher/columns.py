"""Queries asked of every window of a document at once.

A document's windows (the whole, title, lead, head, text, sentences, paragraphs) are the bits
of an integer, and a concept is the column of windows that mention it. A query becomes a
function from a set of windows to those of them in which it holds, so AND, OR and NOT over
all sentences cost an operation each. What counts or measures mentions (NEAR, ATLEAST) asks
its node itself, in the few windows where its parts are there.

The nodes of matcher/query.py say what a query means; the answers here are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace

from matcher.query import (
    CANDIDATES,
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
from matcher.reading import Reading, Window

WHOLE = 1  # the window of the whole document, as a set of windows

_FIXED = ("TITLE:", "LEAD:", "HEAD:", "TEXT:")  # scopes of one window, in their order
_FIRST = 1 + len(_FIXED)  # the place of the first sentence


class Columns:
    """A reading as columns, for one candidate."""

    def __init__(self, reading: Reading, candidate: tuple[int, int]) -> None:
        self.reading = reading
        self.candidate = candidate
        self._scopes = {name: 1 << i for i, name in enumerate(_FIXED, 1)}
        self._columns = self._placed()
        self._terms: dict[int, int] = {}
        self._inside: dict[tuple[str, int], int] = {}

    def _placed(self) -> dict[int, int]:
        """Return the windows that mention each concept; notes which sentences mention any."""
        reading = self.reading
        head = reading.lead_end
        fixed = (  # what a mention stands in by where it begins
            (reading.body_start, WHOLE | self._scopes["TITLE:"] | self._scopes["HEAD:"]),
            (head, WHOLE | sum(self._scopes[name] for name in ("LEAD:", "HEAD:", "TEXT:"))),
        )
        rest = WHOLE | self._scopes["TEXT:"]
        first_paragraph = _FIRST + len(reading.sentence_starts)
        columns: dict[int, int] = {}
        sentences = paragraphs = 0
        for mention, (begin, _), sentence, paragraph in zip(
            reading.mentions,
            reading.spans,
            reading.sentence_numbers,
            reading.paragraph_numbers,
            strict=True,
        ):
            stands = next((bits for end, bits in fixed if begin < end), rest)
            own, broad = 1 << _FIRST + sentence, 1 << first_paragraph + paragraph
            sentences |= own
            paragraphs |= broad
            columns[mention.concept] = columns.get(mention.concept, 0) | stands | own | broad
        self._scopes |= {"SENTENCE": sentences, "PARAGRAPH": paragraphs}
        return columns

    def asked_of(self, candidate: tuple[int, int]) -> Columns:
        """Return the same columns for another candidate; they share what is known of terms."""
        other = copy(self)
        other.candidate = candidate
        return other

    def term(self, mask: int) -> int:
        """Return the windows that mention a concept of ``mask``."""
        found = self._terms.get(mask)
        if found is None:
            found = 0
            rest = mask & self.reading.whole.mask
            while rest:
                concept = rest.bit_length() - 1
                found |= self._columns[concept]
                rest ^= 1 << concept
            self._terms[mask] = found
        return found

    def scope(self, name: str) -> int:
        """Return the windows of a scope."""
        return self._scopes[name]

    def window(self, number: int) -> Window:
        """Return one window, in which ``@it`` stands for this candidate."""
        window = self._window(number)
        return replace(window, candidate=self.candidate) if any(self.candidate) else window

    def _window(self, number: int) -> Window:
        reading = self.reading
        if number < _FIRST:
            fixed = ("whole", "title", "lead", "head", "body")
            found: Window = getattr(reading, fixed[number])
            return found
        is_sentence = number < _FIRST + len(reading.sentence_starts)
        name = "SENTENCE" if is_sentence else "PARAGRAPH"
        windows = reading.by_sentence if is_sentence else reading.by_paragraph
        return windows[(self._scopes[name] & ((1 << number) - 1)).bit_count()]

    def inside(self, name: str, number: int) -> int:
        """Return the windows of a scope whose every mention stands in window ``number``."""
        key = (name, number)
        if key not in self._inside:
            held = set(map(id, self._window(number).mentions))
            self._inside[key] = sum(
                1 << i
                for i in numbers_of(self._scopes[name])
                if all(id(m) in held for m in self._window(i).mentions)
            )
        return self._inside[key]


def columns_of(window: Window) -> Columns:
    """Return the columns of a window's document, for the window's candidate; built once."""
    known = window.reading.columns
    found = known.get(window.candidate)
    if found is None:
        like = next(iter(known.values()), None)
        found = (
            like.asked_of(window.candidate) if like else Columns(window.reading, window.candidate)
        )
        known[window.candidate] = found
    return found


def numbers_of(bits: int) -> list[int]:
    """Return the places of the bits that are set, from the lowest."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


Ask = Callable[[Columns, int], int]
"""Given a document and a set of its windows, returns those in which a query holds."""


def ask_of(node: Node) -> Ask:
    """Return ``node`` as a function over windows."""
    match node:
        case Term():
            return _term(node.mask)
        case Candidate():
            return _candidate(CANDIDATES.index(node.name))
        case AllOf():
            return _all_of([ask_of(child) for child in _cheapest_first(node.children)])
        case AnyOf():
            return _any_of(node.children)
        case Not():
            return _negation(ask_of(node.child))
        case Within():
            return _within(node.name, ask_of(node.child))
        case Near():
            return _all_of([ask_of(node.left), ask_of(node.right), _each_window(node)])
        case Counted() if node.count > 0:
            return _all_of([ask_of(node.child), _each_window(node)])
        case _:
            return _each_window(node)


def _cheapest_first(nodes: Sequence[Node]) -> list[Node]:
    """Put bare terms in front: they cost least and fail often."""
    return sorted(nodes, key=lambda node: not isinstance(node, Term))


def _term(mask: int) -> Ask:
    return lambda document, windows: document.term(mask) & windows


def _candidate(place: int) -> Ask:
    return lambda document, windows: document.term(document.candidate[place]) & windows


def _all_of(asks: Sequence[Ask]) -> Ask:
    def ask(document: Columns, windows: int) -> int:
        for part in asks:
            windows = part(document, windows)
            if not windows:
                return 0
        return windows

    return ask


def _any_of(nodes: Sequence[Node]) -> Ask:
    merged = 0
    asks: list[Ask] = []
    for node in nodes:
        if isinstance(node, Term):
            merged |= node.mask
        else:
            asks.append(ask_of(node))
    if merged:
        asks.insert(0, _term(merged))
    if len(asks) == 1:
        return asks[0]

    def ask(document: Columns, windows: int) -> int:
        found = 0
        for part in asks:
            found |= part(document, windows & ~found)
            if found == windows:
                break
        return found

    return ask


def _negation(part: Ask) -> Ask:
    return lambda document, windows: windows & ~part(document, windows)


def _within(name: str, part: Ask) -> Ask:
    is_fixed = name in _FIXED

    def ask(document: Columns, windows: int) -> int:
        found = part(document, document.scope(name))
        if not found:
            return 0
        if is_fixed or windows == WHOLE:
            return windows
        return sum(1 << i for i in numbers_of(windows) if found & document.inside(name, i))

    return ask


def _each_window(node: Node) -> Ask:
    def ask(document: Columns, windows: int) -> int:
        return sum(1 << i for i in numbers_of(windows) if node.holds(document.window(i)))

    return ask
