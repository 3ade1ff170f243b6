"""A worker's tasks end when they are asked to, also those that a driver has deaf for a moment."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from marsad.cluster.serving import end


async def test_a_task_that_missed_its_cancellation_is_cancelled_again():
    missed = 0

    async def deaf() -> None:
        nonlocal missed
        while missed < 3:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            missed += 1
        await asyncio.sleep(60)

    async def broken() -> None:
        raise RuntimeError

    tasks = [asyncio.create_task(work()) for work in (deaf, broken)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end(tasks, within=0.01)
    assert missed == 3
    assert tasks[0].cancelled()


async def test_a_task_that_ends_in_order_is_left_its_time():
    is_whole = False

    async def orderly() -> None:
        nonlocal is_whole
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)
            is_whole = True
            raise

    task = asyncio.create_task(orderly())
    await asyncio.sleep(0)
    await end([task], within=30)
    assert is_whole
