"""Drains the outbox: a task a channel, a lease a row, and only "accepted" marks it sent."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from alerts.ports import Channel, Outbox
from alerts.retry import RetryPolicy, next_try
from domain.errors import MarsadError
from domain.notice import Delivery, Mode, SendOutcome, SendResult

_log = logging.getLogger(__name__)
SEND_LIMIT = 45.0  # seconds for one message, whatever its channel does
LEASE = timedelta(seconds=60)  # covers one send; a crash delays its one message by no more
_AT_ONCE = {Mode.IMMEDIATE: 1, Mode.DIGEST: 1000}  # rows in one message
_LOOK_AGAIN = 30.0  # seconds: another process may have written rows


def _no_failpoint(step: str) -> None:
    del step


class Dispatcher:
    """Sends what is due, channel by channel. A channel that fails never holds up another."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        *,
        clock: Callable[[], datetime],
        rng: Random,
        policy: RetryPolicy | None = None,
        failpoint: Callable[[str], None] = _no_failpoint,
        limit: float = SEND_LIMIT,
    ) -> None:
        self._channels = channels
        self._outbox = outbox
        self._clock = clock
        self._rng = rng
        self._policy = policy or RetryPolicy()
        self._failpoint = failpoint
        self._limit = limit
        self._news = {name: asyncio.Event() for name in channels}
        self._failures: Counter[str] = Counter()  # channel-wide failures in a row
        self._pauses: dict[str, tuple[datetime, datetime]] = {}  # from, until
        self._free_at: dict[str, float] = {}  # the loop's time of the next message's turn

    def poke(self) -> None:
        """Say that rows were written: nobody sleeps until its next look."""
        for event in self._news.values():
            event.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Drain until ``stop``; a message that is being sent is finished first.

        Cancelled, it hands back the message that it was sending.
        """
        async with asyncio.TaskGroup() as group:
            for channel in self._channels.values():
                group.create_task(self._serve(channel, stop))
            await stop.wait()
            self.poke()

    async def drain_once(self) -> dict[str, int]:
        """Deliver everything that is due now; return how many rows came to which result."""
        counts: Counter[str] = Counter()
        due_by = self._clock()
        channels = self._channels.values()
        for count in await asyncio.gather(*(self._drain(c, due_by=due_by) for c in channels)):
            counts.update(count)
        return dict(counts)

    async def _serve(self, channel: Channel, stop: asyncio.Event) -> None:
        news = self._news[channel.name]
        while not stop.is_set():
            news.clear()
            try:
                await self._drain(channel, stop=stop)
                wait = await self._until_due(channel)
            except MarsadError as error:
                _log.warning("channel %s: %s", channel.name, error)
                wait = 5.0
            except Exception:  # noqa: BLE001 - the top loop: one channel's fault stays its own
                _log.exception("channel %s: a fault of marsad's own", channel.name)
                wait = 30.0
            await self._sleep(news, stop, wait)

    async def _sleep(self, news: asyncio.Event, stop: asyncio.Event, wait: float) -> None:
        if stop.is_set():
            return
        try:
            async with asyncio.timeout(wait):
                await news.wait()
        except TimeoutError:
            pass

    async def _until_due(self, channel: Channel) -> float:
        due = await self._outbox.next_due(channel.name)
        if due is None:
            return _LOOK_AGAIN
        now = self._clock()
        if self._is_paused(channel):
            due = max(due, self._pauses[channel.name][1])
        return min(max((due - now).total_seconds(), 0.05), _LOOK_AGAIN)

    def _is_paused(self, channel: Channel) -> bool:
        """Whether the channel asked for peace. A clock that was set back ends a pause."""
        pause = self._pauses.get(channel.name)
        return pause is not None and pause[0] <= self._clock() < pause[1]

    async def _drain(
        self,
        channel: Channel,
        *,
        stop: asyncio.Event | None = None,
        due_by: datetime | None = None,
    ) -> Counter[str]:
        """Send message after message until none is due, the channel fails or we stop.

        Rows are leased a message at a time: whoever waits is free for the next start to find.
        """
        counts: Counter[str] = Counter()
        for mode in Mode:
            while not self._is_paused(channel) and not (stop and stop.is_set()):
                await self._turn(channel)
                now = self._clock()
                due = due_by or now  # a row that fell due meanwhile waits for the next drain
                lease = max(now - due, timedelta(0)) + LEASE
                rows = await self._outbox.claim(channel.name, mode, due, lease, _AT_ONCE[mode])
                if not rows:
                    break
                outcome = await self._send(channel, rows, is_digest=mode is Mode.DIGEST)
                counts[outcome.result] += len(rows)
        return counts

    async def _turn(self, channel: Channel) -> None:
        """Wait until the channel may be written to again."""
        left = self._free_at.get(channel.name, 0.0) - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)

    async def _send(
        self, channel: Channel, rows: Sequence[Delivery], *, is_digest: bool
    ) -> SendOutcome:
        self._failpoint("before-send")
        outcome = await self._attempt(channel, rows, is_digest=is_digest)
        self._failpoint("after-send")
        self._free_at[channel.name] = asyncio.get_running_loop().time() + channel.gap
        await self._settle(channel, rows, outcome)
        is_good = outcome.result is SendResult.ACCEPTED and not outcome.reason
        suffix = f": {outcome.reason}" if outcome.reason else ""
        level = logging.INFO if is_good else logging.WARNING
        _log.log(level, "channel %s: %s %d%s", channel.name, outcome.result, len(rows), suffix)
        return outcome

    async def _attempt(
        self, channel: Channel, rows: Sequence[Delivery], *, is_digest: bool
    ) -> SendOutcome:
        """Send, whatever the channel does: an endless send or a fault of ours is an outcome."""
        try:
            async with asyncio.timeout(self._limit):
                return await channel.send(rows, digest=is_digest)
        except TimeoutError:
            reason = f"no answer within {self._limit:g} s; possibly sent"
            return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        except asyncio.CancelledError:
            await self._hand_back(rows)
            raise
        except Exception as error:  # noqa: BLE001 - a message that breaks us must not stop the rest
            _log.exception("channel %s: a message could not be made", channel.name)
            reason = f"a fault of marsad's own: {type(error).__name__}"
            return SendOutcome(result=SendResult.RETRY, reason=reason)

    async def _settle(
        self, channel: Channel, rows: Sequence[Delivery], outcome: SendOutcome
    ) -> None:
        now = self._clock()
        tries = max(row.attempts for row in rows)
        if outcome.channel_wide:
            tries = self._failures[channel.name]
            self._failures[channel.name] += 1
        else:
            self._failures.pop(channel.name, None)
        again = next_try(outcome, tries, now, self._rng, self._policy)
        if again is not None and (outcome.channel_wide or outcome.retry_after is not None):
            # The rest would meet the same wall: the channel waits, not only this message.
            self._pauses[channel.name] = (now, again)
        await self._outbox.settle(rows, outcome, now, again)

    async def _hand_back(self, rows: Sequence[Delivery]) -> None:
        """Free rows whose send was broken off, so that the next start finds them due."""
        now = self._clock()
        reason = "stopped while sending; possibly sent"
        outcome = SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        await self._outbox.settle(rows, outcome, now, now)
