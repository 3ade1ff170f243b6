"""Who is told of a hit, how and when: a pure function of values and the time.

Every match of an article walks the routes by itself, from the first to the last. For each mode
the first route that takes it ends the walk, unless that route says ``continue: true``: a route
for at once and a route for the digest on one rule both hold. What the walks open is one
delivery for each channel and mode, naming every rule that led there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.settings import RouteSettings
from domain.article import Article
from domain.match import Match
from domain.notice import Mode, PlannedDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one route did with one match. ``modes`` are those that it opened."""

    route: str
    channels: tuple[str, ...]
    modes: tuple[Mode, ...]
    reason: str  # one line for people
    number: int  # of the route, from 0


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

    An article published longer than ``max_age`` before it was first seen is stored, not told
    (0: no limit); one without a date is told.
    """
    if not matches or too_old(article, max_age):
        return ()
    due: dict[tuple[str, Mode], PlannedDelivery] = {}
    for match in matches:
        for step in walk(article, match, routes, source_tags):
            for opened in _opened(step, routes[step.number], match, now):
                key = (opened.channel, opened.mode)
                due[key] = _joined(due[key], opened) if key in due else opened
    return tuple(due.values())


def walk(
    article: Article,
    match: Match,
    routes: Sequence[RouteSettings],
    source_tags: Collection[str] = (),
) -> Iterator[Step]:
    """Yield what each route in turn does with ``match``."""
    taken: dict[Mode, str] = {}
    for number, route in enumerate(routes):
        name = route_name(route, number)
        lack = _lack(route, article, match, source_tags)
        modes = () if lack else tuple(m for m in route.modes if m not in taken)
        yield Step(
            route=name,
            channels=route.channels,
            modes=modes,
            reason=lack or _taking(route, modes, taken),
            number=number,
        )
        if not route.goes_on:
            taken |= dict.fromkeys(modes, name)


def route_name(route: RouteSettings, number: int) -> str:
    """Return what people call a route: its name, or its place in the list from 1."""
    return route.name or f"route {number + 1}"


def too_old(article: Article, max_age: timedelta) -> bool:
    """Whether the article was old news when it was first seen."""
    if not max_age or article.published_at is None:
        return False
    return article.first_seen - article.published_at > max_age


def next_time(route: RouteSettings, now: datetime) -> datetime:
    """Return the next moment, in UTC, at which the route's digest is sent."""
    if route.at is None:
        raise ValueError("the route has no digest time")
    return next_clock(route.at, route.timezone, now)


def next_clock(clock: time, timezone: str, now: datetime) -> datetime:
    """Return the next moment, in UTC, at which clocks of ``timezone`` show ``clock``."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    at = datetime.combine(today, clock, tzinfo=zone).astimezone(now.tzinfo)
    # Compared as moments: within a zone Python compares what clocks show, and one hour of
    # autumn shows twice.
    if at <= now:
        tomorrow = today + timedelta(days=1)
        at = datetime.combine(tomorrow, clock, tzinfo=zone).astimezone(now.tzinfo)
    return at


def _opened(
    step: Step, route: RouteSettings, match: Match, now: datetime
) -> Iterator[PlannedDelivery]:
    for mode in step.modes:
        at = now if mode is Mode.IMMEDIATE else next_time(route, now)
        for channel in step.channels:
            yield PlannedDelivery(
                channel=channel,
                mode=mode,
                due_at=at,
                route=step.route,
                rules=(match.rule,),
                is_urgent=route.urgent,
            )


def _joined(one: PlannedDelivery, other: PlannedDelivery) -> PlannedDelivery:
    rules = tuple(dict.fromkeys((*one.rules, *other.rules)))
    # What is urgent stays under the name of the route that says so.
    named = other if other.is_urgent and not one.is_urgent else one
    return replace(named, due_at=min(one.due_at, other.due_at), rules=rules)


def _taking(route: RouteSettings, modes: Sequence[Mode], taken: dict[Mode, str]) -> str:
    if not modes:
        earlier = ", ".join(f"{m} by {taken[m]}" for m in route.modes)
        return f"would take it, but it was taken before: {earlier}"
    told = " and ".join(modes)
    before = [f"; {m} was taken by {taken[m]}" for m in route.modes if m in taken]
    return f"takes it, {told}{''.join(before)}{'; goes on' if route.goes_on else ''}"


def _lack(
    route: RouteSettings, article: Article, match: Match, source_tags: Collection[str]
) -> str:
    """Return the first condition of the route that the match does not meet, in words."""
    asked = (
        ("rule", route.rules, (match.rule,)),
        ("partner", route.partners, match.partners),
        ("activity", route.activities, match.activities),
        ("outlet", route.outlets, (article.source_id,)),
        ("language", route.languages, (article.language,)),
        ("tag", route.tags, tuple(source_tags)),
    )
    for word, wanted, there in asked:
        if wanted and set(wanted).isdisjoint(there):
            has = ", ".join(sorted(there)) or "none"
            return f"passes it by: {word} {has}, wanted {' or '.join(wanted)}"
    if match.score < route.min_score:
        return f"passes it by: score {match.score:.2f} is below min_score {route.min_score:g}"
    return ""
