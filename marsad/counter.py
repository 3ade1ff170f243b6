"""The counter of the news desk: what visits hand in while one commit runs goes into the next.

A commit waits for the disk, and costs nearly the same for one article as for twenty. Whoever
finds the counter free is filed at once, alone; where many outlets hand in at once, a commit
waits a moment for what comes next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import ParamSpec, TypeVar

from domain.errors import BusyError, StoreError
from domain.filing import Filed, Parcel
from domain.lease import Lease
from storage.store import Store

_log = logging.getLogger(__name__)
_RETRY_SECONDS = (0.5, 1, 2, 5, 10, 15, 30)  # waits for a database that is locked or down
_MOST = 50  # parcels of one commit: none waits long for the others
_CROWD = 4  # outlets that handed in of late, from which a commit waits for more
_LATELY = 0.2  # seconds
_MOMENT = 0.05  # seconds; an outlet is asked once a second at most

P = ParamSpec("P")
R = TypeVar("R")


async def patiently(write: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Write, waiting out a database that is locked or down: nothing is lost for it.

    One that somebody else holds is not waited for: BusyError.
    """
    for wait in _RETRY_SECONDS:
        try:
            return await asyncio.to_thread(write, *args, **kwargs)
        except BusyError:
            raise
        except StoreError as error:
            _log.warning("the store refused a commit: %s; again in %g s", error, wait)
            await asyncio.sleep(wait)
    return await asyncio.to_thread(write, *args, **kwargs)


class Counter:
    """Files parcels, several in one commit where they come at one time."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[Parcel, asyncio.Future[Filed]]] = []
        self._seen: dict[str, float] = {}  # when an outlet last handed in, by the loop's clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_busy = False

    async def file(self, parcel: Parcel, lease: Lease | None) -> Filed:
        """Return what came of ``parcel`` once it is committed; raises as ``Store.file`` does.

        Under a ``lease`` it is filed alone: whoever lost his must not stop the others.
        """
        if lease is not None:
            return await self._alone(parcel, lease)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Filed] = loop.create_future()
        self._seen[_outlet(parcel)] = loop.time()
        self._waiting.append((parcel, answer))
        if not self._is_busy:
            self._is_busy = True
            self._begin(self._empty())
        return await answer

    async def _empty(self) -> None:
        """File what waits until nothing does."""
        try:
            while self._waiting:
                if self._is_crowded():
                    await asyncio.sleep(_MOMENT)
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._file(batch)
        finally:
            self._is_busy = False

    def _is_crowded(self) -> bool:
        since = asyncio.get_running_loop().time() - _LATELY
        self._seen = {outlet: at for outlet, at in self._seen.items() if at > since}
        return len(self._seen) >= _CROWD

    async def _file(self, batch: list[tuple[Parcel, asyncio.Future[Filed]]]) -> None:
        parcels = [parcel for parcel, _ in batch]
        try:
            filed = await asyncio.to_thread(self._store.file_together, parcels, self._clock())
        except Exception as error:  # noqa: BLE001 - one that cannot be filed must not sink the rest
            if len(batch) > 1:
                _log.warning("%d parcels are filed one by one: %s", len(batch), error)
            for parcel, answer in batch:
                self._begin(self._answer(parcel, answer))
            return
        for (_, answer), one in zip(batch, filed, strict=True):
            if not answer.done():
                answer.set_result(one)

    async def _answer(self, parcel: Parcel, answer: asyncio.Future[Filed]) -> None:
        """File one parcel by itself, and give whoever waits what came of it, or why nothing did."""
        try:
            filed = await self._alone(parcel, None)
        except Exception as error:  # noqa: BLE001 - raised where the parcel came from
            if not answer.done():
                answer.set_exception(error)
            return
        if not answer.done():
            answer.set_result(filed)

    async def _alone(self, parcel: Parcel, lease: Lease | None) -> Filed:
        write = self._store.file
        return await patiently(write, parcel.filings, parcel.report, self._clock(), lease)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself keeps tasks weakly
        task.add_done_callback(self._tasks.discard)


def _outlet(parcel: Parcel) -> str:
    if parcel.report is not None:
        return parcel.report.source_id
    return parcel.filings[0].article.source_id if parcel.filings else ""
