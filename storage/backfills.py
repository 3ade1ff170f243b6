"""Backfills: which were begun, and which of their steps are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from domain.backfill import BackfillRun, BackfillStanding, BackfillStep
from storage.inserting import put_row
from storage.tables import backfill_steps, backfills


def begin(
    connection: Connection, source_id: str, since: datetime, until: datetime | None, now: datetime
) -> BackfillRun:
    """Go on with an unfinished backfill of the same time, or begin one; no ``until``: up to now."""
    table = backfills.c
    wanted = [table.source_id == source_id, table.since == since, table.finished.is_(None)]
    if until is not None:
        wanted.append(table.until == until)
    newest = select(backfills).where(*wanted).order_by(table.backfill_id.desc()).limit(1)
    row = connection.execute(newest).first()
    if row is not None:
        mine = table.backfill_id == row.backfill_id
        connection.execute(update(backfills).where(mine).values(refusal=""))
        return _run(row)
    end = until or now
    values = {"source_id": source_id, "since": since, "until": end, "started": now}
    ident = connection.scalar(insert(backfills).returning(table.backfill_id), values)
    assert ident is not None
    return BackfillRun(backfill_id=ident, source_id=source_id, since=since, until=end)


def _run(row: Row[Any]) -> BackfillRun:
    return BackfillRun(
        backfill_id=row.backfill_id,
        source_id=row.source_id,
        since=row.since,
        until=row.until,
        is_resumed=True,
    )


def unfinished(connection: Connection, backfill_id: int) -> BackfillRun | None:
    """Return a backfill to go on with; None when it came to its end."""
    c = backfills.c
    wanted = select(backfills).where(c.backfill_id == backfill_id, c.finished.is_(None))
    row = connection.execute(wanted).first()
    return None if row is None else _run(row)


def refuse(connection: Connection, backfill_id: int, reason: str) -> None:
    """Note why a worker left a backfill."""
    mine = backfills.c.backfill_id == backfill_id
    connection.execute(update(backfills).where(mine).values(refusal=reason))


def standings(connection: Connection, ids: Sequence[int]) -> list[BackfillStanding]:
    """Return how far these backfills are, in their order."""
    c, s = backfills.c, backfill_steps.c
    sums = (func.coalesce(func.sum(s.listed), 0), func.coalesce(func.sum(s.new), 0))
    rows = connection.execute(
        select(c.backfill_id, c.finished, c.refusal, func.count(s.url), *sums, func.min(s.oldest))
        .outerjoin_from(backfills, backfill_steps)
        .where(c.backfill_id.in_(ids))
        .group_by(c.backfill_id)
        .order_by(c.backfill_id)
    )
    return [
        BackfillStanding(
            backfill_id=row[0],
            is_finished=row[1] is not None,
            refusal=row[2],
            steps=row[3],
            listed=int(row[4]),
            new=int(row[5]),
            oldest=row[6],
        )
        for row in rows
    ]


def steps(connection: Connection, backfill_id: int) -> list[BackfillStep]:
    """Return the steps that are done."""
    c = backfill_steps.c
    columns = [column for column in c if column.name != "backfill_id"]
    rows = connection.execute(select(*columns).where(c.backfill_id == backfill_id)).mappings()
    return [BackfillStep(**(dict(row) | {"is_fresh": bool(row["is_fresh"])})) for row in rows]


def keep(connection: Connection, backfill_id: int, step: BackfillStep) -> None:
    """Keep a step that is done."""
    row = asdict(step) | {"backfill_id": backfill_id, "is_fresh": int(step.is_fresh)}
    put_row(connection, backfill_steps, row)


def finish(connection: Connection, backfill_id: int, now: datetime) -> None:
    """Note that the backfill came to its end."""
    mine = backfills.c.backfill_id == backfill_id
    connection.execute(update(backfills).where(mine).values(finished=now))
