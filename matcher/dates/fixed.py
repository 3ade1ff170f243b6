"""Dates of the calendar: the 4th of December, from the 4th to the 6th, in December."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from matcher.dates import almanac
from matcher.dates.almanac import Lean
from matcher.dates.context import Context
from matcher.dates.mention import DateMention
from matcher.dates.words import MONTH, NUMBER, YEAR

_TWO_DIGIT_YEAR = 31  # the reader knows two digits up to here as a number


class _Point:
    """A day as far as its words tell."""

    __slots__ = ("day", "month", "year")

    def __init__(self, day: int, month: int | None = None, year: int | None = None) -> None:
        self.day, self.month, self.year = day, month, year


class FixedDates(Context):
    """Reads what has a month or a year in it."""

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
            if first and first[0] > self.published and self._is_since(begin):
                last = first = almanac.month_span(first[0].year - 1, months[-1])
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
