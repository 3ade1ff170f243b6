"""What stands around a date, and the making of a mention."""

from __future__ import annotations

from datetime import date

from matcher.dates.almanac import EARLIEST_YEAR, LATEST_YEAR, Lean
from matcher.dates.grammar import AHEAD, CONTEXT, HABIT, NAMED, SINCE, UNTIL
from matcher.dates.mention import DateMention, Edge, Precision
from matcher.dates.tokens import Line
from matcher.dates.words import DAY_WORD, NUMBER, WEEKDAY, YEAR, Vocabulary
from matcher.text import MatchText

Span = tuple[date, date] | None
_LEANS: dict[str, Lean] = {"L": "last", "X": "next", "C": "this", "T": "this"}


class Context:
    """A line of letters, with the text behind it. Places are indexes of letters."""

    def __init__(
        self, form: MatchText, words: Vocabulary, line: Line, published: date | None
    ) -> None:
        self.form, self.words, self.line, self.published = form, words, line, published
        self.text = "".join(line.letters)

    def _before(self, begin: int) -> str:
        return self.text[max(0, begin - CONTEXT) : begin]

    def _is_name(self, begin: int, end: int) -> bool:
        """Whether the date belongs to a name or to a habit, or to no day at all."""
        letters, before = self.text[begin:end], self._before(begin)
        if letters[0] == WEEKDAY and NUMBER not in letters:
            return bool(HABIT.search(before))
        if letters == DAY_WORD or letters[:2] == "PR":
            return self._is_noun(begin, end)
        if NUMBER not in letters or YEAR in letters:
            return False
        return bool(NAMED.search(before)) or self._is_emblem(begin, end)

    def _is_emblem(self, begin: int, end: int) -> bool:
        """Whether a day is written as a name: 1er-Novembre, le stade, le 5 Juillet."""
        letters, line = self.text[begin:end], self.line
        if letters not in ("dM", "d-M"):
            return False
        month = self.form.original[self.form.start(line.starts[end - 1])]
        is_name = letters == "d-M" or (month.isupper() and not self._is_capital(end - 1))
        return is_name and f"{line.values[begin]}-{line.values[end - 1]}" in self.words.emblems

    def _is_capital(self, index: int) -> bool:
        form, line = self.form, self.line
        return form.original[form.start(line.starts[index]) : form.end(line.ends[index])].isupper()

    def _is_noun(self, begin: int, end: int) -> bool:
        """Whether "today" is a noun: the national day, Russia Today, l'Algérie de demain."""
        line = self.line
        if end < len(line.starts) and self._word(end) in self.words.after_day:
            return True
        if begin == 0:
            return False
        is_of = self.text[begin - 1] == "f" and line.values[begin] >= 0
        return is_of or self._word(begin - 1) in self.words.before_day

    def _word(self, index: int) -> bytes:
        return self.form.data[self.line.starts[index] : self.line.ends[index]]

    def _edge(self, begin: int) -> Edge:
        before = self._before(begin)
        if UNTIL.search(before):
            return "until"
        return "since" if SINCE.search(before) else ""

    def _lean(self, begin: int, end: int) -> Lean:
        for letter in self.text[begin:end]:
            if letter in _LEANS:
                return _LEANS[letter]
        before = self._before(begin)
        if UNTIL.search(before):
            return "until"
        return "future" if AHEAD.search(before) else ""

    def _mention(
        self,
        begin: int,
        end: int,
        span: Span,
        *,
        precision: Precision = "day",
        is_relative: bool = False,
        has_year: bool = False,
    ) -> list[DateMention]:
        if span is None or not EARLIEST_YEAR <= span[0].year <= span[1].year <= LATEST_YEAR:
            return []
        line = self.line
        while line.starts[end - 1] == line.ends[end - 1]:  # a mark at the end
            end -= 1
        return [
            DateMention(
                start=self.form.start(line.starts[begin]),
                end=self.form.end(line.ends[end - 1]),
                first=span[0],
                last=span[1],
                precision=precision,
                kind="relative" if is_relative else "absolute",
                has_year=has_year,
                edge=self._edge(begin) if span[0] == span[1] else "",
            )
        ]

    def _calendar_lean(self, begin: int, end: int) -> Lean:
        letters = self.text[begin:end]
        return "last" if "L" in letters else "next" if "X" in letters else ""

    def _value(self, letter: str, begin: int, end: int) -> int | None:
        index = self.text.find(letter, begin, end)
        return None if index < 0 else self.line.values[index]

    def _is_since(self, begin: int) -> bool:
        return bool(SINCE.search(self._before(begin)))
