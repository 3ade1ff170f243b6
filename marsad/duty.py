"""The desk on duty: floods that end, stories nobody acknowledged, failures, bulletins to tell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.channel_settings import ChannelSettings
from alerts.guarding import Guard
from alerts.operator import body, bulletin_channels, subject, tell
from alerts.planning import Planner
from domain.errors import MarsadError
from domain.notice import Bulletin, SendResult
from domain.reminding import reminders
from storage.store import Store

_log = logging.getLogger(__name__)
ROUND = timedelta(seconds=3)
REMEMBERED = timedelta(days=7)  # what was told longer ago is told again to nobody


class DutyDesk:
    """Goes its rounds; ``wake`` is called when it put something into the outbox.

    ``troubles`` returns what channels are at fault, as bulletins, each at every call.
    """

    def __init__(
        self,
        store: Store,
        planner: Planner,
        channels: Mapping[str, ChannelSettings],
        clock: Callable[[], datetime],
        *,
        wake: Callable[[], None],
        troubles: Callable[[], Sequence[Bulletin]],
        guard_of: Callable[[str], Guard] = lambda _: Guard(),
    ) -> None:
        self._duty = store.duty
        self._planner = planner
        self._channels = channels
        self._clock = clock
        self._wake = wake
        self._troubles = troubles
        self._guard_of = guard_of
        self._posted: set[str] = set()
        self._logged: set[str] = set()

    async def look(self) -> None:
        """Go one round. Errors are logged, not raised: the next round comes."""
        try:
            await self._remind()
            await self._report()
            await self._tell()
        except MarsadError as error:
            _log.warning("a round of the duty desk was cut short: %s", error)

    async def _remind(self) -> None:
        repeats = any(g.repeat for g in self._planner.groupings.values())
        if not repeats and not self._planner.escalation:
            return
        now = self._clock()
        told = await asyncio.to_thread(self._duty.told_stories, now - REMEMBERED)
        due = reminders(told, self._planner.groupings, self._planner.escalation, now)
        if not due:
            return
        new = await asyncio.to_thread(self._duty.remind, due, now)
        if new:
            self._wake()

    async def _report(self) -> None:
        now = self._clock()
        await asyncio.to_thread(self._duty.end_floods, self._planner.flood, now)
        await asyncio.to_thread(self._duty.report_failures, now)
        for bulletin in self._troubles():
            if bulletin.key not in self._posted:
                await asyncio.to_thread(self._duty.post, bulletin)
                self._posted.add(bulletin.key)

    async def _tell(self) -> None:
        for bulletin in await asyncio.to_thread(self._duty.bulletins):
            if await self._is_told(bulletin):
                await asyncio.to_thread(self._duty.mark_told, [bulletin.key], self._clock())

    async def _is_told(self, bulletin: Bulletin) -> bool:
        if bulletin.key not in self._logged:  # at each round until it is told, but logged once
            _log.warning("%s\n%s", subject(bulletin), body(bulletin).rstrip())
            self._logged.add(bulletin.key)
        names = bulletin_channels(self._channels, bulletin)
        is_told = not names  # the log is all there is
        for name in names:
            guard = self._guard_of(name)
            outcome = await tell(name, self._channels[name], bulletin, self._clock, guard)
            is_told |= outcome.result is SendResult.ACCEPTED
            if outcome.result is not SendResult.ACCEPTED:
                _log.warning("channel %s did not take a bulletin: %s", name, outcome.reason)
        return is_told
