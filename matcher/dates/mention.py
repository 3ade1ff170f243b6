"""A date as a text says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Precision = Literal["day", "week", "month", "year"]
Edge = Literal["", "since", "until"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMention:
    """Words that name days: ``text[start:end]``, without the preposition before them."""

    start: int
    end: int
    first: date  # both ends included; equal for a single day
    last: date
    precision: Precision  # what the words pin down, not how long it is: a range of days is "day"
    kind: Literal["absolute", "relative"]  # relative: counted from the day of publication
    has_year: bool  # False also when the year follows from "last" or "next"
    edge: Edge = ""  # "since Monday", "until Friday": one end of something longer
