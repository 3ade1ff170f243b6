"""The entries of ``alerts.channels``: one class a kind of channel, its secrets as secrets."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from alerts.guarding import literal_refusal
from alerts.phrasebook import Language
from alerts.times import Quiet

_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\]+", re.ASCII)
_WEB = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_SHORTEST_SECRET = 16  # bytes of a key for signatures
STANDARD_OUTPUT = "-"  # as the path of a file
KEY_MARK = "whsec_"  # before a key in base64, as the Standard Webhooks specification writes it


class Settings(BaseModel):
    """What every section of ``alerts`` holds to: nothing unknown, nothing changed later."""

    # What was given stays out of errors: it may hold a password.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _ChannelSettings(Settings):
    # whether the operator's notices go here: sources in trouble, sources that recovered
    operator: bool = False
    language: Language = "en"  # of what marsad says; titles and proofs stay as they are
    quiet_hours: Quiet = ()  # in which only urgent routes reach it


class _WebSettings(_ChannelSettings):
    # whether the far side may be in a private network; None: as the whole section says
    allow_private_networks: bool | None = None


def _is_address(text: str) -> bool:
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        return Address(addr_spec=text).addr_spec == text
    except (ValueError, IndexError, HeaderParseError):
        return False


def _is_known_to_apprise(url: str) -> bool:
    import apprise  # noqa: PLC0415 - half a second that only its users pay

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs addresses with tokens
    return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


def web_address(key: str, value: SecretStr) -> SecretStr:
    """Return the address without a file's last line break. Raises ValueError for what is none."""
    url = value.get_secret_value().strip()
    try:
        parts = urlsplit(url)
        is_whole = bool(_WEB.fullmatch(url) and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError(f"{key} must be an address that begins with https://")
    if "@" in parts.netloc:
        raise ValueError(f"{key} must hold no user name; a secret goes into its path or a header")
    return SecretStr(url)


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


class SlackSettings(_WebSettings):
    """Slack, by an incoming webhook or by a bot's token and the channel it posts to.

    Only a bot can answer in a thread. The webhook's address and the token are the secrets.
    """

    type: Literal["slack"]
    webhook_url: SecretStr | None = None
    bot_token: SecretStr | None = None
    channel: str | None = None
    api_url: str = "https://slack.com/api/"

    @field_validator("webhook_url")
    @classmethod
    def _is_http(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else web_address("webhook_url", value)

    @field_validator("bot_token")
    @classmethod
    def _is_token(cls, value: SecretStr | None) -> SecretStr | None:
        token = "" if value is None else value.get_secret_value().strip()
        if value is not None and not re.fullmatch(r"xox[a-z]-[A-Za-z0-9-]{6,}", token):
            raise ValueError("bot_token must be a token of a Slack app that begins with xoxb-")
        return SecretStr(token) if token else None

    @field_validator("channel")
    @classmethod
    def _is_channel(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[CGD][A-Z0-9]{2,}|#[\w-]{1,80}", value):
            raise ValueError('channel must be an id such as C0123456789, or a name such as "#desk"')
        return value

    @field_validator("api_url")
    @classmethod
    def _is_api(cls, value: str) -> str:
        return web_address("api_url", SecretStr(value)).get_secret_value().rstrip("/") + "/"

    @model_validator(mode="after")
    def _is_one_way(self) -> SlackSettings:
        if (self.webhook_url is None) == (self.bot_token is None):
            raise ValueError("slack takes either webhook_url, or bot_token with channel")
        if (self.bot_token is None) != (self.channel is None):
            raise ValueError("bot_token and channel go together")
        return self

    @property
    def web_addresses(self) -> tuple[tuple[str, str], ...]:
        """The addresses that are posted to, each with its key."""
        if self.webhook_url is not None:
            return (("webhook_url", self.webhook_url.get_secret_value()),)
        return (("api_url", self.api_url),)


class WebhookSettings(_WebSettings):
    """Any web server: JSON, signed with a secret that both sides know."""

    type: Literal["webhook"]
    url: SecretStr
    secret: SecretStr

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: SecretStr) -> SecretStr:
        return web_address("url", value)

    @field_validator("secret")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        words = value.get_secret_value().strip()
        if len(signing_key(words)) < _SHORTEST_SECRET:
            message = f"secret must have {_SHORTEST_SECRET} bytes or more; make one: "
            raise ValueError(f"{message}openssl rand -base64 32")
        return SecretStr(words)

    @property
    def web_addresses(self) -> tuple[tuple[str, str], ...]:
        """The addresses that are posted to, each with its key."""
        return (("url", self.url.get_secret_value()),)


class AppriseSettings(_WebSettings):
    """Any service that Apprise knows. The URL is the secret."""

    type: Literal["apprise"]
    url: SecretStr

    @field_validator("url")
    @classmethod
    def _has_a_scheme(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value().strip()
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[!-~]+", url, re.IGNORECASE):
            raise ValueError("url must be an address of Apprise, such as service://token")
        if not _is_known_to_apprise(url):
            raise ValueError(f"url: Apprise knows no service {url.partition(':')[0]}://, or not so")
        return SecretStr(url)


class FileSettings(_ChannelSettings):
    """A file that grows by a line of JSON a notice; ``-`` is standard output."""

    type: Literal["file"]
    path: str = Field(min_length=1)


class ConsoleSettings(_ChannelSettings):
    """Standard output of the daemon."""

    type: Literal["console"]


ChannelSettings = Annotated[
    EmailSettings
    | SlackSettings
    | WebhookSettings
    | AppriseSettings
    | FileSettings
    | ConsoleSettings,
    Field(discriminator="type"),
]


def signing_key(secret: str) -> bytes:
    """Return the key that ``secret`` stands for. Raises ValueError for base64 that is none."""
    if not secret.startswith(KEY_MARK):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(KEY_MARK), validate=True)
    except binascii.Error:
        raise ValueError(f"secret begins with {KEY_MARK} and goes on in no base64") from None


def private_addresses(channel: ChannelSettings) -> list[tuple[str, str]]:
    """Return (key, reason) of every address that is in a private network as it is written."""
    if not isinstance(channel, SlackSettings | WebhookSettings):
        return []
    refused = ((key, literal_refusal(urlsplit(url).hostname)) for key, url in channel.web_addresses)
    return [(key, reason) for key, reason in refused if reason]
