"""Dates: which days a text names, and which of them are those of the event it reports.

Knows the words of dates in French, Arabic and English and the calendar. Never knows the
clock: everything relative counts from the day of publication it is given.
"""

from matcher.dates.event import event_dates
from matcher.dates.find import find_dates
from matcher.dates.mention import DateMention

__all__ = ["DateMention", "event_dates", "find_dates"]
