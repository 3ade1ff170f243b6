"""What alerting expects of an outbox: held by the store's on each database and by the tests'."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alerting import ACCEPTED, DOWN, NOW, REFUSED, RETRY, MemoryOutbox, article, match, notice
from databases import copied

from alerts.ports import Outbox
from domain.notice import Mode, PlannedDelivery

LEASE = timedelta(minutes=1)
SOON = NOW + timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An outbox, and a way to put something into it."""

    outbox: Outbox
    tell: Callable[..., Awaitable[None]]  # (number, channel, mode, due_at)

    async def claim(self, **changes: Any) -> list[Any]:
        given = {"channel": "mail", "mode": Mode.IMMEDIATE, "now": NOW, "lease": LEASE, "limit": 10}
        return list(await self.outbox.claim(**{**given, **changes}))


def _planned(channel: str, mode: Mode, due_at: Any) -> PlannedDelivery:
    return PlannedDelivery(channel=channel, mode=mode, due_at=due_at)


def in_memory() -> Desk:
    outbox = MemoryOutbox()

    async def tell(
        number: int, channel: str = "mail", mode: Mode = Mode.IMMEDIATE, due_at: Any = NOW
    ) -> None:
        outbox.plan(_planned(channel, mode, due_at), notice(number))

    return Desk(outbox=outbox, tell=tell)


def in_store(url: str, stack: ExitStack) -> Desk:
    from domain.filing import Filing  # noqa: PLC0415
    from domain.source import Source  # noqa: PLC0415
    from marsad.pipeline import StoredOutbox  # noqa: PLC0415
    from storage.store import Store  # noqa: PLC0415

    store = stack.enter_context(Store.open(url))
    paper = {"id": "paper", "name": "Le Papier", "url": "https://paper.example/"}
    store.sync_sources([Source(language="fr", country="DZ", **paper)], NOW)

    async def tell(
        number: int, channel: str = "mail", mode: Mode = Mode.IMMEDIATE, due_at: Any = NOW
    ) -> None:
        told = article(url=f"https://paper.example/{number}", title=f"Titre {number}")
        planned = _planned(channel, mode, due_at)
        store.file([Filing(article=told, matches=(match(),), deliveries=(planned,))], None, NOW)

    return Desk(outbox=StoredOutbox(store), tell=tell)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def desk(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_file: Path
) -> AsyncIterator[Desk]:
    with ExitStack() as stack:
        if request.param == "memory":
            yield in_memory()
        elif request.param == "sqlite":
            yield in_store(copied(sqlite_file, tmp_path / "marsad.db"), stack)
        else:
            yield in_store(request.getfixturevalue("postgres_url"), stack)


async def test_rows_come_oldest_first_and_no_more_than_asked(desk: Desk) -> None:
    for number in range(1, 6):
        await desk.tell(number)
    first = await desk.claim(limit=2)
    rest = await desk.claim()
    ids = [row.id for row in [*first, *rest]]
    assert ids == sorted(ids)
    assert [len(first), len(rest)] == [2, 3]
    assert len({row.key for row in [*first, *rest]}) == 5
    assert not await desk.claim()


async def test_rows_of_another_channel_or_mode_or_time_stay(desk: Desk) -> None:
    await desk.tell(1, channel="slack")
    await desk.tell(2, mode=Mode.DIGEST)
    await desk.tell(3, due_at=SOON)
    assert not await desk.claim()
    assert len(await desk.claim(channel="slack")) == 1
    assert len(await desk.claim(mode=Mode.DIGEST)) == 1
    assert len(await desk.claim(now=SOON)) == 1


async def test_what_waits_since_long_ago_is_counted(desk: Desk) -> None:
    morning, hour = NOW + timedelta(hours=8), timedelta(hours=1)
    for number in range(1, 4):
        await desk.tell(number)
    await desk.tell(4, channel="slack")
    await desk.tell(5, mode=Mode.DIGEST)
    assert await desk.outbox.overdue("mail", NOW, NOW) == 3
    assert await desk.outbox.overdue("mail", NOW - hour, NOW) == 0  # none was made so long ago
    rows = await desk.claim()
    assert await desk.outbox.overdue("mail", NOW, NOW) == 0
    await desk.outbox.settle(rows, RETRY, NOW, morning)
    assert await desk.outbox.overdue("mail", NOW, NOW + hour) == 0
    assert await desk.outbox.overdue("mail", morning - hour, morning) == 3
    rows = await desk.claim(now=morning)
    await desk.outbox.settle(rows, ACCEPTED, morning, None)
    assert await desk.outbox.overdue("mail", morning, morning) == 0


async def test_a_row_says_what_a_message_needs(desk: Desk) -> None:
    await desk.tell(7)
    (row,) = await desk.claim()
    assert (row.channel, row.mode, row.attempts) == ("mail", Mode.IMMEDIATE, 0)
    told = row.notice
    assert told.outlet == "Le Papier"
    assert told.matches[0].partners == ("IT",)
    for proof in told.matches[0].evidence:
        assert told.text[proof.start : proof.end] == proof.text


async def test_an_accepted_row_is_never_seen_again(desk: Desk) -> None:
    await desk.tell(1)
    rows = await desk.claim()
    await desk.outbox.settle(rows, ACCEPTED, NOW, None)
    assert await desk.outbox.next_due("mail") is None
    assert not await desk.claim(now=SOON + timedelta(days=400))


async def test_a_refused_row_is_never_claimed_again(desk: Desk) -> None:
    await desk.tell(1)
    await desk.outbox.settle(await desk.claim(), REFUSED, NOW, None)
    assert await desk.outbox.next_due("mail") is None
    assert not await desk.claim(now=SOON + timedelta(days=400))


async def test_a_row_to_retry_counts_a_try_and_waits(desk: Desk) -> None:
    await desk.tell(1)
    await desk.outbox.settle(await desk.claim(), RETRY, NOW, SOON)
    assert await desk.outbox.next_due("mail") == SOON
    assert not await desk.claim(now=SOON - timedelta(seconds=1))
    (again,) = await desk.claim(now=SOON)
    assert again.attempts == 1


async def test_a_fault_of_the_channel_uses_up_no_try(desk: Desk) -> None:
    await desk.tell(1)
    await desk.outbox.settle(await desk.claim(), DOWN, NOW, SOON)
    (again,) = await desk.claim(now=SOON)
    assert again.attempts == 0


async def test_a_key_outlives_every_try(desk: Desk) -> None:
    await desk.tell(1)
    (first,) = await desk.claim()
    await desk.outbox.settle([first], RETRY, NOW, SOON)
    (second,) = await desk.claim(now=SOON)
    assert first.key == second.key


async def test_a_lease_that_ends_frees_the_row_and_fences_its_holder(desk: Desk) -> None:
    await desk.tell(1)
    zombie = await desk.claim()
    assert await desk.outbox.next_due("mail") == NOW + LEASE
    assert not await desk.claim(now=NOW + LEASE / 2)
    holder = await desk.claim(now=NOW + LEASE)
    assert len(holder) == 1
    await desk.outbox.settle(zombie, ACCEPTED, NOW + LEASE, None)
    assert await desk.outbox.next_due("mail") == NOW + 2 * LEASE
    await desk.outbox.settle(holder, ACCEPTED, NOW + LEASE, None)
    assert await desk.outbox.next_due("mail") is None


async def test_settling_nothing_is_no_fault(desk: Desk) -> None:
    await desk.outbox.settle([], ACCEPTED, NOW, None)
    assert await desk.outbox.next_due("mail") is None
