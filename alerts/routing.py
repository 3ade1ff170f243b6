"""Who is told of a hit, how and when: a pure function of values and the time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.settings import RouteSettings
from domain.article import Article
from domain.match import Match
from domain.notice import Mode, PlannedDelivery


def plan(
    article: Article,
    matches: Sequence[Match],
    routes: Sequence[RouteSettings],
    *,
    now: datetime,
    max_age: timedelta,
    source_tags: Collection[str] = (),
) -> tuple[PlannedDelivery, ...]:
    """Return one delivery for each channel and mode that any route opens for the hit.

    Several rules that hold, or several routes to one channel, make one delivery. An article
    published longer than ``max_age`` before it was first seen is stored, not told (0: no
    limit); one without a date is told.
    """
    if not matches or _is_stale(article, max_age):
        return ()
    due: dict[tuple[str, Mode], datetime] = {}
    for route in routes:
        if not _takes(route, article, matches, source_tags):
            continue
        for mode in route.modes:
            at = now if mode is Mode.IMMEDIATE else next_time(route, now)
            for channel in route.channels:
                known = due.get((channel, mode))
                due[channel, mode] = at if known is None else min(known, at)
    return tuple(
        PlannedDelivery(channel=channel, mode=mode, due_at=at)
        for (channel, mode), at in due.items()
    )


def next_time(route: RouteSettings, now: datetime) -> datetime:
    """Return the next moment, in UTC, at which the route's digest is sent."""
    if route.at is None:
        raise ValueError("the route has no digest time")
    zone = ZoneInfo(route.timezone)
    today = now.astimezone(zone).date()
    at = datetime.combine(today, route.at, tzinfo=zone).astimezone(now.tzinfo)
    # Compared as moments: within a zone Python compares what clocks show, and one hour of
    # autumn shows twice.
    if at <= now:
        tomorrow = today + timedelta(days=1)
        at = datetime.combine(tomorrow, route.at, tzinfo=zone).astimezone(now.tzinfo)
    return at


def _is_stale(article: Article, max_age: timedelta) -> bool:
    if not max_age or article.published_at is None:
        return False
    return article.first_seen - article.published_at > max_age


def _takes(
    route: RouteSettings,
    article: Article,
    matches: Sequence[Match],
    source_tags: Collection[str],
) -> bool:
    if route.languages and article.language not in route.languages:
        return False
    if route.outlets and article.source_id not in route.outlets:
        return False
    if route.tags and set(route.tags).isdisjoint(source_tags):
        return False
    return any(_holds(route, match) for match in matches)


def _holds(route: RouteSettings, match: Match) -> bool:
    return (
        (not route.rules or match.rule in route.rules)
        and match.score >= route.min_score
        and (not route.partners or not set(route.partners).isdisjoint(match.partners))
        and (not route.activities or not set(route.activities).isdisjoint(match.activities))
    )
