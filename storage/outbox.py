"""The outbox: rows are claimed under a lease, tried, and settled by whoever still holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, case, func, or_, select, update

from domain.notice import Delivery, DeliveryState, Mode, Notice, SendOutcome, SendResult
from storage.notices import notices
from storage.tables import articles, deliveries

PENDING, LEASED = DeliveryState.PENDING, DeliveryState.LEASED
SENT, FAILED = DeliveryState.SENT, DeliveryState.FAILED

PAUSE = timedelta(minutes=1)
"""A channel at fault that names no time is tried again after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A row of the outbox as an operator sees it."""

    id: int
    key: str
    channel: str
    mode: Mode
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    last_error: str
    article_id: int
    title: str
    url: str


def claim(
    connection: Connection,
    channel: str,
    mode: Mode,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    token: str,
) -> list[Delivery]:
    """Lease the oldest due rows to ``token``. Rows that another claims now are passed over."""
    is_due = and_(deliveries.c.state == PENDING, deliveries.c.due_at <= now)
    is_freed = and_(deliveries.c.state == LEASED, deliveries.c.lease_until <= now)
    mine = (deliveries.c.channel == channel, deliveries.c.mode == mode)
    wanted = select(deliveries).where(*mine, or_(is_due, is_freed))
    wanted = wanted.order_by(deliveries.c.delivery_id).limit(limit)
    # SQLite has no such clause and needs none: its writers come one by one
    rows = connection.execute(wanted.with_for_update(skip_locked=True)).mappings().all()
    if not rows:
        return []
    leased = update(deliveries).where(deliveries.c.delivery_id == bindparam("id"))
    values = {"state": LEASED, "lease": token, "lease_until": _at_least(now + lease)}
    connection.execute(leased, [values | {"id": row["delivery_id"]} for row in rows])
    told = notices(connection, [row["article_id"] for row in rows])
    return [_delivery(row, told[row["article_id"]], token) for row in rows]


def settle(
    connection: Connection,
    settled: Sequence[Delivery],
    outcome: SendOutcome,
    now: datetime,
    next_try: datetime | None,
) -> int:
    """Write the outcome to those rows whose lease is still ours; return how many they are."""
    ours = and_(
        deliveries.c.delivery_id == bindparam("id"),
        deliveries.c.lease == bindparam("token"),
        deliveries.c.state == LEASED,
    )
    statement = update(deliveries).where(ours).values(_settled(outcome, now, next_try))
    written = 0
    for delivery in settled:
        values = {"id": delivery.id, "token": delivery.lease}
        written += connection.execute(statement, values).rowcount
    return written


def _settled(outcome: SendOutcome, now: datetime, next_try: datetime | None) -> dict[str, Any]:
    """Return what a row becomes. A fault of the whole channel never uses up a message."""
    tried = deliveries.c.attempts + int(not outcome.channel_wide)
    values: dict[str, Any] = {"lease": None, "lease_until": None, "attempts": tried}
    if outcome.result is SendResult.ACCEPTED:
        return values | {"state": SENT, "sent_at": now, "last_error": ""}
    values["last_error"] = outcome.reason
    if outcome.channel_wide:
        return values | {"state": PENDING, "due_at": _at_least(next_try or now + PAUSE)}
    if outcome.result is SendResult.RETRY and next_try is not None:
        return values | {"state": PENDING, "due_at": _at_least(next_try)}
    return values | {"state": FAILED}


def _at_least(moment: datetime) -> datetime:
    """Round up to a whole second: the column cuts fractions off, and a wait is never shorter."""
    return moment + timedelta(microseconds=-moment.microsecond % 1_000_000)


def next_due(connection: Connection, channel: str) -> datetime | None:
    """Return when a row of ``channel`` falls due or its lease ends; None: no row waits."""
    is_leased = deliveries.c.state == LEASED
    moment = case((is_leased, deliveries.c.lease_until), else_=deliveries.c.due_at)
    waiting = (deliveries.c.channel == channel, deliveries.c.state.in_([PENDING, LEASED]))
    earliest: datetime | None = connection.scalar(select(func.min(moment)).where(*waiting))
    return earliest


def listing(connection: Connection, state: DeliveryState | None) -> list[OutboxRow]:
    """Return the rows in ``state``, or all that are not sent, oldest first."""
    wanted = select(deliveries, articles.c.title, articles.c.url).join(articles)
    is_wanted = deliveries.c.state != SENT if state is None else deliveries.c.state == state
    found = wanted.where(is_wanted).order_by(deliveries.c.delivery_id)
    return [_listed(row) for row in connection.execute(found).mappings()]


def retry_failed(connection: Connection, channel: str | None, now: datetime) -> int:
    """Make rows that failed for good due again, with all their tries; return how many."""
    failed = [deliveries.c.state == FAILED]
    if channel is not None:
        failed.append(deliveries.c.channel == channel)
    again = {"state": PENDING, "due_at": now, "attempts": 0}
    return connection.execute(update(deliveries).where(*failed).values(again)).rowcount


def _delivery(row: RowMapping, notice: Notice, token: str) -> Delivery:
    return Delivery(
        id=row["delivery_id"],
        key=row["key"],
        channel=row["channel"],
        mode=Mode(row["mode"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        notice=notice,
        lease=token,
    )


def _listed(row: RowMapping) -> OutboxRow:
    names = ("key", "channel", "attempts", "created_at", "due_at", "sent_at", "last_error")
    return OutboxRow(
        id=row["delivery_id"],
        mode=Mode(row["mode"]),
        state=DeliveryState(row["state"]),
        article_id=row["article_id"],
        title=row["title"],
        url=row["url"],
        **{name: row[name] for name in names},
    )
