"""A document as the matcher reads it: mentions, sentences, and what stands where."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from domain.article import Document
from matcher.bits import numbers_of
from matcher.printed import plain
from matcher.scan import Mention
from matcher.sentences import sentence_of, sentences
from matcher.text import MatchText

if TYPE_CHECKING:
    from matcher.columns import Columns
    from matcher.dates.mention import DateMention

LEAD_LENGTH = 400  # characters of the text that count as its lead
OPENING_LENGTH = 80  # a dateline or a credit alone is no first sentence
_GAP = "\n\n"  # between title and text
_MANY = 100  # mentions of which few are found sooner by an index


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a document in which a query is asked: its concepts and its mentions."""

    mask: int  # a bit for each concept mentioned
    mentions: Sequence[Mention]
    reading: Reading
    candidate: tuple[int, ...] = (0, 0, 0)  # what @it, @its and @other stand for

    def naming(self, mask: int) -> list[Mention]:
        """Return the mentions of a concept of ``mask``, in order."""
        mask &= self.mask
        if not mask:
            return []
        if len(self.mentions) <= _MANY:
            return [m for m in self.mentions if mask >> m.concept & 1]
        return self.reading.naming(mask, self.mentions[0].start, self.mentions[-1].start)


def within(outer: Window, inner: Sequence[Window]) -> range:
    """Return which of ``inner`` lie in ``outer``: their places, all in a row.

    Windows are stretches of the text and ``inner`` stands in its order, so that the places
    of the first and the last mention tell.
    """
    if not outer.mentions:
        return range(0)
    begin, end = outer.mentions[0].start, outer.mentions[-1].start
    first = bisect_left(inner, begin, key=lambda window: window.mentions[0].start)
    last = bisect_right(inner, end, key=lambda window: window.mentions[-1].start)
    return range(first, max(first, last))


