"""Dates counted from the day of publication: yesterday, last Tuesday, this week."""

from __future__ import annotations

from matcher.dates import almanac
from matcher.dates.context import Context
from matcher.dates.mention import DateMention
from matcher.dates.words import DAY_WORD, WEEKDAY


class CountedDates(Context):
    """Reads what means nothing without a day of publication."""

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
