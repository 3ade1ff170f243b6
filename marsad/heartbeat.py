"""The daemon's sign of life: pings while the store answers, and a line a day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.guarding import Guard
from alerts.heartbeat import Wellbeing, next_line, ping
from alerts.heartbeat_settings import DailySettings, HeartbeatSettings
from alerts.posting import Poster
from domain.errors import MarsadError
from domain.health import HealthState
from domain.looking import Figures
from domain.notice import Bulletin, DeliveryState
from marsad.config import Config
from storage.store import Store

_log = logging.getLogger(__name__)
_LOOK_EVERY = timedelta(seconds=30)  # for the daily line, where nothing is pinged
_OVERDUE = timedelta(minutes=30)  # due for so long, sources are not visited any more
_TROUBLES = {str(state) for state in HealthState if state.is_trouble}


class Heartbeat:
    """Beats at ``every``. Errors are logged, never raised: a sign of life ends no life."""

    def __init__(
        self,
        config: Config,
        settings: HeartbeatSettings,
        store: Store,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._settings = settings
        self._store = store
        self._clock = clock
        may = config.alerts.may_go_private(settings, config.crawler.allow_private_networks)
        self._poster = Poster(Guard(allow_private=may))
        self._line_at = next_line(settings.daily, clock()) if settings.daily else None
        self.every = settings.every if settings.url else _LOOK_EVERY
        if settings.daily:
            self.every = min(self.every, _LOOK_EVERY)
        self._ping_at = clock()

    async def beat(self) -> None:
        """Ping and tell what is due, if the store answers."""
        now = self._clock()
        is_time = self._settings.url is not None and now >= self._ping_at
        if is_time:
            self._ping_at = now + self._settings.every
        await self._try(now, is_time=is_time)

    async def beat_in_turn(self, tick: datetime, pause: timedelta) -> None:
        """Ping and tell as one of several whose turns come every ``pause``, now at ``tick``.

        Whose turn it was before makes no difference: the times of pings are those of the clock.
        """
        since_last = timedelta(seconds=tick.timestamp() % self._settings.every.total_seconds())
        is_time = self._settings.url is not None and since_last < pause
        await self._try(self._clock(), is_time=is_time)

    async def _try(self, now: datetime, *, is_time: bool) -> None:
        is_line_due = self._line_at is not None and now >= self._line_at
        if not is_time and not is_line_due:
            return
        try:
            await self._beat(now, is_time=is_time)
        except MarsadError as error:
            _log.warning("no sign of life is given: the store does not answer: %s", error)

    async def _beat(self, now: datetime, *, is_time: bool) -> None:
        state = await asyncio.to_thread(self._look, now)
        if self._settings.url is not None and is_time:
            await self._ping(self._settings.url.get_secret_value(), state)
        if self._settings.daily is not None and self._line_at is not None and now >= self._line_at:
            self._line_at = next_line(self._settings.daily, now)
            await asyncio.to_thread(self._post, self._settings.daily, state, now)

    async def _ping(self, url: str, state: Wellbeing) -> None:
        if state.fault:
            _log.warning("no sign of life is given: %s", state.fault)
            return
        reason = await ping(self._poster, url)
        if reason:
            _log.warning("the heartbeat's address did not take a ping: %s", reason)

    def _post(self, daily: DailySettings, state: Wellbeing, now: datetime) -> None:
        """Put the line up as a bulletin of its day: told once, however often marsad starts."""
        day = now.astimezone(ZoneInfo(daily.timezone)).date()
        self._store.duty.post(
            Bulletin(
                key=f"daily {day}",
                at=now,
                subject=state.subject,
                body=state.body,
                channel=daily.channel or "",
            )
        )

    def _look(self, now: datetime) -> Wellbeing:
        figures = self._store.looks.figures(now)
        return Wellbeing(
            sources=sum(n for state, n in figures.sources.items() if state != "removed"),
            troubled=sum(n for state, n in figures.sources.items() if state in _TROUBLES),
            articles=self._store.articles_with_hits([now - timedelta(days=1), now])[0],
            failed=figures.deliveries.get(DeliveryState.FAILED, 0),
            fault=_fault(figures, now),
        )


def _fault(figures: Figures, now: datetime) -> str:
    """Return what the daemon leaves undone, or nothing."""
    if figures.oldest_due is not None and now - figures.oldest_due > _OVERDUE:
        return f"sources are due since {figures.oldest_due:%Y-%m-%d %H:%M} UTC and not visited"
    return ""
