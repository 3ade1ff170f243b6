"""The end of a visit, written: the source's next state, its validators, the visit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, insert, literal, or_, select, update

from domain.source import FetchState, VisitReport
from storage import health
from storage.columns import UtcText
from storage.sources import KEPT, REMOVED, standing
from storage.tables import sources, validators, visits

KEPT_VISITS = 30
_SEEN = bindparam("seen", type_=UtcText)
_NOTE_ARTICLE = (
    update(sources)
    .where(sources.c.source_id == bindparam("outlet"))
    .where(or_(sources.c.last_article.is_(None), sources.c.last_article < _SEEN))
    .values(last_article=_SEEN)
)


def record(connection: Connection, report: VisitReport) -> None:
    """Write all that ``report`` says."""
    state = report.state
    values = _told(state) if state else _reckoned(report)
    is_success = report.outcome.is_success
    is_removed = sources.c.state == REMOVED  # while the visit ran
    connection.execute(
        update(sources)
        .where(sources.c.source_id == report.source_id)
        .values(
            **values,
            state=case((is_removed, REMOVED), else_=_standing(report)),
            visits=sources.c.visits + 1,
            visits_failed=sources.c.visits_failed + int(not is_success),
        )
    )
    if state is not None:
        _keep_validators(connection, state)
        health.record(connection, state)
    _log(connection, report)


def _standing(report: VisitReport) -> str:
    if report.state is not None and report.state.health is not None:
        return report.state.health.state
    return standing(report.outcome, not report.outcome.is_success)


def note_articles(connection: Connection, newest: Mapping[str, datetime]) -> None:
    """Move each outlet's ``last_article`` up to its newest article filed."""
    # In one order, so that two who note the same outlets never wait for each other.
    rows = [{"outlet": outlet, "seen": newest[outlet]} for outlet in sorted(newest)]
    if rows:
        connection.execute(_NOTE_ARTICLE, rows)


def _told(state: FetchState) -> dict[str, Any]:
    values = {
        name: getattr(state, name)
        for name in ("next_due", "last_visit", "last_success", "failures", "outcome", "reason")
    }
    return values | {"interval_seconds": state.interval_seconds} | _last_article(state)


def _last_article(state: FetchState) -> dict[str, Any]:
    """Never back: batches of this visit filed before may have moved it on."""
    held = sources.c.last_article
    if state.last_article is None:
        return {}
    # a bare value inside CASE would be written as the driver likes, not as the column does
    told = literal(state.last_article, UtcText)
    return {"last_article": case((held > told, held), else_=told)}


def _reckoned(report: VisitReport) -> dict[str, Any]:
    """Return what can be said when the crawler gives no state."""
    seen = {"last_visit": report.finished, "outcome": report.outcome, "reason": report.reason}
    if report.outcome.is_success:
        return seen | {"failures": 0, "last_success": report.finished}
    return seen | {"failures": sources.c.failures + 1}


def _keep_validators(connection: Connection, state: FetchState) -> None:
    connection.execute(delete(validators).where(validators.c.source_id == state.source_id))
    rows = {
        kept.url: {"source_id": state.source_id} | {name: getattr(kept, name) for name in KEPT}
        for kept in state.validators
    }
    if rows:
        connection.execute(insert(validators), list(rows.values()))


def _log(connection: Connection, report: VisitReport) -> None:
    names = ("source_id", "outcome", "reason", "started", "finished", "entries")
    row = {name: getattr(report, name) for name in (*names, "new_articles", "failed_pages")}
    connection.execute(insert(visits), row)
    mine = visits.c.source_id == report.source_id
    kept = select(visits.c.visit_id).where(mine).order_by(visits.c.visit_id.desc())
    old = visits.c.visit_id.not_in(kept.limit(KEPT_VISITS))
    connection.execute(delete(visits).where(mine, old))
