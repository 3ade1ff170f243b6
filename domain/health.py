"""How a source fares, in the words of an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.time import require_utc


class HealthState(StrEnum):
    """What is to be said of a source, or of one of its ways in."""

    NEW = "new"  # not visited yet
    OK = "ok"
    QUIET = "quiet"  # it answers, and has published nothing for longer than it is used to
    SILENT = "silent"  # for so much longer that something must be wrong
    FAILING = "failing"  # it does not answer as it should
    REFUSED = "refused"  # it answers that it does not want us: robots.txt, 403, login, challenge
    MOVED = "moved"  # it answers elsewhere, and the configuration should say so
    GONE = "gone"  # it says, or has shown for days, that it is no more

    @property
    def is_trouble(self) -> bool:
        """Whether an operator wants to hear of it."""
        return self not in (HealthState.NEW, HealthState.OK, HealthState.QUIET)


class Impostor(StrEnum):
    """What a server may give in place of what was asked."""

    CHALLENGE = "a bot challenge"
    LOGIN = "a login page"
    PARKED = "the page of a parked domain"
    HOME = "a home page"
    PAGE = "an HTML page"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayHealth:
    """What is remembered of one way into a source. ``url`` is the address as configured."""

    url: str
    state: HealthState = HealthState.NEW
    reason: str = ""
    since: datetime | None = None  # begin of the state
    failures: int = 0  # in a row
    newest: datetime | None = None  # publication of the newest article that it listed
    address: str | None = None  # where it is read now, when that is not ``url``
    moved_to: str | None = None  # where the last permanent redirect led
    moved_seen: int = 0  # visits in a row that were led there
    moved_since: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("since", "newest", "moved_since"):
            value = getattr(self, name)
            if value is not None:
                require_utc(value, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of a source with its reason, and what the operator heard of it last."""

    state: HealthState
    since: datetime
    reason: str = ""  # one line; empty when all is well
    told: HealthState = HealthState.OK
    is_sure: bool = False  # seen often enough to be told

    def __post_init__(self) -> None:
        require_utc(self.since, "since")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChange:
    """A source went from one state to another."""

    source_id: str
    name: str
    at: datetime
    before: HealthState
    state: HealthState
    reason: str
    next_try: datetime | None = None

    @property
    def is_recovery(self) -> bool:
        """Whether a trouble ended."""
        return self.before.is_trouble and not self.state.is_trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthNotice:
    """What an operator is told at once: troubles first, then recoveries."""

    changes: tuple[HealthChange, ...]
    sources: int  # configured, for scale

    @property
    def troubles(self) -> tuple[HealthChange, ...]:
        """The changes for the worse, or from one trouble to another."""
        return tuple(change for change in self.changes if change.state.is_trouble)

    @property
    def recoveries(self) -> tuple[HealthChange, ...]:
        """The changes for the better."""
        return tuple(change for change in self.changes if not change.state.is_trouble)
