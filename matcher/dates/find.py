"""Finds dates in a text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from matcher.dates.counted import CountedDates
from matcher.dates.fixed import FixedDates
from matcher.dates.grammar import date_pattern
from matcher.dates.mention import DateMention
from matcher.dates.tokens import Line, lines
from matcher.dates.words import Vocabulary, vocabulary
from matcher.text import MatchText, normalise

MENTION_LIMIT = 2000


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


class _LineFinder(FixedDates, CountedDates):
    """Finds the dates of one line."""

    def __init__(
        self, form: MatchText, words: Vocabulary, line: Line, published: date | None
    ) -> None:
        super().__init__(form, words, line, published)
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
        pattern = date_pattern(month_first=self.words.month_first)
        found: list[DateMention] = []
        for match in pattern.finditer(self.text):
            begin, end = match.span()
            if match.lastgroup and not self._is_name(begin, end):
                found += self.readers[match.lastgroup](begin, end)
        return found
