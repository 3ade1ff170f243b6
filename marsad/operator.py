"""The operator's desk: now and then, what changed with the sources goes out as one notice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from alerts.channel_settings import ChannelSettings
from alerts.guarding import Guard
from alerts.operator import body, operator_channels, ripe, subject, tell
from domain.errors import MarsadError
from domain.notice import SendResult
from storage.store import Store

_log = logging.getLogger(__name__)
_LEAST_PATIENCE = timedelta(minutes=1)
_SHORTEST_ROUND, _LONGEST_ROUND = timedelta(seconds=10), timedelta(minutes=10)


class OperatorDesk:
    """Looks at the health of sources and tells the operator what changed.

    ``pace`` is the shortest pause between two visits: a trouble is told after six of them.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, ChannelSettings],
        sources: int,
        clock: Callable[[], datetime],
        *,
        pace: timedelta,
        guard_of: Callable[[str], Guard] = lambda _: Guard(),
    ) -> None:
        self._store = store
        self._channels = channels
        self._sources = sources
        self._clock = clock
        self._guard_of = guard_of
        self.patience = max(_LEAST_PATIENCE, 6 * pace)
        self.round = min(_LONGEST_ROUND, max(_SHORTEST_ROUND, 2 * pace))

    async def look(self) -> int:
        """Tell what is due; return how many changes were told. Errors are logged, not raised."""
        try:
            return await self._look()
        except MarsadError as error:
            _log.warning("the operator could not be told of sources: %s", error)
            return 0

    async def _look(self) -> int:
        changes = await asyncio.to_thread(self._store.untold_health)
        notice = ripe(changes, self._sources, self._clock(), self.patience)
        if notice is None:
            return 0
        _log.warning("%s\n%s", subject(notice), body(notice).rstrip())
        is_told = not self._channels  # the log is all there is
        for name in operator_channels(self._channels):
            guard = self._guard_of(name)
            outcome = await tell(name, self._channels[name], notice, self._clock, guard)
            is_told |= outcome.result is SendResult.ACCEPTED
            if outcome.result is not SendResult.ACCEPTED:
                _log.warning("channel %s did not take the notice: %s", name, outcome.reason)
        if not is_told:
            return 0
        await asyncio.to_thread(self._store.mark_health_told, notice.changes)
        return len(notice.changes)
