"""What alerting needs from outside, declared where it is called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from alerts.pace import ChannelPace
from domain.notice import Delivery, Mode, SendOutcome


class Outbox(Protocol):
    """The delivery table. A row is leased, tried, and settled; a lease that expires frees it."""

    async def claim(
        self, channel: str, mode: Mode, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Delivery]:
        """Lease up to ``limit`` due rows of ``channel`` and ``mode``, oldest first."""

    async def settle(
        self,
        deliveries: Sequence[Delivery],
        outcome: SendOutcome,
        now: datetime,
        next_try: datetime | None,
    ) -> None:
        """Write the outcome: sent, failed for good, or pending again at ``next_try``.

        Only rows whose lease is still ours are written (a zombie's are not). A
        channel-wide outcome does not count as an attempt of the row.
        """

    async def next_due(self, channel: str) -> datetime | None:
        """When the next row of ``channel`` falls due or its lease expires; None: no row waits."""

    async def overdue(self, channel: str, made_by: datetime, due_by: datetime) -> int:
        """How many rows of ``channel`` wait, each for a message of its own, since long ago.

        They were made by ``made_by``, and may go by ``due_by``. What is urgent is not counted.
        """


class PaceShelf(Protocol):
    """Remembers how a channel fares, for the next program that serves it."""

    async def pace(self, channel: str) -> ChannelPace:
        """Return what was last put, or a pace that says nothing."""

    async def put_pace(self, channel: str, pace: ChannelPace) -> None:
        """Keep ``pace`` in place of an older one."""


class Channel(Protocol):
    """A way to reach people. ``send`` never raises for what the far side does: it returns."""

    name: str
    gap: float  # seconds to leave between two messages

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """Send one message holding ``deliveries`` (exactly one unless ``digest``)."""

    async def close(self) -> None:
        """Give back connections."""
