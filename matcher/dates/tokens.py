"""From a text to letters: each word or mark near a date word as one letter of the grammar.

Only the neighbourhood of words that can make a date is looked at, so a long text costs
little more than one pass over its match form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from matcher.dates.words import BREAK, MONTH, NUMBER, OTHER, YEAR, Vocabulary, Word
from matcher.text import ARABIC_FIRST, MatchText, match_form

_BEFORE, _AFTER = 120, 90  # bytes of match form around a key that a date can reach
_LONGEST_LINE = 8192  # bytes; only a text of nothing but dates is cut by it
_LONGEST_PHRASE = 3  # words
_TOKEN = re.compile(rb"[0-9]+|[a-z]+|[\x80-\xff]+|\x01+")
_NUMERIC = re.compile(rb"(?<![0-9])(?:[0-9]{1,2} [0-9]{1,2} [0-9]{2,4}|[0-9]{4} [0-9]{2} [0-9]{2})")
_DIGITS = bytes(ord("0") if chr(b).isdecimal() and b < ARABIC_FIRST else b for b in range(256))
_TWO_NUMBERS = b"0 0"
_MARKS = {
    **dict.fromkeys(",،", ","),
    **dict.fromkeys("-‐‑‒–—−", "-"),
    "/": "/",
    "(": "(",
    ")": ")",
    "+": "+",
    "&": "&",
    **dict.fromkeys(".;:!?…؟؛۔\n", BREAK),
}
_IN_NUMERIC = frozenset("/-.‐‑–\u200e\u200f")
_PLAIN_GAPS = (" ", "'", "’")
_LONGEST_GAP = 12  # characters
_ORDINAL_ENDINGS = frozenset((b"er", b"ere", b"st", b"nd", b"rd", b"th", b"eme"))
_SA_VERBS = tuple(match_form(p) for p in ("سي", "ست"))
_NOT_SA_VERBS = tuple(match_form(p) for p in "سيا سيد سين سيس سير ستي ستو ستا".split())
_NEIGHBOURHOOD = 30  # characters on either side that tell a line of capitals
_GLUED_ARABIC = 3  # bytes: wa-, bi-, al- and the like before a number


@dataclass(slots=True)
class Line:
    """A stretch of text as letters; ``starts`` and ``ends`` are offsets in its match form."""

    letters: list[str] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, letter: str, value: int, start: int, end: int) -> None:
        """Append one letter."""
        self.letters.append(letter)
        self.values.append(value)
        self.starts.append(start)
        self.ends.append(end)


def lines(text: MatchText, words: Vocabulary) -> Iterator[Line]:
    """Yield every stretch of ``text`` that may hold a date."""
    for begin, end in _regions(text, words):
        yield _Reader(text, words).read(begin, end)


def _regions(text: MatchText, words: Vocabulary) -> Iterator[tuple[int, int]]:
    """Yield the joined neighbourhoods of the key words, cut at spaces."""
    data = text.data
    spots = words.keys.spots(data)
    # Few texts have two numbers side by side: to look for dates of them takes longest.
    has_numbers = _TWO_NUMBERS in data.translate(_DIGITS)
    found = _NUMERIC.finditer(data) if has_numbers else ()
    numeric = [m.span() for m in found if _is_dashed(text, m)]
    if numeric:
        spots = sorted(spots + numeric)
    last_begin, last_end = -1, -1
    for begin, end in spots:
        left = data.find(b" ", max(0, begin - _BEFORE), begin)
        right = data.rfind(b" ", end, end + _AFTER)
        left, right = (begin if left < 0 else left), (end if right < 0 else right)
        if left > last_end or right - last_begin > _LONGEST_LINE:
            if last_end >= 0:
                yield last_begin, last_end
            last_begin, last_end = max(left, last_end), right
        else:
            last_end = max(last_end, right)
    if last_end >= 0:
        yield last_begin, last_end


def _is_dashed(text: MatchText, numbers: re.Match[bytes]) -> bool:
    """Whether numbers stand apart by what stands in a date, which the match form does not tell."""
    first = numbers.group().index(b" ")
    return text.original[text.end(numbers.start() + first)] in _IN_NUMERIC


class _Reader:
    """Reads one stretch into a line."""

    def __init__(self, text: MatchText, words: Vocabulary) -> None:
        self.text = text
        self.words = words
        self.line = Line()
        self._end = -1  # in match form, of what was read last
        self._starts: dict[int, int] = {}  # in the original, of each word by its place
        self._ends: dict[int, int] = {}

    def read(self, begin: int, end: int) -> Line:
        data = self.text.data
        spans = [m.span() for m in _TOKEN.finditer(data, begin, end)]
        for (start, stop), (first, last) in zip(spans, self.text.spans(spans), strict=True):
            self._starts[start], self._ends[stop] = first, last
        index = 0
        while index < len(spans):
            start, stop = spans[index]
            self._gap(start)
            if data[start : start + 1].isdigit():
                self._number(start, stop)
                index += 1
            else:
                index += self._word(spans, index)
        return self.line

    def _gap(self, start: int) -> None:
        """Add the punctuation since what was read last."""
        if self._end < 0 or start == self._end:
            return
        gap = self.text.original[self._ends[self._end] : self._starts[start]]
        if gap in _PLAIN_GAPS:
            return
        if len(gap) > _LONGEST_GAP:
            self.line.add(BREAK, 0, start, start)
            return
        if gap == "." and self._between_digits(start):
            gap = "/"
        elif gap[:1] == "." and self._after_short_month():
            gap = gap[1:]
        marks = [_MARKS[c] for c in gap if c in _MARKS]
        for mark in [BREAK] if BREAK in marks else marks:
            self.line.add(mark, 0, start, start)

    def _between_digits(self, start: int) -> bool:
        data = self.text.data
        return data[start : start + 1].isdigit() and data[self._end - 1 : self._end].isdigit()

    def _after_short_month(self) -> bool:
        line = self.line
        return (
            bool(line.letters)
            and line.letters[-1] == MONTH
            and (line.ends[-1] - line.starts[-1] <= 5)
        )

    def _number(self, start: int, stop: int) -> None:
        data, line = self.text.data, self.line
        value = int(data[start:stop]) if stop - start <= 4 else 0
        letter = OTHER
        if stop - start <= 2 and 1 <= value <= 31:
            letter = NUMBER
        elif stop - start == 4 and 1900 <= value <= 2099:
            letter = YEAR
        if self._is_code(start) or self._next_is(stop, "+%"):
            letter = OTHER
        line.add(letter, value, start, stop)
        self._end = stop

    def _next_is(self, stop: int, marks: str) -> bool:
        after = self.text.end(stop)
        return after < len(self.text.original) and self.text.original[after] in marks

    def _is_code(self, start: int) -> bool:
        """Whether a number is part of a name (Su-30, Covid-19) or of 5+5."""
        line = self.line
        if not line.letters:
            return False
        if line.letters[-1] == "+":
            return True
        if start == self._end:  # glued to a word
            return line.letters[-1] not in "&la" and not self._is_short_arabic()
        is_dashed = (
            line.letters[-1] == "-" and self.text.start(start) - self.text.end(self._end) == 1
        )
        return is_dashed and len(line.letters) > 1 and line.letters[-2] == OTHER

    def _is_short_arabic(self) -> bool:
        data, end = self.text.data, self._end
        begin = end
        while begin > 0 and end - begin <= _GLUED_ARABIC and data[begin - 1] >= ARABIC_FIRST:
            begin -= 1
        return 0 < end - begin <= _GLUED_ARABIC

    def _word(self, spans: list[tuple[int, int]], index: int) -> int:
        """Add the longest known phrase that begins here; return how many words it takes."""
        data, words, line = self.text.data, self.words, self.line
        start, stop = spans[index]
        word = data[start:stop]
        if start == self._end and self._ends_number(word, stop):
            return 1
        longest = _LONGEST_PHRASE if word in words.firsts else 1 if word in words.forms else 0
        for count in range(min(longest, len(spans) - index), 0, -1):
            end = spans[index + count - 1][1]
            found = words.forms.get(data[start:end])
            if found is not None and self._holds(found, start, end):
                self._add(found, start, end)
                return count
        letter = "F" if self._is_future(word, start) else OTHER
        line.add(letter, 0, start, stop)
        self._end = stop
        return 1

    def _ends_number(self, word: bytes, stop: int) -> bool:
        """Take the letters glued to a number: an ordinal's ending, or the number is none."""
        line = self.line
        if not line.letters or line.letters[-1] not in (NUMBER, YEAR, OTHER):
            return False
        if word in _ORDINAL_ENDINGS:
            line.ends[-1] = stop
        elif word[0] < ARABIC_FIRST:
            line.letters[-1] = OTHER
        else:
            return False
        self._end = stop
        return True

    def _holds(self, word: Word, start: int, end: int) -> bool:
        original = self.text.original
        if word.needs_capital and not original[self.text.start(start)].isupper():
            return False
        return not word.needs_stop or self._next_is(end, ".")

    def _add(self, word: Word, start: int, end: int) -> None:
        line, own = self.line, start + word.proclitic
        if word.is_joined_by_and:
            line.add("&", 0, start, own)
        line.add(word.letter, word.value, own, end)
        self._end = end

    def _is_name(self, start: int, length: int) -> bool:
        """Whether a word begins with a capital, and not because its line is in capitals."""
        begin = self.text.start(start)
        original = self.text.original
        if original[begin].islower():
            return False
        beside = original[max(0, begin - _NEIGHBOURHOOD) : begin + length + _NEIGHBOURHOOD]
        return not beside.isupper()

    def _is_future(self, word: bytes, start: int) -> bool:
        """Whether a word looks like a verb of the future: French -ra, -ront; Arabic sa-."""
        if len(word) < 5 or word in self.words.not_future:
            return False
        if word[0] < ARABIC_FIRST:
            return word.endswith((b"ra", b"ront")) and not self._is_name(start, len(word))
        return word[:2] in _SA_VERBS and word[:3] not in _NOT_SA_VERBS
