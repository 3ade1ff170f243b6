"""Durations, times of day, time zones and quiet hours, as people write them in config.yaml."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from alerts.cleaning import one_line
from domain.errors import nearest
from domain.quiet import DAYS, QuietHours

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
HOME = "Africa/Algiers"


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if value in (0, "0"):
        return timedelta(0)
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is no duration; write 90s, 30m, 24h or 7d, or 0")
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise ValueError(f"{one_line(match[0], 40)} is too long; write 0 for no limit") from None


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value
    match = _TIME.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f'{value!r} is no time of day; write "07:30"')
    return time(int(match[1]), int(match[2]))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Africa" is a folder
        raise ValueError(f"{value!r} is no time zone; write one like Africa/Algiers") from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]


class QuietSettings(BaseModel):
    """From one time of day to another, over midnight where the second is not later."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    days: tuple[str, ...] = DAYS  # on which they begin
    timezone: Zone = HOME

    @field_validator("days")
    @classmethod
    def _are_days(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        short = tuple(day.strip().lower()[:3] for day in value)
        for given, day in zip(value, short, strict=True):
            if day not in DAYS:
                near = nearest(given.lower(), DAYS)
                raise ValueError(f"{one_line(given, 20)!r} is no day; {', '.join(DAYS)}{near}")
        if not short:
            raise ValueError("no day: leave days out for every day")
        return short

    @property
    def hours(self) -> QuietHours:
        """The hours themselves."""
        return QuietHours(start=self.start, end=self.end, timezone=self.timezone, days=self.days)


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Quiet = Annotated[tuple[QuietSettings, ...], BeforeValidator(_listed)]
