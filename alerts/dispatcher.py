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
LEASE = timedelta(minutes=5)  # longer than any send may take
_AT_ONCE = 50  # immediate rows leased together
_IN_DIGEST = 1000  # rows gathered into one digest
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
    ) -> None:
        self._channels = channels
        self._outbox = outbox
        self._clock = clock
        self._rng = rng
        self._policy = policy or RetryPolicy()
        self._failpoint = failpoint
        self._news = {name: asyncio.Event() for name in channels}
        self._failures: Counter[str] = Counter()  # channel-wide failures in a row

    def poke(self) -> None:
        """Say that rows were written: nobody sleeps until its next look."""
        for event in self._news.values():
            event.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Drain until ``stop``; a message that is being sent is finished first."""
        workers = [asyncio.create_task(self._serve(c, stop)) for c in self._channels.values()]
        await stop.wait()
        self.poke()
        await asyncio.gather(*workers)

    async def drain_once(self) -> dict[str, int]:
        """Deliver everything that is due now; return how many rows came to which result."""
        counts: Counter[str] = Counter()
        drained = await asyncio.gather(*(self._drain(c) for c in self._channels.values()))
        for count in drained:
            counts.update(count)
        return dict(counts)

    async def _serve(self, channel: Channel, stop: asyncio.Event) -> None:
        news = self._news[channel.name]
        while not stop.is_set():
            news.clear()
            try:
                await self._drain(channel, stop)
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
        left = (due - self._clock()).total_seconds()
        return min(max(left, 0.05), _LOOK_AGAIN)

    async def _drain(self, channel: Channel, stop: asyncio.Event | None = None) -> Counter[str]:
        """Send what is due now, one claim after another, until none is left or one fails."""
        counts: Counter[str] = Counter()
        for mode in Mode:
            limit = _IN_DIGEST if mode is Mode.DIGEST else _AT_ONCE
            while stop is None or not stop.is_set():
                now = self._clock()
                rows = await self._outbox.claim(channel.name, mode, now, LEASE, limit)
                if not rows:
                    break
                is_whole = await self._send_all(channel, mode, rows, counts, stop)
                if not is_whole:
                    return counts
        return counts

    async def _send_all(
        self,
        channel: Channel,
        mode: Mode,
        rows: Sequence[Delivery],
        counts: Counter[str],
        stop: asyncio.Event | None,
    ) -> bool:
        """Send claimed rows. Returns False when the channel itself failed or we stop."""
        messages = [rows] if mode is Mode.DIGEST else [[row] for row in rows]
        for number, message in enumerate(messages):
            if number and channel.gap:
                await asyncio.sleep(channel.gap)
            if stop is not None and stop.is_set():
                await self._hand_back(_rows(messages[number:]))
                return False
            outcome = await self._send(channel, message, is_digest=mode is Mode.DIGEST)
            counts[outcome.result] += len(message)
            if outcome.channel_wide or outcome.retry_after is not None:
                # The rest would meet the same wall: it waits with this one.
                await self._settle(channel, _rows(messages[number + 1 :]), outcome)
                return False
        return True

    async def _send(
        self, channel: Channel, rows: Sequence[Delivery], *, is_digest: bool
    ) -> SendOutcome:
        self._failpoint("before-send")
        outcome = await channel.send(rows, digest=is_digest)
        self._failpoint("after-send")
        if outcome.channel_wide:
            self._failures[channel.name] += 1
        else:
            self._failures.pop(channel.name, None)
        await self._settle(channel, rows, outcome)
        level = logging.INFO if outcome.result is SendResult.ACCEPTED else logging.WARNING
        suffix = f": {outcome.reason}" if outcome.reason else ""
        _log.log(level, "channel %s: %s %d%s", channel.name, outcome.result, len(rows), suffix)
        return outcome

    async def _settle(
        self, channel: Channel, rows: Sequence[Delivery], outcome: SendOutcome
    ) -> None:
        if not rows:
            return
        now = self._clock()
        tries = max(rows[0].attempts, self._failures[channel.name] - 1)
        again = next_try(outcome, tries, now, self._rng, self._policy)
        await self._outbox.settle(rows, outcome, now, again)

    async def _hand_back(self, rows: Sequence[Delivery]) -> None:
        """Free rows that were leased and not tried, so that the next start finds them due."""
        now = self._clock()
        outcome = SendOutcome(result=SendResult.RETRY, reason="stopping", channel_wide=True)
        await self._outbox.settle(rows, outcome, now, now)


def _rows(messages: Sequence[Sequence[Delivery]]) -> list[Delivery]:
    return [row for message in messages for row in message]
