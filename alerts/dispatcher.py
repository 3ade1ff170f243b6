"""Drains the outbox: a task a channel, a lease a row, and only "accepted" marks it sent."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from alerts.pace import ChannelPace, FloodGate, FloodPolicy
from alerts.ports import Channel, Outbox, PaceShelf
from alerts.retry import RetryPolicy, next_try, rest_until
from domain.errors import MarsadError
from domain.notice import Bulletin, Delivery, Mode, SendOutcome, SendResult
from domain.quiet import QuietHours, quiet_until
from domain.time import isoformat

_log = logging.getLogger(__name__)
SEND_LIMIT = 45.0  # seconds for one message, whatever its channel does
LEASE = timedelta(seconds=60)  # covers one send; a crash delays its one message by no more
_CLAIM = 1000  # rows leased by one commit, of those that go out together
GATHERED = 10_000  # rows in one message, most of them by number only
SURE = 3  # faults of a channel in a row before people are told
LONG = timedelta(minutes=15)  # failures of whatever kind
FEW = 3  # notices that come one by one though they waited for LONG; more are one message
_LOOK_AGAIN = 30.0  # seconds: another process may have written rows


def _trouble(name: str, since: datetime, reason: str) -> Bulletin:
    return Bulletin(
        # Of the hour: who takes over from this sender finds the same trouble, not a new one.
        key=f"trouble:{name}:{since:%Y-%m-%dT%H}",
        at=since,
        subject=f"{name} takes no alerts",
        body=(
            f"Since {isoformat(since)}: {reason}\nNothing is lost: what waits is tried again, at "
            f"most every quarter of an hour. Once it is mended: marsad alerts test {name}."
        ),
        avoid=name,
    )


_ASLEEP = SendOutcome(
    result=SendResult.RETRY, reason="waits for the end of quiet hours", channel_wide=True
)


def _never_quiet(route: str, channel: str) -> Sequence[QuietHours]:
    del route, channel
    return ()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _no_failpoint(step: str) -> None:
    del step


class Dispatcher:
    """Sends what is due, channel by channel. A channel that fails never holds up another.

    ``quiet`` gives the quiet hours of a route on a channel, by their names: what is late, since
    the channel was down or nobody was there to send, disturbs nobody in them either.
    """

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
        flood: FloodPolicy | None = None,
        quiet: Callable[[str, str], Sequence[QuietHours]] = _never_quiet,
    ) -> None:
        self._channels = channels
        self._outbox = outbox
        self._clock = clock
        self._rng = rng
        self._policy = policy or RetryPolicy()
        self._failpoint = failpoint
        self._limit = limit
        self._news = {name: asyncio.Event() for name in channels}
        self._gates = {name: FloodGate(flood or FloodPolicy()) for name in channels}
        self._quiet = quiet
        self._backlogs: set[str] = set()  # channels whose waiting notices go out as one message
        self._wakes: dict[str, datetime] = {}  # when what was put off for quiet hours is due
        self._failures: Counter[str] = Counter()  # of a channel, in a row
        self._at_fault: dict[str, tuple[datetime, str, bool]] = {}  # since, reason, channel-wide
        self._rests: dict[str, tuple[datetime, datetime]] = {}  # from, until
        self._free_at: dict[str, float] = {}  # the loop's time of the next message's turn

    def troubles(self) -> list[Bulletin]:
        """Return a bulletin for each channel that is at fault for long enough to be said."""
        now, found = self._clock(), []
        for name, (since, reason, is_wide) in self._at_fault.items():
            failures = self._failures[name]
            if (is_wide and failures >= SURE) or (failures and now - since >= LONG):
                found.append(_trouble(name, since, reason))
        return found

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
        """Deliver everything that is due now; return how many rows came to which result.

        A channel that fails keeps its rows for later. Raises what the outbox raised, once
        every channel is through.
        """
        due_by = self._clock()
        drains = (self._drain(channel, due_by=due_by) for channel in self._channels.values())
        counts: Counter[str] = Counter()
        faults: list[BaseException] = []
        for done in await asyncio.gather(*drains, return_exceptions=True):
            if isinstance(done, BaseException):
                faults.append(done)
            else:
                counts.update(done)
        for fault in faults:
            raise fault
        return dict(counts)

    async def serve_once(self, name: str, shelf: PaceShelf) -> None:
        """Send what is due on the channel ``name``, as one of several who take turns at it.

        How it fares is taken from ``shelf`` and put back there: its rests and rates are the
        channel's, not this program's. One at a time.
        """
        channel = self._channels[name]
        self._recall(name, await shelf.pace(name))
        try:
            await self._drain(channel)
        finally:
            await shelf.put_pace(name, self._pace(name))

    def _recall(self, name: str, pace: ChannelPace) -> None:
        ahead = self._ahead()
        self._failures[name] = pace.failures
        self._free_at[name] = pace.free_at - ahead
        self._rests[name] = (_moment(pace.rests_from), _moment(pace.rests_until))
        self._gates[name].recall(pace, ahead)

    def _pace(self, name: str) -> ChannelPace:
        ahead = self._ahead()
        start, end = self._rests.get(name, (_moment(0), _moment(0)))
        pace = ChannelPace(
            rests_from=start.timestamp(),
            rests_until=end.timestamp(),
            failures=self._failures[name],
            free_at=self._free_at.get(name, 0.0) + ahead,
        )
        return self._gates[name].note(pace, ahead)

    def _ahead(self) -> float:
        """By how much the wall clock is ahead of the loop's."""
        return self._clock().timestamp() - asyncio.get_running_loop().time()

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
        if self._is_resting(channel):
            due = max(due, self._rests[channel.name][1])
        wait = max((due - now).total_seconds(), self._flood_wait(channel), 0.05)
        return min(wait, _LOOK_AGAIN)

    def _is_resting(self, channel: Channel) -> bool:
        """Whether the channel asked for peace. A clock that was set back ends a rest."""
        rest = self._rests.get(channel.name)
        return rest is not None and rest[0] <= self._clock() < rest[1]

    def _flood_wait(self, channel: Channel) -> float:
        return self._gates[channel.name].wait(asyncio.get_running_loop().time())

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
        is_back = False
        for mode in Mode:
            while not self._is_resting(channel) and not (stop and stop.is_set()):
                await self._turn(channel)
                if mode is Mode.IMMEDIATE and due_by is None and self._flood_wait(channel):
                    break
                rows = await self._claim(channel, mode, due_by)
                if not rows:
                    break
                self._failpoint("after-claim")
                rows = await self._awake(channel, rows)
                if not rows:
                    continue
                outcome = await self._send(channel, rows)
                counts[outcome.result] += len(rows)
                if outcome.result is SendResult.ACCEPTED and not rows[0].is_urgent:
                    self._worked_off(channel)
                    if not is_back:  # the first shows that it works: a message of one, known again
                        is_back = True
                        await self._look_back(channel)
        return counts

    def _is_late(self, channel: Channel) -> bool:
        """Whether what waits on the channel waited out an outage, or quiet hours."""
        wakes = self._wakes.get(channel.name)
        return channel.name in self._backlogs or (wakes is not None and wakes <= self._clock())

    def _worked_off(self, channel: Channel) -> None:
        if self._is_late(channel):
            self._backlogs.discard(channel.name)
            self._wakes.pop(channel.name, None)

    async def _look_back(self, channel: Channel) -> None:
        """See whether notices waited out an outage or a night: a burst of old ones nobody reads.

        The rows themselves say so: a process that has just started knows of neither.
        """
        now = self._clock()
        overdue = await self._outbox.overdue(channel.name, now - LONG, now)
        if overdue > FEW:
            self._backlogs.add(channel.name)

    async def _awake(self, channel: Channel, rows: Sequence[Delivery]) -> Sequence[Delivery]:
        """Return the rows that may be told now; the others wait for the end of quiet hours."""
        now = self._clock()
        routes = {row.route for row in rows if not row.is_urgent}
        ends = {r: quiet_until(self._quiet(r, channel.name), now) for r in routes}
        asleep: dict[datetime, list[Delivery]] = defaultdict(list)
        awake: list[Delivery] = []
        for row in rows:
            end = None if row.is_urgent else ends[row.route]
            (awake if end is None else asleep[end]).append(row)
        for end, late in asleep.items():
            await self._outbox.settle(late, _ASLEEP, now, end)
            self._wakes[channel.name] = max(end, self._wakes.get(channel.name, end))
        return awake

    async def _claim(
        self, channel: Channel, mode: Mode, due_by: datetime | None
    ) -> Sequence[Delivery]:
        """Lease the rows of the next message: one, or everything due for a digest or a flood.

        After an outage it is everything as well, but what is urgent comes alone.
        """
        is_flooded = self._gates[channel.name].is_flooded(asyncio.get_running_loop().time())
        is_gathered = mode is Mode.DIGEST or is_flooded
        is_late = not is_gathered and self._is_late(channel)
        most = GATHERED if is_gathered or is_late else 1
        rows: list[Delivery] = []
        while len(rows) < most:
            now = self._clock()
            due = due_by or now  # a row that fell due meanwhile waits for the next drain
            # What is gathered is leased over several commits before it is sent.
            lease = max(now - due, timedelta(0)) + LEASE * min(most, 2)
            limit = 1 if is_late and not rows else min(_CLAIM, most - len(rows))
            leased = await self._outbox.claim(channel.name, mode, due, lease, limit)
            rows += leased
            if len(leased) < limit or (is_late and rows[0].is_urgent):
                break
        return rows

    async def _turn(self, channel: Channel) -> None:
        """Wait until the channel may be written to again."""
        left = self._free_at.get(channel.name, 0.0) - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)

    async def _send(self, channel: Channel, rows: Sequence[Delivery]) -> SendOutcome:
        self._failpoint("before-send")
        outcome = await self._attempt(channel, rows)
        self._failpoint("after-send")
        now = asyncio.get_running_loop().time()
        self._free_at[channel.name] = now + channel.gap
        if outcome.result is SendResult.ACCEPTED:
            self._gates[channel.name].count(now)
        await self._settle(channel, rows, outcome)
        self._failpoint("after-settle")
        is_good = outcome.result is SendResult.ACCEPTED and not outcome.reason
        suffix = f": {outcome.reason}" if outcome.reason else ""
        level = logging.INFO if is_good else logging.WARNING
        _log.log(level, "channel %s: %s %d%s", channel.name, outcome.result, len(rows), suffix)
        return outcome

    async def _attempt(self, channel: Channel, rows: Sequence[Delivery]) -> SendOutcome:
        """Send, whatever the channel does: an endless send or a fault of ours is an outcome."""
        try:
            async with asyncio.timeout(self._limit):
                return await channel.send(rows, digest=len(rows) > 1)
        except TimeoutError:
            reason = f"no answer within {self._limit:g} s; possibly sent"
            return SendOutcome(result=SendResult.RETRY, reason=reason)
        except asyncio.CancelledError:
            await self._hand_back(rows)
            raise
        except Exception as error:  # noqa: BLE001 - a message that breaks us must not stop the rest
            # The traceback alone: an error's own words may quote an address that is a secret.
            where = "".join(traceback.format_tb(error.__traceback__, limit=-8))
            name = type(error).__name__
            _log.error(
                "channel %s: no message for %s: %s\n%s", channel.name, rows[0].key, name, where
            )
            return SendOutcome(result=SendResult.RETRY, reason=f"a fault of marsad's own: {name}")

    async def _settle(
        self, channel: Channel, rows: Sequence[Delivery], outcome: SendOutcome
    ) -> None:
        now = self._clock()
        tries = max(row.attempts for row in rows)
        if outcome.result is SendResult.RETRY:
            self._failures[channel.name] += 1
            since = self._at_fault.get(channel.name, (now,))[0]
            self._at_fault[channel.name] = (since, outcome.reason, outcome.channel_wide)
        else:
            self._failures.pop(channel.name, None)
            self._at_fault.pop(channel.name, None)
        failures = self._failures[channel.name]
        if outcome.channel_wide:  # the rows do not count it: no fault of theirs
            tries = max(failures - 1, 0)
        again = next_try(outcome, tries, now, self._rng, self._policy)
        rest = rest_until(outcome, failures, again, now=now, rng=self._rng, policy=self._policy)
        if rest is not None:
            # The rest would meet the same wall: the channel waits, not only this message.
            self._rests[channel.name] = (now, rest)
        await self._outbox.settle(rows, outcome, now, again)

    async def _hand_back(self, rows: Sequence[Delivery]) -> None:
        """Free rows whose send was broken off, so that the next start finds them due."""
        now = self._clock()
        reason = "stopped while sending; possibly sent"
        outcome = SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        await self._outbox.settle(rows, outcome, now, now)
