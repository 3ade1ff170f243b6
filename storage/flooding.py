"""Floods: which routes turned to digests by themselves, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, insert, select

from domain.flood import FloodPolicy, is_spared, loud
from domain.grouping import Kind
from domain.notice import DeliveryState
from domain.time import isoformat
from storage.bulletins import post
from storage.tables import articles, deliveries, floods

Rates = dict[str, tuple[int, int]]  # by outlet: alerts, hits
_NAMED = 3  # outlets that a bulletin names
_COUNTED = (Kind.IMMEDIATE, Kind.LATER, Kind.QUIET, Kind.FLOOD)


@dataclass(slots=True)
class Floods:
    """Counts what a transaction plans on top of what the table holds."""

    connection: Connection
    now: datetime
    counts: dict[tuple[str, str], Rates] = field(default_factory=dict)
    since: dict[tuple[str, str], datetime | None] = field(default_factory=dict)

    def count(
        self, route: str, channel: str, policy: FloodPolicy, *, outlet: str, is_alert: bool
    ) -> datetime | None:
        """Count one more of ``outlet``; return since when it is part of a flood, None if of none.

        A flood is of a route on a channel. Outlets that have no part in it are told as ever.
        """
        key = (route, channel)
        if key not in self.counts:
            self.counts[key] = rates(self.connection, route, channel, policy, self.now)
            self.since[key] = _since(self.connection, route, channel)
        counted = self.counts[key]
        alerts, of_all = counted.get(outlet, (0, 0))
        counted[outlet] = (alerts + is_alert, of_all + 1)
        if self.since[key] is None and policy.begins(*total(counted)):
            self.since[key] = self.now
            names = loud(counted, policy)[:_NAMED]
            _begin(self.connection, route, channel, policy, self.now, noisy=names)
        since = self.since[key]
        return None if since is None or is_spared(outlet, counted, policy) else since


def total(rates: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Return how many alerts and hits all outlets have together."""
    return sum(alerts for alerts, _ in rates.values()), sum(of_all for _, of_all in rates.values())


def rates(
    connection: Connection, route: str, channel: str, policy: FloodPolicy, now: datetime
) -> Rates:
    """Return how many alerts and hits the route had for the channel of late, by outlet."""
    recent = (
        deliveries.c.route == route,
        deliveries.c.channel == channel,
        deliveries.c.created_at > now - policy.per,
        deliveries.c.mode.in_(_COUNTED),
        deliveries.c.state != DeliveryState.SILENCED,
    )
    is_alert = case((deliveries.c.mode != Kind.LATER, 1), else_=0)
    counted = (
        select(articles.c.outlet, func.sum(is_alert), func.count())
        .select_from(deliveries)
        .join(articles, articles.c.article_id == deliveries.c.article_id)
        .where(*recent)
        .group_by(articles.c.outlet)
    )
    return {outlet: (alerts, of_all) for outlet, alerts, of_all in connection.execute(counted)}


def end_floods(
    connection: Connection, policy_of: Callable[[str], FloodPolicy | None], now: datetime
) -> int:
    """End the floods that are over, and say so; return how many were."""
    ended = 0
    for row in connection.execute(select(floods)).all():
        policy = policy_of(row.route)
        counted = policy and rates(connection, row.route, row.channel, policy, now)
        if policy is not None and counted and not policy.ends(*total(counted)):
            continue
        mine = (floods.c.route == row.route, floods.c.channel == row.channel)
        connection.execute(delete(floods).where(*mine))
        gathered = connection.scalar(
            select(func.count()).where(
                deliveries.c.route == row.route,
                deliveries.c.channel == row.channel,
                deliveries.c.mode == Kind.FLOOD,
                deliveries.c.created_at >= row.since,
            )
        )
        since = f"{row.since:%H:%M} UTC"
        post(
            connection,
            key=f"calm:{row.route}:{row.channel}:{isoformat(row.since)}",
            at=now,
            subject=f"{row.route}: the flood is over, alerts come one by one again",
            body=f"Since {since} {gathered} hits of {row.route} were gathered into digests.",
            channel=row.channel,
        )
        ended += 1
    return ended


def _since(connection: Connection, route: str, channel: str) -> datetime | None:
    mine = (floods.c.route == route, floods.c.channel == channel)
    return connection.scalar(select(floods.c.since).where(*mine))


def _begin(
    connection: Connection,
    route: str,
    channel: str,
    policy: FloodPolicy,
    now: datetime,
    *,
    noisy: Sequence[str],
) -> None:
    connection.execute(insert(floods), {"route": route, "channel": channel, "since": now})
    of_whom = (
        f"\nMost are of {', '.join(noisy)}: what others publish is told as ever while it is little."
        if noisy
        else ""
    )
    minutes = policy.per.total_seconds() / 60
    post(
        connection,
        key=f"flood:{route}:{channel}:{isoformat(now)}",
        at=now,
        subject=f"{route}: too many hits to tell one by one, digests until it calms down",
        body=(
            f"More than {policy.alerts} alerts or {policy.hits} hits of {route} within "
            f"{minutes:g} minutes. Every hit is counted in a digest: after 1, 2, 4 minutes and "
            "so on, then every half hour. Is a rule too wide? marsad hits shows what it found."
            f"{of_whom}"
        ),
        channel=channel,
    )
