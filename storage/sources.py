"""Sources: the configured ones, and what is remembered of each between two visits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from domain.health import HealthState
from domain.source import FetchState, Source, Validators, VisitOutcome
from storage import health
from storage.columns import clean
from storage.inserting import insert_new
from storage.selecting import only
from storage.tables import sources, validators

KEPT = (
    "url",
    "etag",
    "last_modified",
    "body_hash",
    "received",
    "items",
    "failures",
    "rests_until",
)
REMOVED = "removed"
_HELD = select(sources.c.source_id).where(sources.c.source_id.in_(bindparam("ids", expanding=True)))
AHEAD = timedelta(minutes=2)  # a visit later than that from now: the clock was set back


def sync(connection: Connection, wanted: Sequence[Source], now: datetime) -> None:
    """Make the table say what the config says; what left the config keeps its history.

    A source that is new, back, or reached by other ways than before is due now.
    """
    known = {row.source_id: row for row in connection.execute(select(sources))}
    facts = {clean(source.id): _facts(source) for source in wanted}
    fresh = [_newborn(values, now) for key, values in facts.items() if key not in known]
    insert_new(connection, sources, fresh)
    placed = {
        key: _placed(values, known[key]._mapping, now)
        for key, values in facts.items()
        if key in known
    }
    # Rows that say so already stay untouched: every worker that starts comes by here, and a
    # row that is written is one that visits wait for.
    changed = [
        {"id": key, **values}
        for key, values in placed.items()
        if any(known[key]._mapping[name] != _as_kept(value) for name, value in values.items())
    ]
    one = update(sources).where(sources.c.source_id == bindparam("id"))
    if changed:
        connection.execute(one, changed)
    gone = [{"id": key} for key, row in known.items() if key not in facts and row.state != REMOVED]
    if gone:
        connection.execute(one.values(state=REMOVED), gone)


def _as_kept(value: object) -> object:
    """Return ``value`` as it is read back."""
    return clean(str(value)) if isinstance(value, str) else value


def ensure(connection: Connection, ids: set[str], now: datetime) -> None:
    """Give a row to outlets that articles name and no config ever did."""
    ids = {clean(key) for key in ids}
    held = set(connection.scalars(_HELD, {"ids": list(ids)}))
    strays = [
        Source(id=key, name=key, url="", language="und", country="") for key in sorted(ids - held)
    ]
    rows = [_newborn(_facts(source), now) | {"state": REMOVED} for source in strays]
    insert_new(connection, sources, rows)


def due(
    connection: Connection, now: datetime, limit: int, among: Sequence[str] | None = None
) -> list[FetchState]:
    """Return the states of sources that are due, the most overdue first."""
    wanted = select(sources).where(_is_due(now))
    if among is not None:
        wanted = wanted.where(sources.c.source_id.in_(among))
    return _states(connection, wanted.limit(limit))


def due_ids(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the ids of sources that are due, the most overdue first."""
    wanted = select(sources.c.source_id).where(_is_due(now))
    ordered = wanted.order_by(sources.c.next_due, sources.c.source_id)
    return list(connection.scalars(ordered.limit(limit)))


def _is_due(now: datetime) -> ColumnElement[bool]:
    is_time = or_(sources.c.next_due <= now, sources.c.last_visit > now + AHEAD)
    return and_(sources.c.state != REMOVED, is_time)


def states(connection: Connection) -> list[FetchState]:
    """Return the state of every configured source."""
    return _states(connection, select(sources).where(sources.c.state != REMOVED))


def _states(connection: Connection, wanted: Select[Any]) -> list[FetchState]:
    ordered = wanted.order_by(sources.c.next_due, sources.c.source_id)
    rows = connection.execute(ordered).mappings().all()
    ids = [row["source_id"] for row in rows]
    held: dict[str, list[Validators]] = defaultdict(list)
    of_these = only(validators.c.source_id, ids)
    wanted_too = select(validators).where(of_these).order_by(validators.c.url)
    for row in connection.execute(wanted_too).mappings():
        facts = {name: row[name] for name in KEPT if name != "items"}
        held[row["source_id"]].append(Validators(**facts, items=row["items"] or ()))
    fares, ways = health.read(connection, ids), health.read_ways(connection, ids)
    return [
        replace(
            _state(row, tuple(held[key])),
            health=fares[key][0] if key in fares else None,
            rhythm=fares[key][1] if key in fares else None,
            ways=ways.get(key, ()),
        )
        for key, row in zip(ids, rows, strict=True)
    ]


def _state(row: RowMapping, kept: tuple[Validators, ...]) -> FetchState:
    return FetchState(
        source_id=row["source_id"],
        next_due=row["next_due"],
        last_visit=row["last_visit"],
        last_success=row["last_success"],
        last_article=row["last_article"],
        failures=row["failures"],
        outcome=None if row["outcome"] is None else VisitOutcome(row["outcome"]),
        reason=row["reason"],
        interval_seconds=row["interval_seconds"],
        validators=kept,
    )


def _facts(source: Source) -> dict[str, Any]:
    ways = [source.feeds, source.sitemaps, source.sections, source.article_url]
    ways += [more for more in (source.fallback_feeds, source.archives) if more]
    return {
        "source_id": source.id,
        "name": source.name,
        "url": source.url,
        "language": source.language,
        "country": source.country,
        "tags": source.tags,
        "ways_in": json.dumps([source.url, *ways], ensure_ascii=False),
    }


def _newborn(facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    counters = {"failures": 0, "visits": 0, "visits_failed": 0}
    return facts | counters | {"state": HealthState.NEW, "next_due": now, "reason": ""}


def _placed(facts: dict[str, Any], known: RowMapping, now: datetime) -> dict[str, Any]:
    """Return what the row of a configured source becomes."""
    is_back = known["state"] == REMOVED
    is_due = is_back or clean(facts["ways_in"]) != known["ways_in"]
    placed = {name: value for name, value in facts.items() if name != "source_id"}
    placed["state"] = standing(known["outcome"], known["failures"]) if is_back else known["state"]
    placed["next_due"] = min(now, known["next_due"]) if is_due else known["next_due"]
    return placed


def standing(outcome: str | None, failures: int) -> str:
    """Return the state that a visit's end means, where nobody judged the source's health."""
    if outcome is None:
        return HealthState.NEW
    if outcome == VisitOutcome.ROBOTS:
        return HealthState.REFUSED  # the outlet's wish, not a fault: no retry mends it
    return HealthState.FAILING if failures else HealthState.OK
