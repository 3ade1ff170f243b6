"""The outbox: rows are claimed under a lease, tried, and settled by whoever still holds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    update,
)

from domain.asking import OutboxQuery
from domain.grouping import Kind
from domain.notice import Delivery, DeliveryState, Mode, Notice, SendOutcome, SendResult
from storage.inserting import put_row
from storage.notices import notices
from storage.selecting import only
from storage.sources import AHEAD
from storage.tables import articles, channels, deliveries, story_articles

PENDING, LEASED = DeliveryState.PENDING, DeliveryState.LEASED
SENT, FAILED = DeliveryState.SENT, DeliveryState.FAILED
DROPPED = DeliveryState.DROPPED
RETRIED = (PENDING, FAILED, DROPPED)
COMPANY = 200  # reports of one story in one message

PAUSE = timedelta(minutes=1)
"""A channel at fault that names no time is tried again after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A row of the outbox as an operator sees it."""

    id: int
    key: str
    channel: str
    mode: Mode
    kind: Kind
    route: str
    story_id: int | None
    silence_id: int | None
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
    # A row that was made in the future tells that the clock was set back: it waits no day for it.
    is_astray = deliveries.c.created_at > now + AHEAD
    is_due = and_(deliveries.c.state == PENDING, or_(deliveries.c.due_at <= now, is_astray))
    is_freed = and_(deliveries.c.state == LEASED, deliveries.c.lease_until <= now)
    mine = (deliveries.c.channel == channel, _is_of(mode), or_(is_due, is_freed))
    wanted = select(deliveries).where(*mine)
    # Who waits for the urgent waits behind nothing else.
    order = (deliveries.c.is_urgent.desc(), deliveries.c.delivery_id)
    first = wanted.order_by(*order).limit(limit)
    # SQLite has no such clause and needs none: its writers come one by one
    rows = list(connection.execute(first.with_for_update(skip_locked=True)).mappings())
    if not rows:
        return []
    if mode is Mode.IMMEDIATE:
        rows += _company(connection, wanted, rows)
    leased = update(deliveries).where(deliveries.c.delivery_id == bindparam("id"))
    values = {"state": LEASED, "lease": token, "lease_until": _at_least(now + lease)}
    connection.execute(leased, [values | {"id": row["delivery_id"]} for row in rows])
    told = notices(connection, [row["article_id"] for row in rows])
    threads = _threads(connection, channel, {n.story_id for n in told.values()})
    found = ((row, told[row["article_id"]]) for row in rows)
    return [_delivery(row, n, token, threads.get(n.story_id, "")) for row, n in found]


def _is_of(mode: Mode) -> ColumnElement[bool]:
    """Whether a row is told at once, or in a digest."""
    gathered = deliveries.c.mode.in_([kind for kind in Kind if not kind.is_single])
    return gathered if mode is Mode.DIGEST else not_(gathered)


def _company(
    connection: Connection, wanted: Select[Any], rows: Sequence[RowMapping]
) -> Sequence[RowMapping]:
    """Return the other due rows of the stories of ``rows``: they go out with them."""
    ids = [row["article_id"] for row in rows]
    of_rows = select(story_articles.c.story_id).where(story_articles.c.article_id.in_(ids))
    mates = select(story_articles.c.article_id).where(story_articles.c.story_id.in_(of_rows))
    others = wanted.where(
        deliveries.c.mode == Kind.IMMEDIATE,
        deliveries.c.article_id.in_(mates),
        deliveries.c.delivery_id.not_in([row["delivery_id"] for row in rows]),
    )
    found = others.order_by(deliveries.c.delivery_id).limit(COMPANY)
    return connection.execute(found.with_for_update(skip_locked=True)).mappings().all()


def _threads(connection: Connection, channel: str, stories: set[int]) -> dict[int, str]:
    """Return, by story, the receipt of the first message that the channel took on it."""
    wanted = (
        select(story_articles.c.story_id, deliveries.c.receipt)
        .select_from(deliveries)
        .join(story_articles, story_articles.c.article_id == deliveries.c.article_id)
        .where(
            deliveries.c.channel == channel,
            _is_of(Mode.IMMEDIATE),
            deliveries.c.receipt != "",
            only(story_articles.c.story_id, sorted(stories)),
        )
        .order_by(deliveries.c.sent_at.desc(), deliveries.c.delivery_id.desc())
    )
    return {row.story_id: row.receipt for row in connection.execute(wanted)}


def release(connection: Connection, now: datetime) -> int:
    """Free every row that is leased; return how many.

    For a program that knows itself to be the only sender: whoever held the leases is dead.
    """
    freed = {"state": PENDING, "due_at": now, "lease": None, "lease_until": None}
    freed["last_error"] = "the sender ended while sending; possibly sent"
    leased = update(deliveries).where(deliveries.c.state == LEASED)
    return connection.execute(leased.values(**freed)).rowcount


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
        sent = {"state": SENT, "sent_at": now, "receipt": outcome.receipt}
        return values | sent | {"last_error": ""}
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


def overdue(connection: Connection, channel: str, made_by: datetime, due_by: datetime) -> int:
    """Return how many rows of ``channel``, none urgent, made and due by then wait to go singly."""
    late = (deliveries.c.channel == channel, deliveries.c.state == PENDING)
    of_one = (_is_of(Mode.IMMEDIATE), deliveries.c.is_urgent == 0)
    since = (deliveries.c.created_at <= made_by, deliveries.c.due_at <= due_by)
    counted = select(func.count()).where(*late, *of_one, *since)
    return connection.scalar(counted) or 0


def listing(connection: Connection, query: OutboxQuery) -> list[OutboxRow]:
    """Return the rows that ``query`` asks for, oldest first."""
    wanted = select(deliveries, articles.c.title, articles.c.url, story_articles.c.story_id)
    wanted = (
        wanted.select_from(deliveries)
        .join(articles)
        .outerjoin(story_articles, story_articles.c.article_id == deliveries.c.article_id)
    )
    found = wanted.where(*_asked(query)).order_by(deliveries.c.delivery_id).limit(query.limit)
    return [_listed(row) for row in connection.execute(found).mappings()]


def of_article(connection: Connection, article_id: int) -> list[OutboxRow]:
    """Return every row of an article, oldest first."""
    return listing(connection, OutboxQuery(states=(), article_id=article_id))


def retry(connection: Connection, query: OutboxQuery, now: datetime) -> int:
    """Make rows that failed, were dropped or wait for a later try due now; return how many."""
    again = {"state": PENDING, "due_at": now, "attempts": 0, "is_reported": 0}
    mine = (*_asked(query), deliveries.c.state.in_(RETRIED))
    return connection.execute(update(deliveries).where(*mine).values(**again)).rowcount


def drop(connection: Connection, query: OutboxQuery) -> int:
    """Take rows that are not sent out of the outbox, by hand; return how many."""
    mine = (*_asked(query), deliveries.c.state.in_([PENDING, FAILED]))
    dropped = update(deliveries).where(*mine).values(state=DROPPED, is_reported=1)
    return connection.execute(dropped).rowcount


def _asked(query: OutboxQuery) -> Iterator[ColumnElement[bool]]:
    if query.states:
        yield deliveries.c.state.in_(query.states)
    for column, value in (
        (deliveries.c.channel, query.channel),
        (deliveries.c.route, query.route),
        (deliveries.c.article_id, query.article_id),
    ):
        if value is not None:
            yield column == value
    if query.ids:
        yield deliveries.c.delivery_id.in_(query.ids)
    if query.mode is not None:
        yield _is_of(query.mode)
    if query.since is not None:
        yield deliveries.c.created_at >= query.since
    if query.story_id is not None:
        members = select(story_articles.c.article_id)
        mine = story_articles.c.story_id == query.story_id
        yield deliveries.c.article_id.in_(members.where(mine))


def kind_of(text: str) -> Kind:
    """Return the kind that a column ``mode`` names: those told again carry a number."""
    return Kind(text.partition("-")[0])


def _mode(kind: Kind) -> Mode:
    return Mode.IMMEDIATE if kind.is_single else Mode.DIGEST


def _delivery(row: RowMapping, notice: Notice, token: str, thread: str) -> Delivery:
    kind = kind_of(row["mode"])
    return Delivery(
        id=row["delivery_id"],
        key=row["key"],
        channel=row["channel"],
        mode=_mode(kind),
        kind=kind,
        is_urgent=bool(row["is_urgent"]),
        route=row["route"],
        thread=thread,
        attempts=row["attempts"],
        created_at=row["created_at"],
        notice=notice,
        lease=token,
    )


def _listed(row: RowMapping) -> OutboxRow:
    kind = kind_of(row["mode"])
    names = (
        "key",
        "channel",
        "route",
        "story_id",
        "silence_id",
        "attempts",
        "created_at",
        "due_at",
        "sent_at",
        "last_error",
    )
    return OutboxRow(
        id=row["delivery_id"],
        mode=_mode(kind),
        kind=kind,
        state=DeliveryState(row["state"]),
        article_id=row["article_id"],
        title=row["title"],
        url=row["url"],
        **{name: row[name] for name in names},
    )


def pace(connection: Connection, channel: str) -> str | None:
    """Return what was last kept of how ``channel`` fares."""
    wanted = select(channels.c.pace).where(channels.c.channel == channel)
    return connection.scalars(wanted).first()


def put_pace(connection: Connection, channel: str, pace: str) -> None:
    """Keep how ``channel`` fares."""
    put_row(connection, channels, {"channel": channel, "pace": pace})
