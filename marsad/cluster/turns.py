"""Turns at hosts, booked in the database: implements ``crawler.ports.Turns``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from crawler.domains import host_key
from domain.errors import StoreError
from domain.lease import Lease
from storage.store import Store

_log = logging.getLogger(__name__)
# Seconds; whoever comes later than that was suspended or kept waiting by a busy machine, and books
# again: who takes the host over meanwhile counts from the turn as it was booked.
_LATE = 0.04
_RETRY = 2.0  # seconds between two tries of a database that is down


class StoredTurns:
    """Books each request of this worker in the store.

    A worker that was suspended between booking and asking finds its turn gone by, books
    again, and so learns that its host is another's now.
    """

    def __init__(self, store: Store, host_of: Mapping[str, str]) -> None:
        self._store = store
        self._host_of = host_of  # by source
        self._leases: dict[str, Lease] = {}

    def hold(self, lease: Lease) -> None:
        """Visit ``lease.host`` under ``lease`` from now on."""
        self._leases[lease.host] = lease

    def drop(self, lease: Lease) -> None:
        """The visit is over. A newer lease of the same host stays."""
        if self._leases.get(lease.host) == lease:
            del self._leases[lease.host]

    def lease_of(self, source_id: str) -> Lease | None:
        """Return the lease under which ``source_id`` is being visited."""
        return self._leases.get(self._host_of.get(source_id, ""))

    async def wait(self, url: str, gap: timedelta) -> None:
        """See ``crawler.ports.Turns``."""
        loop, host = asyncio.get_running_loop(), host_key(url)
        while True:
            seconds = await self._book(host, gap)
            due = loop.time() + seconds
            await asyncio.sleep(seconds)
            if loop.time() - due < _LATE:
                return

    async def _book(self, host: str, gap: timedelta) -> float:
        while True:
            try:
                lease = self._leases.get(host)
                return await asyncio.to_thread(self._store.host_turn, host, gap, lease)
            except StoreError as error:
                _log.warning("no turn at %s: %s", host, error)
                await asyncio.sleep(_RETRY)

    async def done(self, url: str, gap: timedelta) -> None:
        """See ``crawler.ports.Turns``. A database that is down has the turn's own gap already."""
        try:
            await asyncio.to_thread(self._store.host_done, host_key(url), gap)
        except StoreError as error:
            _log.warning("%s is not kept free: %s", host_key(url), error)
