"""How sources fare, kept: state with reason, ways in, rhythm, and what changed when."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from domain.health import Health, HealthChange, HealthState, WayHealth
from domain.rhythm import Rhythm
from domain.source import FetchState
from domain.time import isoformat
from storage.inserting import put_row
from storage.selecting import only
from storage.tables import health, health_changes, sources, ways

KEPT_CHANGES = 100  # a source
_WAY = ("url", "state", "reason", "since", "failures", "newest", "address", "moved_to")
_WAY_NAMES = (*_WAY, "moved_seen", "moved_since")


def record(connection: Connection, state: FetchState) -> None:
    """Write the health of a source after a visit, and the change if there is one."""
    if state.health is None:
        return
    now, source = state.health, state.source_id
    mine = select(health.c.state, health.c.told).where(health.c.source_id == source)
    before = connection.execute(mine).first()
    put_row(
        connection,
        health,
        {
            "source_id": source,
            "state": now.state,
            "reason": now.reason,
            "since": now.since,
            # what was told meanwhile stays told
            "told": before.told if before is not None else now.told,
            "is_sure": int(now.is_sure),
            "rhythm": None if state.rhythm is None else rhythm_json(state.rhythm),
        },
    )
    _keep_ways(connection, state)
    was = before.state if before is not None else str(HealthState.NEW)
    if was != now.state:
        _note_change(connection, source, was, now)


def read(connection: Connection, ids: Sequence[str]) -> Mapping[str, tuple[Health, Rhythm | None]]:
    """Return health and rhythm of those sources of ``ids``, at least, that were ever visited."""
    rows = connection.execute(select(health).where(only(health.c.source_id, ids)))
    return {row.source_id: (_health(row), _rhythm(row.rhythm)) for row in rows}


def read_ways(connection: Connection, ids: Sequence[str]) -> Mapping[str, tuple[WayHealth, ...]]:
    """Return the ways of the sources of ``ids``, at least."""
    found: dict[str, list[WayHealth]] = defaultdict(list)
    wanted = select(ways).where(only(ways.c.source_id, ids)).order_by(ways.c.url)
    for row in connection.execute(wanted).mappings():
        facts = {name: row[name] for name in _WAY_NAMES} | {"state": HealthState(row["state"])}
        found[row["source_id"]].append(WayHealth(**facts))
    return {source: tuple(many) for source, many in found.items()}


def untold(connection: Connection) -> list[HealthChange]:
    """Return what the operator has not heard yet and may be told, the longest-lasting first.

    A trouble is told when it is sure; its end when the trouble was told.
    """
    removed = sources.c.state == "removed"
    joined = health.join(sources, sources.c.source_id == health.c.source_id)
    wanted = (
        select(health, sources.c.name, sources.c.next_due)
        .select_from(joined)
        .where(health.c.state != health.c.told, health.c.is_sure == 1, ~removed)
        .order_by(health.c.since, health.c.source_id)
    )
    changes = (
        HealthChange(
            source_id=row.source_id,
            name=row.name,
            at=row.since,
            before=HealthState(row.told),
            state=HealthState(row.state),
            reason=row.reason,
            next_try=row.next_due,
        )
        for row in connection.execute(wanted)
    )
    return [c for c in changes if c.state.is_trouble or c.before.is_trouble]


def mark_told(connection: Connection, changes: Sequence[HealthChange]) -> None:
    """Remember that the operator heard of ``changes``."""
    for change in changes:
        mine = health.c.source_id == change.source_id
        connection.execute(update(health).where(mine).values(told=change.state))


def history(connection: Connection, source_id: str) -> list[HealthChange]:
    """Return the changes of a source, newest first."""
    wanted = (
        select(health_changes, sources.c.name)
        .join(sources, sources.c.source_id == health_changes.c.source_id)
        .where(health_changes.c.source_id == source_id)
        .order_by(health_changes.c.change_id.desc())
    )
    return [
        HealthChange(
            source_id=row.source_id,
            name=row.name,
            at=row.at,
            before=HealthState(row.before),
            state=HealthState(row.state),
            reason=row.reason,
        )
        for row in connection.execute(wanted)
    ]


def rhythm_json(rhythm: Rhythm) -> str:
    """Write a rhythm; counts to a thousandth, which is less than any of them means."""
    facts: dict[str, Any] = asdict(rhythm)
    for name, value in facts.items():
        if isinstance(value, datetime):
            facts[name] = isoformat(value)
        elif isinstance(value, tuple):
            facts[name] = [round(count, 3) for count in value]
        elif isinstance(value, float):
            facts[name] = round(value, 3)
    return json.dumps(facts, separators=(",", ":"))


def _rhythm(text: str | None) -> Rhythm | None:
    """Read a rhythm; one that another version wrote is learnt anew."""
    if text is None:
        return None
    try:
        facts = json.loads(text)
        for name in ("since", "as_of", "newest"):
            facts[name] = facts[name] and datetime.fromisoformat(facts[name])
        return Rhythm(**facts | {name: tuple(facts[name]) for name in ("hours", "days")})
    except (ValueError, TypeError, KeyError):
        return None


def _health(row: Row[Any]) -> Health:
    return Health(
        state=HealthState(row.state),
        since=row.since,
        reason=row.reason,
        told=HealthState(row.told),
        is_sure=bool(row.is_sure),
    )


def _keep_ways(connection: Connection, state: FetchState) -> None:
    connection.execute(delete(ways).where(ways.c.source_id == state.source_id))
    rows = {way.url: {name: getattr(way, name) for name in _WAY_NAMES} for way in state.ways}
    if rows:
        mine = {"source_id": state.source_id}
        connection.execute(insert(ways), [row | mine for row in rows.values()])


def _note_change(connection: Connection, source: str, was: str, now: Health) -> None:
    row = {"source_id": source, "at": now.since, "before": was, "state": now.state}
    connection.execute(insert(health_changes), row | {"reason": now.reason})
    mine = health_changes.c.source_id == source
    kept = select(health_changes.c.change_id).where(mine)
    newest = kept.order_by(health_changes.c.change_id.desc()).limit(KEPT_CHANGES)
    old = health_changes.c.change_id.not_in(newest)
    connection.execute(delete(health_changes).where(mine, old))
