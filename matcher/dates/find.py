"""Finds dates in a text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

from matcher.dates import almanac
from matcher.dates.almanac import EARLIEST_YEAR, LATEST_YEAR, Lean
from matcher.dates.grammar import (
    AHEAD,
    CONTEXT,
    DAY_FIRST,
    EITHER_FIRST,
    HABIT,
    NAMED,
    SINCE,
    UNTIL,
)
from matcher.dates.mention import DateMention, Edge, Precision
from matcher.dates.tokens import Line, lines
from matcher.dates.words import DAY_WORD, MONTH, NUMBER, WEEKDAY, YEAR, Vocabulary, vocabulary
from matcher.text import MatchText, normalise

Span = tuple[date, date] | None
_LEANS: dict[str, Lean] = {"L": "last", "X": "next", "C": "this", "T": "this"}
MENTION_LIMIT = 2000
_TWO_DIGIT_YEAR = 31  # the reader knows two digits up to here as a number


def find_dates(text: str | MatchText, language: str, published: date | None) -> list[DateMention]:
    """Return the dates that ``text`` mentions, in order, none overlapping another.

    ``language`` is fr, ar, en or anything else for all three at once. What counts from the
    day of publication is left out when ``published`` is None. A year left out is the one
    that brings the date closest to publication. Stops soon after ``MENTION_LIMIT`` dates: more is
    a calendar, not a report. Linear in the length; never raises.
    """
    form = text if isinstance(text, MatchText) else normalise(text)
    words = vocabulary(language)
    found: list[DateMention] = []
    for line in lines(form, words):
        if len(found) >= MENTION_LIMIT:
            break
        found += _LineFinder(form, words, line, published).mentions()
    return found


class _Point:
    """A day as far as its words tell."""

    __slots__ = ("day", "month", "year")

    def __init__(self, day: int, month: int | None = None, year: int | None = None) -> None:
        self.day, self.month, self.year = day, month, year


class _LineFinder:
    def __init__(
        self, form: MatchText, words: Vocabulary, line: Line, published: date | None
    ) -> None:
        self.form, self.words, self.line, self.published = form, words, line, published
        self.text = "".join(line.letters)
        self.readers: dict[str, Callable[[int, int], list[DateMention]]] = {
            "numeric": self._numeric,
            "numeric_range": self._numeric,
            "months_between": self._range,
            "days_across": self._range,
            "month_first_across": self._range,
            "days": self._days,
            "month_first": self._days,
            "today": self._today,
            "weekdays": self._weekdays,
            "weekend": self._weekend,
            "week": self._week,
            "relative_month": self._relative_month,
            "relative_year": self._relative_year,
            "months": self._months,
        }

    def mentions(self) -> list[DateMention]:
        pattern = EITHER_FIRST if self.words.month_first else DAY_FIRST
        found: list[DateMention] = []
        for match in pattern.finditer(self.text):
            begin, end = match.span()
            if match.lastgroup and not self._is_name(begin, end):
                found += self.readers[match.lastgroup](begin, end)
        return found

    # --- what stands around ---------------------------------------------------------------

    def _before(self, begin: int) -> str:
        return self.text[max(0, begin - CONTEXT) : begin]

    def _is_name(self, begin: int, end: int) -> bool:
        """Whether the date belongs to a name or to a habit, or to no day at all."""
        letters, before = self.text[begin:end], self._before(begin)
        if letters[0] == WEEKDAY and NUMBER not in letters:
            return bool(HABIT.search(before))
        if letters == DAY_WORD or letters[:2] == "PR":
            return self._is_noun(begin, end)
        return NUMBER in letters and YEAR not in letters and bool(NAMED.search(before))

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

    # --- days of the calendar -------------------------------------------------------------

    def _points(self, begin: int, end: int) -> list[_Point]:
        """Read days with the month and the year that goes with each."""
        points: list[_Point] = []
        pending: int | None = None  # a month before its day
        for index in range(begin, end):
            letter, value = self.line.letters[index], self.line.values[index]
            if letter == NUMBER:
                points.append(_Point(value, pending))
            elif letter == MONTH:
                bare = [p for p in points if p.month is None]
                for point in bare:
                    point.month = value
                if not bare and self.line.letters[index - 1] not in "/(":
                    pending = value
            elif letter == YEAR and points:
                points[-1].year = value
        return points

    def _resolve(self, point: _Point, lean: Lean) -> date | None:
        if point.month is None:
            return self._of_this_month(point.day, lean)
        if point.year is not None:
            return almanac.day_of(point.year, point.month, point.day)
        if self.published is None:
            return None
        return almanac.nearest(point.month, point.day, self.published, lean)

    def _of_this_month(self, day: int, lean: Lean) -> date | None:
        if self.published is None:
            return None
        if lean in ("last", "next"):
            step = 1 if lean == "next" else -1
            return almanac.day_of(*almanac.month_shifted(self.published, step), day)
        return almanac.day_of_current_month(day, self.published)

    def _first(self, point: _Point, last: date, lean: Lean) -> date | None:
        """Return the first day of a range that ends on ``last``."""
        if point.year is not None:
            return self._resolve(point, lean)
        month = point.month or last.month
        if point.month is None and point.day > last.day:
            year, month = almanac.month_shifted(last, -1)
            return almanac.day_of(year, month, point.day)
        return almanac.latest_before(month, point.day, last)

    def _calendar_lean(self, begin: int, end: int) -> Lean:
        letters = self.text[begin:end]
        return "last" if "L" in letters else "next" if "X" in letters else ""

    def _range(self, begin: int, end: int) -> list[DateMention]:
        points, lean = self._points(begin, end), self._calendar_lean(begin, end)
        last = self._resolve(points[-1], lean)
        first = self._first(points[0], last, lean) if last else None
        if first is None or last is None or first > last:
            return []
        has_year = points[-1].year is not None
        return self._mention(begin, end, (first, last), has_year=has_year)

    def _days(self, begin: int, end: int) -> list[DateMention]:
        """Read one day, a range, or a list; a list with gaps gives a mention for each day."""
        points, lean = self._points(begin, end), self._calendar_lean(begin, end)
        for point in points:
            point.year = points[-1].year
        last = self._resolve(points[-1], lean)
        if last is None:
            return []
        has_year = points[-1].year is not None
        days = [p.day for p in points]
        is_run = all(b - a == 1 for a, b in pairwise(days))
        if is_run or (len(points) == 2 and self._is_through(begin, end)):
            points[0].year = None
            if points[0].month is not None and points[0].day > last.day:
                points[0].month = None
            first = self._first(points[0], last, lean) if len(points) > 1 else last
            span = (first, last) if first else None
            return self._mention(begin, end, span, has_year=has_year)
        return self._each(begin, end, points, lean)

    def _is_through(self, begin: int, end: int) -> bool:
        letters = self.text[begin:end]
        return any(mark in letters for mark in "aA-") or self._before(begin).endswith(("B", "Bl"))

    def _each(self, begin: int, end: int, points: list[_Point], lean: Lean) -> list[DateMention]:
        found: list[DateMention] = []
        at = [i for i in range(begin, end) if self.line.letters[i] == NUMBER]
        for index, point in zip(at, points, strict=True):
            day = self._resolve(point, lean)
            stop = end if point is points[-1] else index + 1
            span = (day, day) if day else None
            found += self._mention(index, stop, span, has_year=point.year is not None)
        return found

    def _numeric(self, begin: int, end: int) -> list[DateMention]:
        values = [
            (self.line.letters[i], self.line.values[i])
            for i in range(begin, end)
            if self.line.letters[i] in (NUMBER, YEAR)
        ]
        days = [self._numeric_day(values[i : i + 3]) for i in range(0, len(values) - 2, 3)]
        first, last = days[0], days[-1]
        if first is None or last is None or first > last:
            return []
        return self._mention(begin, end, (first, last), has_year=True)

    @staticmethod
    def _numeric_day(parts: list[tuple[str, int]]) -> date | None:
        """Read day, month, year as the press here writes them, month first where that fails."""
        (letter, a), (_, b), (_, c) = parts
        if letter == YEAR:
            return almanac.day_of(a, b, c)
        year = c + 2000 if c <= _TWO_DIGIT_YEAR else c
        return almanac.day_of(year, b, a) or almanac.day_of(year, a, b)

    # --- days counted from publication ----------------------------------------------------

    def _value(self, letter: str, begin: int, end: int) -> int | None:
        index = self.text.find(letter, begin, end)
        return None if index < 0 else self.line.values[index]

    def _today(self, begin: int, end: int) -> list[DateMention]:
        shift = self._value(DAY_WORD, begin, end)
        if self.published is None or shift is None:
            return []
        day = almanac.shifted(self.published, shift)
        weekday = self._value(WEEKDAY, begin, end)
        if day is not None and weekday is not None:
            # A text of the agency printed a day later keeps its "today": the weekday is right.
            steps = (weekday - day.weekday() + 3) % 7 - 3
            day = almanac.shifted(day, steps)
        span = (day, day) if day else None
        return self._mention(begin, end, span, is_relative=True)

    def _weekdays(self, begin: int, end: int) -> list[DateMention]:
        if self.published is None:
            return []
        at = [i for i in range(begin, end) if self.line.letters[i] == WEEKDAY]
        lean = self._lean(begin, end)
        first = almanac.weekday(self.line.values[at[0]], self.published, lean)
        last = first
        if len(at) > 1 and lean == "last":
            last = almanac.weekday(self.line.values[at[-1]], self.published, lean)
            first = almanac.weekday(self.line.values[at[0]], last, "") if last else None
        elif len(at) > 1 and first is not None:
            last = almanac.weekday(self.line.values[at[-1]], first, "next")
        span = (first, last) if first and last else None
        return self._mention(begin, end, span, is_relative=True)

    def _weekend(self, begin: int, end: int) -> list[DateMention]:
        lean = self._lean(begin, end)
        span = almanac.weekend(self.published, lean) if self.published else None
        return self._mention(begin, end, span, is_relative=True)

    def _step(self, begin: int, end: int) -> int:
        letters = self.text[begin:end]
        return -1 if "L" in letters else 1 if "X" in letters else 0

    def _week(self, begin: int, end: int) -> list[DateMention]:
        step = self._step(begin, end)
        span = almanac.week(self.published, step) if self.published else None
        return self._mention(begin, end, span, precision="week", is_relative=True)

    def _relative_month(self, begin: int, end: int) -> list[DateMention]:
        if self.published is None:
            return []
        year, month = almanac.month_shifted(self.published, self._step(begin, end))
        span = almanac.month_span(year, month)
        return self._mention(begin, end, span, precision="month", is_relative=True)

    def _relative_year(self, begin: int, end: int) -> list[DateMention]:
        if self.published is None:
            return []
        year = self.published.year + self._step(begin, end)
        first, last = almanac.day_of(year, 1, 1), almanac.day_of(year, 12, 31)
        span = (first, last) if first and last else None
        return self._mention(begin, end, span, precision="year", is_relative=True)

    def _months(self, begin: int, end: int) -> list[DateMention]:
        months = self._month_values(begin, end)
        year = self._value(YEAR, begin, end)
        if year is not None:
            last = almanac.month_span(year, months[-1])
            year -= months[0] > months[-1]
            first = almanac.month_span(year, months[0])
        elif self.published is not None:
            lean = self._calendar_lean(begin, end)
            last = first = almanac.nearest_month(months[-1], self.published, lean)
        else:
            return []
        span = (first[0], last[1]) if first and last else None
        begin = self.text.index(MONTH, begin)
        return self._mention(begin, end, span, precision="month", has_year=year is not None)

    def _month_values(self, begin: int, end: int) -> list[int]:
        """Return the months named, a second name for the same one left out."""
        return [
            self.line.values[i]
            for i in range(begin, end)
            if self.line.letters[i] == MONTH
            and (i == begin or self.line.letters[i - 1] not in "/(")
        ]
