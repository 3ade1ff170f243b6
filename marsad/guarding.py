"""The hold on the database, looked after: a server that restarts forgets its locks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from domain.errors import BusyError, StoreError

ROUND = 5.0  # seconds between two looks
_log = logging.getLogger("marsad.daemon")


@asynccontextmanager
async def guarded(
    renew: Callable[[], None], stop: asyncio.Event, *, every: float = ROUND
) -> AsyncIterator[None]:
    """Take the lock again whenever it was lost; set ``stop`` when another daemon has it.

    Raises that BusyError at the end.
    """
    guard = asyncio.create_task(_guard(renew, stop, every), name="guard")
    try:
        yield
    finally:
        if not guard.done():
            guard.cancel()
            with suppress(asyncio.CancelledError):
                await guard
    if guard.done() and not guard.cancelled():
        guard.result()


async def _guard(renew: Callable[[], None], stop: asyncio.Event, every: float) -> None:
    is_lost = False
    while True:
        await asyncio.sleep(every)
        try:
            await asyncio.to_thread(renew)
        except BusyError as error:
            _log.error("the lock was lost and another took it: %s", error)
            stop.set()
            raise
        except StoreError as error:
            if not is_lost:
                _log.warning("the lock on the database cannot be asked for: %s", error)
            is_lost = True
        else:
            is_lost = False
