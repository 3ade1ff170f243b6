"""A document as columns: which of its windows mention which concept.

Its windows (the whole, title, lead, head, text, sentences, paragraphs) are the bits of an
integer, and a concept is the column of windows that mention it, so that one operation tells
something of all sentences at once.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from matcher.reading import Reading, Window
from matcher.scan import Mention

WHOLE = 1  # the window of the whole document, as a set of windows
FIXED = ("TITLE:", "LEAD:", "HEAD:", "OPENING:", "TEXT:")  # scopes of one window, in their order
_FIRST = 1 + len(FIXED)  # the place of the first sentence


class Columns:
    """A reading as columns, for one candidate."""

    def __init__(self, reading: Reading, candidate: tuple[int, ...]) -> None:
        self.reading = reading
        self.candidate = candidate
        self._scopes = {name: 1 << i for i, name in enumerate(FIXED, 1)}
        self._mentions: dict[int, list[tuple[Mention, int]]] = {}  # by concept, with windows
        self._columns = self._placed()
        self._terms: dict[int, int] = {}
        self._inside: dict[tuple[str, int], int] = {}

    def _placed(self) -> dict[int, int]:
        """Return the windows that mention each concept; notes which sentences mention any."""
        reading = self.reading
        title, lead, head, opening, text = (self._scopes[name] for name in FIXED)
        in_title = WHOLE | title | head | opening
        in_lead, below = WHOLE | lead | head | text, WHOLE | text
        title_end, lead_end = reading.body_start, reading.lead_end
        opening_end = reading.opening_end
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
            stands = in_title if begin < title_end else in_lead if begin < lead_end else below
            if title_end <= begin < opening_end:
                stands |= opening
            own, broad = 1 << _FIRST + sentence, 1 << first_paragraph + paragraph
            sentences |= own
            paragraphs |= broad
            stands |= own | broad
            columns[mention.concept] = columns.get(mention.concept, 0) | stands
            self._mentions.setdefault(mention.concept, []).append((mention, stands))
        self._scopes |= {"SENTENCE": sentences, "PARAGRAPH": paragraphs}
        return columns

    def asked_of(self, candidate: tuple[int, ...]) -> Columns:
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

    def mentions(self, mask: int, windows: int) -> list[Mention]:
        """Return the mentions of a concept of ``mask`` that stand in one of ``windows``."""
        return [
            mention
            for concept in numbers_of(mask & self.reading.whole.mask)
            for mention, stands in self._mentions[concept]
            if stands & windows
        ]

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
            fixed = ("whole", "title", "lead", "head", "opening", "body")
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
