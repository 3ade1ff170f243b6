"""The dispatcher on an outbox in memory: what is due arrives, once; nobody waits in vain."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from alerting import (
    ACCEPTED,
    DOWN,
    NOW,
    REFUSED,
    RETRY,
    Clock,
    MemoryOutbox,
    ObedientChannel,
    delivery,
    notice,
)

from alerts.dispatcher import FEW, LONG, Dispatcher
from alerts.pace import FloodPolicy
from alerts.retry import RetryPolicy
from domain.errors import StoreError
from domain.notice import Delivery, Mode, SendOutcome, SendResult
from domain.quiet import QuietHours

EXACT = RetryPolicy(jitter=0.0)


def dispatcher(
    outbox: Any, *channels: ObedientChannel, clock: Any = None, **more: Any
) -> Dispatcher:
    named = {c.name: c for c in channels}
    given = {"clock": clock or Clock(), "rng": Random(1), "policy": EXACT}
    return Dispatcher(named, outbox, **{**given, **more})


def filled(count: int, **facts: Any) -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.put(*(delivery(n, **facts) for n in range(1, count + 1)))
    return outbox


@asynccontextmanager
async def running(sender: Dispatcher):
    stop = asyncio.Event()
    task = asyncio.create_task(sender.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        sender.poke()
        await asyncio.wait_for(task, 5)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


class TestOnePass:
    async def test_sends_each_row_once_and_oldest_first(self) -> None:
        outbox, channel = filled(5), ObedientChannel()
        sender = dispatcher(outbox, channel)
        assert await sender.drain_once() == {"accepted": 5}
        assert channel.sent == [[f"mail:immediate:{n}"] for n in range(1, 6)]
        assert set(outbox.states()) == {"sent"}
        assert await sender.drain_once() == {}

    async def test_leaves_what_is_not_due(self) -> None:
        outbox, channel = MemoryOutbox(), ObedientChannel()
        outbox.put(delivery(1), due_at=NOW + timedelta(minutes=1))
        assert await dispatcher(outbox, channel).drain_once() == {}
        assert channel.sent == []

    async def test_a_digest_is_one_message(self) -> None:
        outbox, channel = filled(2500, mode=Mode.DIGEST), ObedientChannel()
        assert await dispatcher(outbox, channel).drain_once() == {"accepted": 2500}
        assert [len(keys) for keys in channel.sent] == [2500]

    async def test_a_flood_is_a_burst_and_one_message(self) -> None:
        outbox, channel = filled(300), ObedientChannel()
        sender = dispatcher(outbox, channel, flood=FloodPolicy(burst=10, every=20))
        assert await sender.drain_once() == {"accepted": 300}
        assert [len(keys) for keys in channel.sent] == [1] * 10 + [290]

    async def test_a_backlog_of_an_outage_is_one_notice_and_one_message(self) -> None:
        outbox, channel, clock = filled(8), ObedientChannel(), Clock()
        outbox.put(delivery(9, is_urgent=True), due_at=NOW + LONG)
        channel.answer = lambda _: DOWN
        sender = dispatcher(outbox, channel, clock=clock)
        for _ in range(40):
            await sender.drain_once()
            clock.pass_by(timedelta(minutes=1))
        tries = len(channel.sent)
        assert {len(keys) for keys in channel.sent} == {1}  # one asks for all, under its own id
        channel.answer = lambda _: ACCEPTED
        clock.pass_by(LONG)
        assert await sender.drain_once() == {"accepted": 9}
        sizes = [len(keys) for keys in channel.sent[tries:]]
        assert sum(sizes) == 9
        assert len(sizes) <= 3
        outbox.put(delivery(10), delivery(11), due_at=clock())
        await sender.drain_once()
        assert [len(keys) for keys in channel.sent[-2:]] == [1, 1]

    async def test_what_is_urgent_is_told_alone_in_a_backlog(self) -> None:
        outbox, channel = filled(6), ObedientChannel()
        outbox.put(delivery(7, is_urgent=True), delivery(8, is_urgent=True))
        sender = dispatcher(outbox, channel, clock=Clock(NOW + 2 * LONG))
        outbox.rows.sort(key=lambda row: not row.delivery.is_urgent)
        outbox.rows.insert(0, outbox.rows.pop())  # one that is not urgent goes first
        await sender.drain_once()
        assert [len(keys) for keys in channel.sent] == [1, 1, 1, 5]

    @pytest.mark.parametrize(("count", "messages"), [(FEW + 1, 4), (FEW + 2, 2)])
    async def test_few_that_waited_come_one_by_one(self, count: int, messages: int) -> None:
        channel = ObedientChannel()
        await dispatcher(filled(count), channel, clock=Clock(NOW + LONG)).drain_once()
        assert len(channel.sent) == messages

    async def test_what_is_late_waits_for_the_end_of_quiet_hours(self) -> None:
        night = QuietHours(start=time(9), end=time(12), timezone="UTC")
        asked: list[tuple[str, str]] = []

        def quiet(route: str, channel: str) -> tuple[QuietHours, ...]:
            asked.append((route, channel))
            return (night,) if route == "desk" else ()

        outbox, channel, clock = filled(3, route="desk"), ObedientChannel(), Clock()
        outbox.put(delivery(4, route="desk", is_urgent=True), delivery(5, route="other"))
        sender = dispatcher(outbox, channel, clock=clock, quiet=quiet)
        assert await sender.drain_once() == {"accepted": 2}
        assert channel.sent == [["mail:immediate:4"], ["mail:immediate:5"]]
        assert set(asked) == {("desk", "mail"), ("other", "mail")}
        clock.pass_by(timedelta(hours=2, minutes=29))
        assert await sender.drain_once() == {}
        clock.pass_by(timedelta(minutes=1))
        assert await sender.drain_once() == {"accepted": 3}
        assert len(channel.sent) == 3  # together, as what fell into the quiet hours
        assert [row.delivery.attempts for row in outbox.rows] == [1] * 5  # to wait is no try

    async def test_a_start_within_the_quiet_hours_forgets_nothing_of_them(self) -> None:
        night = QuietHours(start=time(9), end=time(17), timezone="UTC")
        outbox, channel, clock = filled(FEW + 3), ObedientChannel(), Clock()
        for hours in (4, 4):  # two processes, one after the other
            sender = dispatcher(outbox, channel, clock=clock, quiet=lambda *_: (night,))
            assert await sender.drain_once() == {}
            clock.pass_by(timedelta(hours=hours))
        sender = dispatcher(outbox, channel, clock=clock, quiet=lambda *_: (night,))
        clock.pass_by(timedelta(minutes=30))
        await sender.drain_once()
        assert [len(keys) for keys in channel.sent] == [1, FEW + 2]

    async def test_refused_is_failed_and_the_rest_goes_on(self) -> None:
        def answer(rows: Sequence[Delivery]) -> SendOutcome:
            return REFUSED if rows[0].id == 2 else ACCEPTED

        outbox = filled(3)
        channel = ObedientChannel(answer=answer)
        assert await dispatcher(outbox, channel).drain_once() == {"accepted": 2, "refused": 1}
        assert outbox.states() == ["sent", "failed", "sent"]
        assert outbox.rows[1].reason == "never"

    async def test_a_channel_at_fault_is_asked_once_and_keeps_its_rows(self) -> None:
        outbox, channel = filled(4), ObedientChannel(answer=lambda _: DOWN)
        clock = Clock()
        sender = dispatcher(outbox, channel, clock=clock)
        assert await sender.drain_once() == {"retry": 1}
        assert await sender.drain_once() == {}  # it rests
        assert outbox.states() == ["pending"] * 4
        assert [row.delivery.attempts for row in outbox.rows] == [0] * 4
        for wait in (5, 10, 20):
            clock.pass_by(timedelta(seconds=wait))
            assert await sender.drain_once() == {"retry": 1}
        channel.answer = lambda _: ACCEPTED
        clock.pass_by(timedelta(seconds=40))
        assert await sender.drain_once() == {"accepted": 4}
        assert sorted(channel.sent[-4:]) == [[f"mail:immediate:{n}"] for n in range(1, 5)]

    async def test_what_breaks_a_channel_does_not_hold_up_the_others(self) -> None:
        def answer(rows: Sequence[Delivery]) -> SendOutcome:
            return RETRY if rows[0].id <= 2 else ACCEPTED

        outbox = filled(6)
        channel = ObedientChannel(answer=answer)
        assert await dispatcher(outbox, channel).drain_once() == {"accepted": 4, "retry": 2}
        assert outbox.states() == ["pending"] * 2 + ["sent"] * 4

    async def test_three_failures_in_a_row_let_the_channel_rest(self) -> None:
        outbox, channel = filled(20), ObedientChannel(answer=lambda _: RETRY)
        assert await dispatcher(outbox, channel).drain_once() == {"retry": 3}

    async def test_what_the_far_side_asks_for_holds_for_the_whole_channel(self) -> None:
        asked = SendOutcome(result=SendResult.RETRY, reason="HTTP 429", retry_after=30.0)
        outbox, channel, clock = filled(3), ObedientChannel(answer=lambda _: asked), Clock()
        sender = dispatcher(outbox, channel, clock=clock)
        assert await sender.drain_once() == {"retry": 1}
        channel.answer = lambda _: ACCEPTED
        clock.pass_by(timedelta(seconds=29))
        assert await sender.drain_once() == {}
        clock.pass_by(timedelta(seconds=1))
        assert await sender.drain_once() == {"accepted": 3}

    @pytest.mark.parametrize("seed", range(8))
    async def test_whatever_the_answers_every_row_is_accepted_once(self, seed: int) -> None:
        rng, clock, outbox = Random(seed), Clock(), MemoryOutbox()
        accepted: list[str] = []

        def answer(rows: Sequence[Delivery]) -> SendOutcome:
            said = rng.choice((ACCEPTED, ACCEPTED, RETRY, DOWN, "asked", "broken"))
            if said == "broken":
                raise RuntimeError
            if said == "asked":
                after = rng.choice((-1.0, 0.0, 30.0, math.inf, math.nan))
                return SendOutcome(result=SendResult.RETRY, retry_after=after)
            if said is ACCEPTED:
                accepted.extend(d.key for d in rows)
            return said

        for number, mode in enumerate([*Mode] * 12):
            due = NOW + timedelta(minutes=rng.randint(0, 9))
            outbox.put(delivery(number, mode=mode, key=f"{mode}:{number}"), due_at=due)
        channel = ObedientChannel(answer=answer)
        for _ in range(100):  # each time as after a new start
            flood = FloodPolicy(burst=3, every=20)
            await dispatcher(outbox, channel, clock=clock, flood=flood).drain_once()
            clock.pass_by(timedelta(hours=1))
        assert set(outbox.states()) == {"sent"}
        assert sorted(accepted) == sorted(row.delivery.key for row in outbox.rows)

    async def test_a_clock_set_back_ends_a_rest(self) -> None:
        outbox, channel, clock = filled(2), ObedientChannel(answer=lambda _: DOWN), Clock()
        sender = dispatcher(outbox, channel, clock=clock)
        await sender.drain_once()
        channel.answer = lambda _: ACCEPTED
        outbox.rows[1].due_at = NOW - timedelta(days=2)
        clock.pass_by(-timedelta(days=1))
        assert await sender.drain_once() == {"accepted": 1}

    async def test_a_fault_of_our_own_is_retried_and_says_no_secret(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        secret = "-".join(("token", "0123"))  # a traceback quotes our source, not its values

        def broken(rows: Sequence[Delivery]) -> SendOutcome:
            raise ValueError(f"https://hooks.example/{secret}")

        outbox = filled(1)
        with caplog.at_level(logging.DEBUG):
            assert await dispatcher(outbox, ObedientChannel(answer=broken)).drain_once() == {
                "retry": 1
            }
        assert outbox.rows[0].reason == "a fault of marsad's own: ValueError"
        assert "mail:immediate:1" in caplog.text
        assert "broken" in caplog.text
        assert secret not in caplog.text

    async def test_a_store_that_fails_for_one_channel_does_not_stop_another(self) -> None:
        class Torn(MemoryOutbox):
            async def claim(self, channel: str, *facts: Any) -> Sequence[Delivery]:
                if channel == "torn":
                    raise StoreError("locked")
                return await super().claim(channel, *facts)

        outbox, good = Torn(), ObedientChannel()
        outbox.put(delivery(1))
        with pytest.raises(StoreError):
            await dispatcher(outbox, ObedientChannel(name="torn"), good).drain_once()
        assert len(good.sent) == 1

    async def test_failpoints_stand_around_each_send(self) -> None:
        steps: list[str] = []
        channel = ObedientChannel(answer=lambda rows: steps.append(rows[0].key) or ACCEPTED)
        await dispatcher(filled(2), channel, failpoint=steps.append).drain_once()
        assert steps == [
            step
            for n in (1, 2)
            for step in (
                *("after-claim", "before-send"),
                *(f"mail:immediate:{n}", "after-send", "after-settle"),
            )
        ]

    async def test_a_gap_is_kept_between_two_messages(self) -> None:
        times: list[float] = []
        loop = asyncio.get_running_loop()
        channel = ObedientChannel(gap=0.1, answer=lambda _: times.append(loop.time()) or ACCEPTED)
        sender = dispatcher(filled(3), channel)
        await sender.drain_once()
        assert all(b - a >= 0.099 for a, b in pairwise(times))


class SlowChannel(ObedientChannel):
    """Takes its time, and finishes unless it is broken off."""

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        self.sent.append([d.key for d in deliveries])
        await asyncio.sleep(60)
        return ACCEPTED


class TestDaemon:
    async def test_a_poke_wakes_it(self) -> None:
        outbox, channel = MemoryOutbox(), ObedientChannel()
        sender = dispatcher(outbox, channel)
        async with running(sender):
            await asyncio.sleep(0.05)
            outbox.put(delivery(1))
            sender.poke()
            await until(lambda: channel.sent)
        assert outbox.states() == ["sent"]

    async def test_it_wakes_by_itself_when_a_row_falls_due(self) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        clock = lambda: NOW + timedelta(seconds=loop.time() - start)  # noqa: E731
        outbox, channel = MemoryOutbox(), ObedientChannel()
        outbox.put(delivery(1), due_at=NOW + timedelta(seconds=0.2))
        async with running(dispatcher(outbox, channel, clock=clock)):
            await until(lambda: channel.sent)
        assert loop.time() - start >= 0.2

    async def test_a_channel_that_hangs_delays_no_other_and_is_cut_off(self) -> None:
        outbox = MemoryOutbox()
        outbox.put(delivery(1, channel="slow"), delivery(2))
        slow, fast = SlowChannel(name="slow"), ObedientChannel()
        async with running(dispatcher(outbox, slow, fast, limit=0.3)):
            await until(lambda: fast.sent)
            assert outbox.states() == ["leased", "sent"]
            await until(lambda: outbox.states() == ["pending", "sent"])
        assert "no answer within 0.3 s; possibly sent" in outbox.rows[0].reason
        assert outbox.rows[0].delivery.attempts == 1

    async def test_stopping_finishes_the_message_and_takes_no_other(self) -> None:
        stop = asyncio.Event()

        class Stopping(ObedientChannel):
            async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
                stop.set()
                await asyncio.sleep(0.05)
                return ACCEPTED

        outbox, channel = filled(3), Stopping()
        await asyncio.wait_for(dispatcher(outbox, channel).run(stop), 2)
        assert outbox.states() == ["sent", "pending", "pending"]

    async def test_cancelled_it_hands_back_what_it_was_sending(self) -> None:
        outbox, channel = filled(2), SlowChannel()
        task = asyncio.create_task(dispatcher(outbox, channel).run(asyncio.Event()))
        await until(lambda: channel.sent)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert outbox.states() == ["pending", "pending"]
        assert outbox.rows[0].due_at == NOW
        assert "possibly sent" in outbox.rows[0].reason

    async def test_a_resting_channel_keeps_nobody_busy(self) -> None:
        outbox, channel = filled(3), ObedientChannel(answer=lambda _: DOWN)
        async with running(dispatcher(outbox, channel)):
            await asyncio.sleep(0.3)
        assert len(channel.sent) == 1
        assert outbox.claims <= 2

    async def test_a_flood_that_waits_keeps_nobody_busy(self) -> None:
        outbox, channel = filled(30), ObedientChannel()
        sender = dispatcher(outbox, channel, flood=FloodPolicy(burst=4, every=0.4))
        async with running(sender):
            await until(lambda: len(channel.sent) == 5)
            outbox.put(*(delivery(n) for n in range(31, 41)))
            sender.poke()
            claims = outbox.claims
            await asyncio.sleep(0.15)
            assert len(channel.sent) == 5
            assert outbox.claims - claims <= 4
            await until(lambda: len(channel.sent) == 6)
        assert [len(keys) for keys in channel.sent] == [1, 1, 1, 1, 26, 10]

    async def test_an_outbox_that_is_down_is_asked_again(self) -> None:
        class Flaky(MemoryOutbox):
            async def next_due(self, channel: str) -> datetime | None:
                raise StoreError("gone")

        channel = ObedientChannel()
        outbox = Flaky()
        outbox.put(delivery(1))
        async with running(dispatcher(outbox, channel)):
            await until(lambda: channel.sent)

    async def test_a_second_process_takes_over_a_lease_that_ended(self) -> None:
        outbox, clock = filled(1), Clock()
        (lost,) = await outbox.claim("mail", Mode.IMMEDIATE, NOW, timedelta(minutes=1), 1)
        channel = ObedientChannel()
        sender = dispatcher(outbox, channel, clock=clock)
        assert await sender.drain_once() == {}
        clock.pass_by(timedelta(minutes=1))
        assert await sender.drain_once() == {"accepted": 1}
        assert channel.sent == [[lost.key]]


def test_a_delivery_of_the_tests_is_one():
    assert delivery(1).notice == notice(1)
