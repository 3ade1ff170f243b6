"""The ``web`` section of the configuration."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_SHORTEST_SECRET = 12  # characters: what is guessed over a network is guessed slowly


class WebSettings(BaseModel):
    """Where the page is served, and who may read it.

    Without a token or a user the page is read-only and stays on this machine's loopback.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8040, ge=1, le=65535)
    token: SecretStr | None = None  # as ``Authorization: Bearer``, or any user's password
    users: dict[str, SecretStr] = {}  # name: password, for the browser's own dialogue
    hosts: tuple[str, ...] = ()  # names by which a proxy in front is called

    @field_validator("token")
    @classmethod
    def _is_no_word(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _require_long(value, "token")
        return value

    @field_validator("users")
    @classmethod
    def _are_users(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, password in value.items():
            if not name or ":" in name:
                raise ValueError("a user's name has letters and no colon")
            _require_long(password, f"password of {name}")
        return value

    @model_validator(mode="after")
    def _is_guarded(self) -> WebSettings:
        if not is_loopback(self.host) and not self.is_guarded:
            raise ValueError(
                f"host {self.host} can be reached from other machines: set web.token or web.users,"
                " or leave host at 127.0.0.1"
            )
        return self

    @property
    def is_guarded(self) -> bool:
        """Whether somebody has to say who he is; only then may anything be changed."""
        return self.token is not None or bool(self.users)

    def secrets(self) -> list[str]:
        """Return every secret value, for the logs to leave out."""
        held = [*self.users.values(), *((self.token,) if self.token is not None else ())]
        return [secret.get_secret_value() for secret in held]


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine and no other can reach it."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _require_long(secret: SecretStr, name: str) -> None:
    if len(secret.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError(f"the {name} needs at least {_SHORTEST_SECRET} characters")
