"""Reckoning: from what a text leaves out to a day of the calendar.

Every function is total: a day that does not exist is None, never an exception.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

Lean = Literal["", "last", "next", "this", "until", "future"]

# A year before this is history to a press that is read day by day, not the date of its news.
EARLIEST_YEAR = 1990
LATEST_YEAR = 2099
_UNTIL_AHEAD = 4  # days: "until Friday" said on a Saturday looks back, on a Monday ahead
_WEEKEND_BACK = 3  # days from its Friday: on Monday "the week-end" is still the last one
_CURRENT_AHEAD = 20  # days: "the 28th instant" read on the 1st was written the month before


def day_of(year: int, month: int, day: int) -> date | None:
    """Return that day, None when the calendar has none."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def shifted(day: date, days: int) -> date | None:
    """Return ``day`` moved, None outside the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def nearest(month: int, day: int, published: date, lean: Lean = "") -> date | None:
    """Return the occurrence of a day and month closest to ``published``, or before or after it."""
    years = range(published.year - 1, published.year + 2)
    found = [d for year in years if (d := day_of(year, month, day)) is not None]
    if lean == "last":
        found = [d for d in found if d < published]
    elif lean == "next":
        found = [d for d in found if d > published]
    return min(found, key=lambda d: abs((d - published).days), default=None)


def latest_before(month: int, day: int, last: date) -> date | None:
    """Return the last occurrence of a day and month not after ``last``."""
    for year in (last.year, last.year - 1):
        found = day_of(year, month, day)
        if found is not None and found <= last:
            return found
    return None


def month_span(year: int, month: int) -> tuple[date, date] | None:
    """Return the first and the last day of a month."""
    first = day_of(year, month, 1)
    after = day_of(year + month // 12, month % 12 + 1, 1)
    if first is None or after is None:
        return None
    return first, after - timedelta(days=1)


def nearest_month(month: int, published: date, lean: Lean = "") -> tuple[date, date] | None:
    """Return the span of the occurrence of ``month`` closest to ``published``."""
    middle = nearest(month, 15, published)
    if middle is None:
        return None
    ahead = (middle.year, month) > (published.year, published.month)
    behind = (middle.year, month) < (published.year, published.month)
    year = middle.year
    if lean == "last" and not behind:
        year -= 1
    elif lean == "next" and not ahead:
        year += 1
    return month_span(year, month)


def month_shifted(published: date, months: int) -> tuple[int, int]:
    """Return year and month so many months away."""
    index = published.year * 12 + published.month - 1 + months
    return index // 12, index % 12 + 1


def day_of_current_month(day: int, published: date) -> date | None:
    """Return that day of the month in which the text was written."""
    found = day_of(published.year, published.month, day)
    if found is None or (found - published).days > _CURRENT_AHEAD:
        year, month = month_shifted(published, -1)
        return day_of(year, month, day) or found
    return found


def weekday(number: int, published: date, lean: Lean = "") -> date | None:
    """Return the day a weekday (0 is Monday) stands for in a text of ``published``."""
    back = (published.weekday() - number) % 7  # days since the last one, 0 today
    ahead = (7 - back) % 7
    if lean == "last":
        return shifted(published, -(back or 7))
    if lean == "next":
        return shifted(published, ahead or 7)
    if lean == "future" or (lean == "until" and ahead <= _UNTIL_AHEAD):
        return shifted(published, ahead)
    if lean == "this" and ahead <= 3:
        return shifted(published, ahead)
    return shifted(published, -back)


def week(published: date, weeks: int) -> tuple[date, date] | None:
    """Return the Sunday and the Saturday of a week, as weeks run in Algeria."""
    sunday = shifted(published, -((published.weekday() + 1) % 7) + 7 * weeks)
    saturday = shifted(sunday, 6) if sunday else None
    return (sunday, saturday) if sunday and saturday else None


def weekend(published: date, lean: Lean) -> tuple[date, date] | None:
    """Return the Friday and the Saturday meant: those of Algeria."""
    friday = weekday(4, published, "last" if lean == "last" else "")
    if friday is not None and lean != "last" and (published - friday).days > _WEEKEND_BACK:
        friday = shifted(friday, 7)
    if friday is not None and lean == "next" and friday <= published:
        friday = shifted(friday, 7)
    saturday = shifted(friday, 1) if friday else None
    return (friday, saturday) if friday and saturday else None
