"""The ``cluster:`` section of config.yaml."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from crawler.settings import PositiveDuration


class ClusterSettings(BaseModel):
    """How workers share the work. Every worker of one database has the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visits: int = Field(default=16, ge=1, le=256)  # hosts that one worker visits at once
    # without a sign of life for so long, a worker is taken for dead and its work handed on
    stalled_after: PositiveDuration = timedelta(seconds=30)
