"""The ``alerts.heartbeat`` section: what is pinged, and when a line says that all is well."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr, field_validator, model_validator

from alerts.channel_settings import Settings, web_address
from alerts.times import HOME, ClockTime, Duration, Zone

_SHORTEST_BEAT = timedelta(seconds=10)


class DailySettings(Settings):
    """When a line says that all is well, and where; without ``channel`` where the operator is."""

    at: ClockTime
    timezone: Zone = HOME
    channel: str | None = None


class HeartbeatSettings(Settings):
    """A ping at an interval while all is well, and a daily line. The address is a secret."""

    url: SecretStr | None = None
    every: Duration = timedelta(minutes=5)
    allow_private_networks: bool | None = None
    daily: DailySettings | None = None

    @field_validator("url")
    @classmethod
    def _is_web(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else web_address("url", value)

    @field_validator("every")
    @classmethod
    def _is_no_storm(cls, value: timedelta) -> timedelta:
        if value < _SHORTEST_BEAT:
            raise ValueError(f"every must be {_SHORTEST_BEAT.seconds}s or more")
        return value

    @model_validator(mode="after")
    def _does_something(self) -> HeartbeatSettings:
        if self.url is None and self.daily is None:
            raise ValueError("heartbeat takes url, or daily, or both")
        return self
