"""A document as columns: which of its windows mention which concept.

Its windows (the whole, title, lead, head, text, sentences, paragraphs) are the bits of an
integer, and a concept is the column of windows that mention it, so that one operation tells
something of all sentences at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import replace

from matcher.bits import bits_of, numbers_of
from matcher.reading import Reading, Window, within
from matcher.scan import Mention

WHOLE = 1  # the window of the whole document, as a set of windows
FIXED = ("TITLE:", "LEAD:", "HEAD:", "OPENING:", "TEXT:")  # scopes of one window, in their order
TITLE = 1 << 1 + FIXED.index("TITLE:")
_FIRST = 1 + len(FIXED)  # the place of the first sentence
_FEW = 64  # windows that are cheaper noted one by one


class Columns:
    """A reading as columns, for one candidate."""

    def __init__(self, reading: Reading, candidate: tuple[int, ...]) -> None:
        self.reading = reading
        self.candidate = candidate
        self._scopes = {name: 1 << i for i, name in enumerate(FIXED, 1)}
        self._paragraphs = _FIRST  # the place of the first paragraph
        # By concept: its mentions, each with its fixed windows, its sentence and its paragraph.
        self._mentions: dict[int, list[tuple[Mention, int, int, int]]] = {}
        self._columns: dict[int, int] | None = None  # of each concept, once they are asked for
        self._terms: dict[int, int] = {}
        self._inside: dict[tuple[str, int], int] = {}

    def _placed(self) -> dict[int, int]:
        """Return the windows that mention each concept.

        Only sentences and paragraphs that mention anything have a place, in their order.
        """
        if self._columns is None:
            self._columns = self._place()
        return self._columns

    def _place(self) -> dict[int, int]:
        reading = self.reading
        title, lead, head, opening, text = (self._scopes[name] for name in FIXED)
        in_title = WHOLE | title | head | opening
        in_lead, below = WHOLE | lead | head | text, WHOLE | text
        title_end, lead_end = reading.body_start, reading.lead_end
        opening_end = reading.opening_end
        own = _ranks(reading.sentence_numbers, _FIRST)
        self._paragraphs = own[-1] + 1 if own else _FIRST
        broad = _ranks(reading.paragraph_numbers, self._paragraphs)
        end = broad[-1] + 1 if broad else _FIRST
        for mention, (begin, _), sentence, paragraph in zip(
            reading.mentions, reading.spans, own, broad, strict=True
        ):
            stands = in_title if begin < title_end else in_lead if begin < lead_end else below
            if title_end <= begin < opening_end:
                stands |= opening
            row = (mention, stands, sentence, paragraph)
            self._mentions.setdefault(mention.concept, []).append(row)
        self._scopes["SENTENCE"] = (1 << self._paragraphs) - (1 << _FIRST)
        self._scopes["PARAGRAPH"] = (1 << end) - (1 << self._paragraphs)
        return {concept: self._column(rows) for concept, rows in self._mentions.items()}

    @staticmethod
    def _column(rows: Iterable[tuple[Mention, int, int, int]]) -> int:
        found = 0
        places: list[int] = []  # those that one operation each would make dear
        for _, stands, sentence, paragraph in rows:
            found |= stands
            if paragraph < _FEW:
                found |= 1 << sentence | 1 << paragraph
            else:
                places += (sentence, paragraph)
        return found | bits_of(places) if places else found

    def asked_of(self, candidate: tuple[int, ...]) -> Columns:
        """Return the same columns for another candidate; they share what is known of terms."""
        self._placed()
        other = copy(self)
        other.candidate = candidate
        return other

    def term(self, mask: int) -> int:
        """Return the windows that mention a concept of ``mask``."""
        found = self._terms.get(mask)
        if found is None:
            found = 0
            columns = self._placed()
            rest = mask & self.reading.whole.mask
            while rest:
                concept = rest.bit_length() - 1
                found |= columns[concept]
                rest ^= 1 << concept
            self._terms[mask] = found
        return found

    def naming(self, mask: int, windows: int) -> int:
        """Return those of ``windows`` that mention a concept of ``mask``.

        Of the whole and of the title this is told before a sentence is looked for.
        """
        mask &= self.reading.whole.mask
        if not mask or windows == WHOLE:
            return windows if mask else 0
        if self._columns is None and windows == TITLE:
            return windows if mask & self.reading.title_mask else 0
        return self.term(mask) & windows

    def mentions(self, mask: int, windows: int) -> list[Mention]:
        """Return the mentions of a concept of ``mask`` that stand in one of ``windows``."""
        self._placed()
        wanted = set(numbers_of(windows))
        return [
            mention
            for concept in numbers_of(mask & self.reading.whole.mask)
            for mention, stands, sentence, paragraph in self._mentions[concept]
            if stands & windows or sentence in wanted or paragraph in wanted
        ]

    def scope(self, name: str) -> int:
        """Return the windows of a scope."""
        if name not in self._scopes:
            self._placed()
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
        self._placed()
        if number < self._paragraphs:
            return reading.by_sentence[number - _FIRST]
        return reading.by_paragraph[number - self._paragraphs]

    def inside(self, name: str, number: int) -> int:
        """Return the sentences or paragraphs (``name``) that lie in window ``number``."""
        key = (name, number)
        if key not in self._inside:
            self._inside[key] = self._span(name, self._window(number))
        return self._inside[key]

    def _span(self, name: str, outer: Window) -> int:
        reading = self.reading
        self._placed()
        is_sentence = name == "SENTENCE"
        first = _FIRST if is_sentence else self._paragraphs
        inside = within(outer, reading.by_sentence if is_sentence else reading.by_paragraph)
        return (1 << first + inside.stop) - (1 << first + inside.start)


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


def _ranks(numbers: Iterable[int], first: int) -> list[int]:
    """Number ascending ``numbers`` anew, without gaps, from ``first``."""
    ranks: list[int] = []
    rank, last = first - 1, -1
    for number in numbers:
        if number != last:
            rank, last = rank + 1, number
        ranks.append(rank)
    return ranks
