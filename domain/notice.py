"""What an analyst is told, and the row that makes sure of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.flood import FloodPolicy
from domain.grouping import Grouping, Kind
from domain.match import Match
from domain.quiet import QuietHours
from domain.time import require_utc


class Mode(StrEnum):
    """How a route tells: at once, or gathered at set times."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"


class DeliveryState(StrEnum):
    """Life of a delivery row. Only a channel's own "accepted" makes it ``sent``."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"  # refused for good; kept for the operator
    SILENCED = "silenced"  # told to nobody: a silence was in force
    DROPPED = "dropped"  # taken back by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """A decision to tell one channel of one hit article. Unique by (channel, mode, article)."""

    channel: str
    mode: Mode
    due_at: datetime
    route: str = ""  # the name of the route that opened it, for people
    rules: tuple[str, ...] = ()  # those that led here; empty: not known, any
    is_urgent: bool = False  # passes quiet hours; is told elsewhere while not acknowledged
    grouping: Grouping | None = None  # None: told as planned, whatever was told of its story
    later_at: datetime | None = None  # the channel's next digest; None: as due_at
    quiet: tuple[QuietHours, ...] = ()  # of the route and of the channel
    flood: FloodPolicy | None = None  # None: the route never turns to digests by itself

    def __post_init__(self) -> None:
        require_utc(self.due_at, "due_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Everything a message may say of one hit article: one notice, however many rules held."""

    article_id: int
    story_id: int
    title: str
    url: str
    outlet: str  # the source's name, for people
    language: str
    published_at: datetime | None
    first_seen: datetime
    text: str
    matches: tuple[Match, ...]  # best score first; evidence offsets count on title and text above


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A leased row of the outbox.

    ``key`` is stable and unique; Message-IDs and reference lines derive from it, so that a
    message sent twice after a crash is recognisable as one.
    """

    id: int
    key: str
    channel: str
    mode: Mode
    attempts: int  # tries before this one
    created_at: datetime
    notice: Notice
    lease: str = ""  # token of the claim; only its holder may settle the row
    kind: Kind = Kind.IMMEDIATE  # why it is told now
    is_urgent: bool = False
    route: str = ""  # the name of the route that opened it
    thread: str = ""  # receipt of the channel's first message on this story; empty: this opens it


class SendResult(StrEnum):
    """What a channel's answer means for the row."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """A channel's answer, with its reason. ``retry_after`` in seconds, when the channel says so."""

    result: SendResult
    reason: str = ""  # one line, no secret
    retry_after: float | None = None
    channel_wide: bool = (
        False  # True: the channel itself is at fault (login, address), not this message
    )
    receipt: str = ""  # what later messages on the story answer to: a Message-ID, Slack's ts


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What marsad says of itself, told once. ``key`` is unique."""

    key: str
    at: datetime
    subject: str
    body: str
    channel: str = ""  # to tell it to; empty: the operator's
    avoid: str = ""  # the channel that it is about, which cannot tell it
