"""The ``alerts:`` section of config.yaml."""

from __future__ import annotations

import re
from datetime import time, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from alerts.cleaning import one_line
from domain.errors import nearest
from domain.notice import Mode

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\]+", re.ASCII)
_WEBHOOK = re.compile(r"https?://[!-~]+")


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


def _is_address(text: str) -> bool:
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        return Address(addr_spec=text).addr_spec == text
    except (ValueError, IndexError, HeaderParseError):
        return False


class _Settings(BaseModel):
    # What was given stays out of errors: it may hold a password.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _ChannelSettings(_Settings):
    # whether the operator's notices go here: sources in trouble, sources that recovered
    operator: bool = False


class EmailSettings(_ChannelSettings):
    """An SMTP server and those it carries mail to. ``username`` and ``password`` go together."""

    type: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = Field(default=None, min_length=1)
    sender: str
    recipients: tuple[str, ...] = Field(min_length=1)

    @field_validator("sender", "recipients")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for address in (value,) if isinstance(value, str) else value:
            if not _is_address(address):
                raise ValueError(f"{address!r} is no mail address; write one like desk@example.org")
        return value

    @model_validator(mode="after")
    def _login_is_whole(self) -> EmailSettings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        return self


class SlackSettings(_ChannelSettings):
    """An incoming webhook of Slack. The URL is the secret."""

    type: Literal["slack"]
    webhook_url: SecretStr

    @field_validator("webhook_url")
    @classmethod
    def _is_http(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value().strip()  # a file's last line break comes along
        if not _WEBHOOK.fullmatch(url):
            raise ValueError("webhook_url must be an address that begins with https://")
        return SecretStr(url)


class AppriseSettings(_ChannelSettings):
    """Any service that Apprise knows. The URL is the secret."""

    type: Literal["apprise"]
    url: SecretStr

    @field_validator("url")
    @classmethod
    def _has_a_scheme(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value().strip()
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[!-~]+", url, re.IGNORECASE):
            raise ValueError("url must be an address of Apprise, such as service://token")
        return SecretStr(url)


class ConsoleSettings(_ChannelSettings):
    """Standard output of the daemon."""

    type: Literal["console"]


ChannelSettings = Annotated[
    EmailSettings | SlackSettings | AppriseSettings | ConsoleSettings,
    Field(discriminator="type"),
]


class RouteSettings(_Settings):
    """Which hits go to which channels, and how. An empty filter lets everything through."""

    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = Field(min_length=1)
    mode: Literal["immediate", "digest", "both"] = "immediate"
    min_score: float = Field(default=0.0, ge=0.0, le=1.0)
    at: Annotated[time, BeforeValidator(_clock_time)] | None = None
    timezone: str = "Africa/Algiers"
    languages: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Africa" is a folder
            raise ValueError(f"{value!r} is no time zone; write one like Africa/Algiers") from None
        return value

    @model_validator(mode="after")
    def _digest_has_a_time(self) -> RouteSettings:
        if self.mode != "immediate" and self.at is None:
            raise ValueError('a digest needs at, e.g. at: "07:30"')
        return self

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in which the route tells."""
        return tuple(Mode) if self.mode == "both" else (Mode(self.mode),)


class AlertSettings(_Settings):
    """Channels and routes. ``max_age``: an article older than this at first sight is not told."""

    max_age: Annotated[timedelta, BeforeValidator(_duration)] = timedelta(hours=24)
    channels: dict[str, ChannelSettings] = {}
    routes: tuple[RouteSettings, ...] = ()

    def unknown_channels(self) -> list[tuple[int, int, str]]:
        """Return (route, position, message) of every channel that a route names in vain."""
        faults = []
        for number, route in enumerate(self.routes):
            for position, name in enumerate(route.channels):
                if name not in self.channels:
                    message = f"no channel {name!r}{nearest(name, self.channels)}"
                    faults.append((number, position, message))
        return faults