@dataclass
class Reading:
    """One document, scanned. ``mentions`` are resolved: what remains counts."""

    document: Document
    language: str
    text: MatchText  # title, a blank line, text
    mentions: list[Mention] = field(default_factory=list)
    columns: dict[tuple[int, ...], Columns] = field(default_factory=dict)  # by candidate, lazily
    people: list[str] | None = None  # everyone named, once a rule that holds asks
    dates: list[DateMention] | None = None  # as the people
    judged_to: int | None = None  # the offset in ``text`` where judging ended; None: the end
    _origin: npt.NDArray[np.int64] | None = None  # of each character of ``text``'s original

    @staticmethod
    def join(document: Document) -> str:
        """Return title and text as one, so that one scan reads both."""
        return document.title + _GAP + document.text if document.title else document.text

    def print_plainly(self) -> None:
        """Read on from the plain form: what is printed otherwise makes no difference."""
        found = plain(self.text.original)
        if found.text is not self.text.original:
            self.text = self.text.reprinted(found.text)
            self._origin = found.origin

    def place(self, mention: Mention) -> tuple[str, int, int]:
        """Return where a mention stands: ``title`` or ``text``, start and end in that field."""
        begin, end = self.text.start(mention.start), self.text.end(mention.end)
        printed, gap = self.document.title, len(_GAP)
        shift = len(printed) + gap if printed else 0
        if self._origin is not None:
            joined = self.join(self.document)
            begin, end = self._origin.item(begin), self._origin.item(end - 1) + 1
            while end < len(joined) and unicodedata.combining(joined[end]):
                end += 1
        return ("text", begin - shift, end - shift) if begin >= shift else ("title", begin, end)

    @cached_property
    def body_start(self) -> int:
        """Where the text begins in what ``text`` was folded from."""
        start = len(self.document.title) + len(_GAP) if self.document.title else 0
        return start if self._origin is None else int(np.searchsorted(self._origin, start))

    @cached_property
    def title_mask(self) -> int:
        """What the title mentions, told without an offset in the original."""
        end = self.text.position(self.body_start)
        mask = 0
        for mention in self.mentions:
            if mention.start < end:
                mask |= 1 << mention.concept
        return mask

    @cached_property
    def sentence_starts(self) -> list[int]:
        """Start offsets of the sentences in the joined original."""
        return sentences(self.text.original)

    def sentence_at(self, offset: int) -> int:
        """Return the number of the sentence that holds an offset of the joined original."""
        return sentence_of(self.sentence_starts, offset)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Original offsets of each mention."""
        return self.text.spans([(m.start, m.end) for m in self.mentions])

    @cached_property
    def sentence_numbers(self) -> list[int]:
        """The sentence of each mention."""
        starts = self.sentence_starts
        return [bisect_right(starts, begin) - 1 for begin, _ in self.spans]

    @cached_property
    def whole(self) -> Window:
        """The document as one window."""
        return self._window(self.mentions)

    @cached_property
    def by_sentence(self) -> list[Window]:
        """A window for each sentence that mentions anything."""
        return self._grouped(self.sentence_numbers)

    @cached_property
    def paragraph_numbers(self) -> list[int]:
        """The paragraph of each mention."""
        breaks = [0]
        position = self.text.original.find(_GAP)
        while position >= 0:
            breaks.append(position + len(_GAP))
            position = self.text.original.find(_GAP, position + len(_GAP))
        return [bisect_right(breaks, begin) - 1 for begin, _ in self.spans]

    @cached_property
    def by_paragraph(self) -> list[Window]:
        """A window for each paragraph that mentions anything."""
        return self._grouped(self.paragraph_numbers)

    @cached_property
    def title(self) -> Window:
        """What the title mentions."""
        return self._between(0, self.body_start)

    @cached_property
    def lead(self) -> Window:
        """What the first characters of the text mention, up to the end of their sentence."""
        return self._between(self.body_start, self.lead_end)

    @cached_property
    def head(self) -> Window:
        """What the title and the lead mention together."""
        return self._between(0, self.lead_end)

    @cached_property
    def opening(self) -> Window:
        """What the title and the first sentence of the text mention: the news itself."""
        return self._between(0, self.opening_end)

    @cached_property
    def opening_end(self) -> int:
        """Where the first sentence of the text ends in the joined original."""
        starts = self.sentence_starts
        after = bisect_right(starts, self.body_start + OPENING_LENGTH)
        return starts[after] if after < len(starts) else len(self.text.original) + 1

    @cached_property
    def lead_end(self) -> int:
        """Where the sentence that ends the lead ends in the joined original."""
        starts = self.sentence_starts
        after = bisect_right(starts, self.body_start + LEAD_LENGTH)
        return starts[after] if after < len(starts) else len(self.text.original) + 1

    @cached_property
    def body(self) -> Window:
        """What the text mentions."""
        return self._between(self.body_start, len(self.text.original) + 1)

    @cached_property
    def _by_concept(self) -> dict[int, list[int]]:
        """The places in ``mentions`` of each concept."""
        places: dict[int, list[int]] = {}
        for place, mention in enumerate(self.mentions):
            places.setdefault(mention.concept, []).append(place)
        return places

    def naming(self, mask: int, first: int, last: int) -> list[Mention]:
        """Return the mentions of a concept of ``mask`` that start at ``first`` to ``last``."""
        places: list[int] = []
        for concept in numbers_of(mask & self.whole.mask):
            places += self._by_concept[concept]
        mentions = [self.mentions[place] for place in sorted(places)]
        return [m for m in mentions if first <= m.start <= last]

    def _between(self, first: int, last: int) -> Window:
        pairs = zip(self.mentions, self.spans, strict=True)
        return self._window([m for m, (begin, _) in pairs if first <= begin < last])

    def _grouped(self, numbers: Iterable[int]) -> list[Window]:
        groups: dict[int, list[Mention]] = {}
        for mention, number in zip(self.mentions, numbers, strict=True):
            groups.setdefault(number, []).append(mention)
        return [self._window(groups[number]) for number in sorted(groups)]

    def _window(self, mentions: Sequence[Mention]) -> Window:
        mask = 0
        for mention in mentions:
            mask |= 1 << mention.concept
        return Window(mask, mentions, self)
