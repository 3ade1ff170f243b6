"""The ``crawler:`` section of config.yaml."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MEGABYTE = 1024 * 1024


def read_duration(value: object) -> object:
    """Turn ``30s``, ``5m``, ``6h``, ``2d`` (or ``0``) into a timedelta; leave a timedelta alone."""
    if isinstance(value, timedelta):
        return value
    if value == 0 and not isinstance(value, bool):
        return timedelta(0)
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration; write 30s, 5m, 6h or 2d")
    return timedelta(seconds=float(match[1]) * _UNIT_SECONDS[match[2]])


Duration = Annotated[timedelta, BeforeValidator(read_duration)]
PositiveDuration = Annotated[Duration, Field(gt=timedelta(0))]


class PollEvery(BaseModel):
    """The bounds of the adaptive pace of a source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: PositiveDuration = timedelta(minutes=5)
    max: PositiveDuration = timedelta(hours=6)

    @model_validator(mode="after")
    def _ordered(self) -> PollEvery:
        if self.min > self.max:
            raise ValueError("min must not be longer than max")
        return self


class CrawlSettings(BaseModel):
    """How marsad behaves on other people's servers. Every limit applies after decompression."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_agent: str = Field(default="marsad", min_length=1, pattern=r"^[\x20-\x7e]+$")
    poll_every: PollEvery = PollEvery()
    delay: Duration = Field(default=timedelta(seconds=1), ge=timedelta(0))
    allow_private_networks: bool = False
    include: tuple[str, ...] = ("dz",)

    feed_max_bytes: int = Field(default=8 * _MEGABYTE, gt=0)
    page_max_bytes: int = Field(default=4 * _MEGABYTE, gt=0)
    response_timeout: PositiveDuration = timedelta(seconds=30)  # wall clock, whole response
    connect_timeout: PositiveDuration = timedelta(seconds=10)
    redirects: int = Field(default=5, ge=0, le=20)
    items_per_visit: int = Field(default=500, gt=0)
    parse_memory: int = Field(
        default=512 * _MEGABYTE, ge=128 * _MEGABYTE
    )  # bytes, beside the rules
    parse_timeout: PositiveDuration = timedelta(seconds=20)  # for whoever builds the workers
    concurrency: int = Field(default=32, gt=0, le=512)  # visits at once, one request each
