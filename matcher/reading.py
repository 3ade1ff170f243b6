"""A document as the matcher reads it: mentions, sentences, and what stands where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from domain.article import Document
from matcher.scan import Mention
from matcher.text import MatchText, sentence_of, sentences

if TYPE_CHECKING:
    from matcher.columns import Columns

LEAD_LENGTH = 400  # characters of the text that count as its lead
OPENING_LENGTH = 80  # a dateline or a credit alone is no first sentence
_GAP = "\n\n"  # between title and text


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a document in which a query is asked: its concepts and its mentions."""

    mask: int  # a bit for each concept mentioned
    mentions: Sequence[Mention]
    reading: Reading
    candidate: tuple[int, ...] = (0, 0, 0)  # what @it, @its and @other stand for


@dataclass
class Reading:
    """One document, scanned. ``mentions`` are resolved: what remains counts."""

    document: Document
    language: str
    text: MatchText  # title, a blank line, text
    mentions: list[Mention] = field(default_factory=list)
    columns: dict[tuple[int, ...], Columns] = field(default_factory=dict)  # by candidate, lazily

    @staticmethod
    def join(document: Document) -> str:
        """Return title and text as one, so that one scan reads both."""
        return document.title + _GAP + document.text if document.title else document.text

    @property
    def body_start(self) -> int:
        """Where the text begins in the joined original."""
        return len(self.document.title) + len(_GAP) if self.document.title else 0

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
