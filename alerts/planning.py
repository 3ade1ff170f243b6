"""Whom a hit goes to, with all that its routes say of when: what the store decides by. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.routing import next_clock, next_time, plan, route_name
from alerts.settings import AlertSettings, RouteSettings
from domain.article import Article
from domain.flood import FIRST_DIGEST, FloodPolicy
from domain.grouping import Grouping
from domain.match import Match
from domain.notice import Mode, PlannedDelivery
from domain.quiet import QuietHours
from domain.reminding import EscalationStep


class Planner:
    """Plans by one configuration. ``pause`` is a flood's first wait, 0 for a single pass."""

    def __init__(self, settings: AlertSettings, *, pause: timedelta = FIRST_DIGEST) -> None:
        self._settings = settings
        self._routes = {route_name(r, n): r for n, r in enumerate(settings.routes)}
        flood = settings.flood
        self._flood = FloodPolicy(alerts=flood.alerts, hits=flood.hits, per=flood.per, pause=pause)
        self.groupings = {name: self._grouping(route) for name, route in self._routes.items()}
        self.escalation = tuple(
            EscalationStep(after=step.after, channels=step.channels) for step in settings.escalation
        )

    def plan(
        self,
        article: Article,
        matches: Sequence[Match],
        *,
        now: datetime,
        source_tags: Collection[str] = (),
    ) -> tuple[PlannedDelivery, ...]:
        """Return one delivery for each channel and mode that any route opens for the hit."""
        settings = self._settings
        opened = plan(
            article,
            matches,
            settings.routes,
            now=now,
            max_age=settings.max_age,
            source_tags=source_tags,
        )
        return tuple(self._with_times(each, now) for each in opened)

    def flood(self, route: str) -> FloodPolicy | None:
        """Return when ``route`` floods; None where there is no such route any more."""
        return self._flood if route in self._routes else None

    def quiet(self, channel: str) -> tuple[QuietHours, ...]:
        """Return the channel's own quiet hours."""
        return tuple(q.hours for q in self._settings.channels[channel].quiet_hours)

    def quiet_of(self, route: str, channel: str) -> tuple[QuietHours, ...]:
        """Return the quiet hours of ``route`` on ``channel``; the channel's if it is gone."""
        known = self._routes.get(route)
        of_route = tuple(q.hours for q in known.quiet_hours) if known else ()
        return of_route + self.quiet(channel)

    def _with_times(self, planned: PlannedDelivery, now: datetime) -> PlannedDelivery:
        quiet = self.quiet_of(planned.route, planned.channel)
        return replace(
            planned,
            grouping=self.groupings[planned.route],
            later_at=self._next_digest(planned.channel, now),
            quiet=() if planned.is_urgent else quiet,
            flood=self._flood,
        )

    def _next_digest(self, channel: str, now: datetime) -> datetime:
        times = [
            next_time(route, now)
            for route in self._settings.routes
            if channel in route.channels and Mode.DIGEST in route.modes
        ]
        settings = self._settings
        return min(times) if times else next_clock(settings.updates_at, settings.timezone, now)

    def _grouping(self, route: RouteSettings) -> Grouping:
        given = (route.group_wait, route.group_interval, route.repeat_interval)
        common = self._settings
        usual = (common.group_wait, common.group_interval, common.repeat_interval)
        wait, interval, repeat = (u if g is None else g for g, u in zip(given, usual, strict=True))
        return Grouping(wait=wait, interval=interval, repeat=repeat)
