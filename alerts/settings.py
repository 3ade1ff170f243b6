"""The ``alerts:`` section of config.yaml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time, timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from alerts.channel_settings import ChannelSettings, Settings, private_addresses
from alerts.heartbeat_settings import HeartbeatSettings
from alerts.times import HOME, ClockTime, Duration, Quiet, Zone
from domain.errors import nearest
from domain.notice import Mode

_COUNTRY = re.compile(r"(?!eu$|un$)[a-z]{2}", re.IGNORECASE)  # eu and un are bodies


def as_verdicts_write_it(partner: str) -> str:
    """Return a country's code in capitals, a body's id in small letters, however typed."""
    return partner.upper() if _COUNTRY.fullmatch(partner) else partner.lower()


class RouteSettings(Settings):
    """Which hits go to which channels, and how. An empty filter lets everything through.

    A hit goes to the first route of each mode that takes it; ``continue`` passes it on.
    """

    name: str = Field(default="", max_length=60)  # for people; "route 1" where it is empty
    goes_on: bool = Field(default=False, alias="continue")
    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = Field(min_length=1)
    mode: Literal["immediate", "digest", "both"] = "immediate"
    min_score: float = Field(default=0.0, ge=0.0, le=1.0)
    at: ClockTime | None = None
    timezone: Zone = HOME
    urgent: bool = False  # passes quiet hours; unacknowledged stories go up the escalation
    # None: as the whole section says
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    quiet_hours: Quiet = ()
    languages: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @field_validator("partners")
    @classmethod
    def _as_verdicts_write_them(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(as_verdicts_write_it, value))

    @model_validator(mode="after")
    def _digest_has_a_time(self) -> RouteSettings:
        if self.mode != "immediate" and self.at is None:
            raise ValueError('a digest needs at, e.g. at: "07:30"')
        return self

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in which the route tells."""
        return tuple(Mode) if self.mode == "both" else (Mode(self.mode),)


class FloodSettings(Settings):
    """A route turns to digests beyond so many ``alerts`` or ``hits`` within ``per``; 0: never."""

    alerts: int = Field(default=20, ge=0)
    hits: int = Field(default=300, ge=0)
    per: Duration = timedelta(minutes=10)

    @field_validator("per")
    @classmethod
    def _lasts(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=1):
            raise ValueError("must be a second or more; alerts: 0 and hits: 0 set no limit")
        return value


class EscalationSettings(Settings):
    """Whom to tell of an urgent story that nobody acknowledged for so long."""

    after: Duration
    channels: tuple[str, ...] = Field(min_length=1)


class AlertSettings(Settings):
    """Channels and routes. ``max_age``: an article older than this at first sight is not told."""

    max_age: Duration = timedelta(hours=24)
    # of every route that does not say; docs/alerts.md has their meaning
    group_wait: Duration = timedelta(0)
    group_interval: Duration = timedelta(0)
    repeat_interval: Duration = timedelta(0)
    # when channels without a digest are told of further reports
    updates_at: ClockTime = time(18, 0)
    timezone: Zone = HOME
    flood: FloodSettings = FloodSettings()
    escalation: tuple[EscalationSettings, ...] = ()
    # whether channels may post into private networks; None: as the crawler may fetch from them
    allow_private_networks: bool | None = None
    channels: dict[str, ChannelSettings] = Field(default_factory=dict)
    routes: tuple[RouteSettings, ...] = ()
    heartbeat: HeartbeatSettings | None = None

    def unknown_channels(self) -> list[tuple[str, int, int, str]]:
        """Return (section, number, position, message) of every channel that is named in vain."""
        faults = []
        sections: dict[str, Sequence[RouteSettings | EscalationSettings]]
        sections = {"routes": self.routes, "escalation": self.escalation}
        for section, entries in sections.items():
            for number, entry in enumerate(entries):
                for position, name in enumerate(entry.channels):
                    if name not in self.channels:
                        message = f"no channel {name!r}{nearest(name, self.channels)}"
                        faults.append((section, number, position, message))
        return faults

    def may_go_private(self, channel: ChannelSettings | HeartbeatSettings, default: bool) -> bool:
        """Whether ``channel`` may post into a private network; ``default`` where nothing says."""
        for said in (getattr(channel, "allow_private_networks", None), self.allow_private_networks):
            if said is not None:
                return bool(said)
        return default

    def private_channels(self, default: bool) -> list[tuple[str, str, str]]:
        """Return (channel, key, message) of every address in a private network not allowed."""
        return [
            (name, key, f"{reason}; allow_private_networks: true on the channel allows it")
            for name, channel in self.channels.items()
            if not self.may_go_private(channel, default)
            for key, reason in private_addresses(channel)
        ]
