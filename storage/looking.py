"""Questions of the web page: how the store stands, one hit with its proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from domain.asking import HitQuery
from domain.looking import Counts, Figures, HitPage, Label
from storage import asking
from storage.notices import notices
from storage.outbox import PENDING
from storage.sources import REMOVED
from storage.tables import articles, deliveries, hit_facets, hits, sources, stories


def figures(connection: Connection, now: datetime) -> Figures:
    """Return how the store stands at ``now``."""
    is_here = sources.c.state != REMOVED
    is_due = (deliveries.c.state == PENDING) & (deliveries.c.due_at <= now)
    waiting = select(func.min(deliveries.c.due_at)).where(is_due)
    newest = select(
        func.max(sources.c.last_success),
        func.max(sources.c.last_article),
        func.min(sources.c.next_due),
    ).where(is_here)
    newest_hit = select(func.max(hits.c.hit_id)).scalar_subquery()
    success, article, due = connection.execute(newest).one()
    return Figures(
        sources=_by(connection, sources.c.state),
        deliveries=_by(connection, deliveries.c.state),
        waiting_since=connection.scalar(waiting),
        last_success=success,
        last_article=article,
        last_hit=connection.scalar(select(hits.c.matched_at).where(hits.c.hit_id == newest_hit)),
        oldest_due=due,
    )


def counts(connection: Connection) -> Counts:
    """Return how much the store holds. A million articles take a while to count."""
    return Counts(
        articles=_count(connection, articles.c.article_id),
        hits=_count(connection, hits.c.hit_id),
        stories=_count(connection, stories.c.story_id),
    )


def _count(connection: Connection, column: Any) -> int:
    return connection.scalar(select(func.count(column))) or 0


def _by(connection: Connection, column: Any) -> Mapping[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column))
    return {str(state): count for state, count in rows}


def facet_values(connection: Connection, kinds: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Return the values that hits have of each kind, with their number of hits, most first."""
    found: dict[str, list[tuple[str, int]]] = {kind: [] for kind in kinds}
    count = func.count()
    wanted = select(hit_facets.c.kind, hit_facets.c.value, count)
    wanted = wanted.where(hit_facets.c.kind.in_(kinds))
    order = (count.desc(), hit_facets.c.value)
    for kind, value, number in connection.execute(
        wanted.group_by(hit_facets.c.kind, hit_facets.c.value).order_by(*order)
    ):
        found[kind].append((value, number))
    return found


def hit(connection: Connection, hit_id: int) -> HitPage | None:
    """Return a hit with its article, labels and proofs; None where there is no such hit."""
    facts = (hits.c.article_id, hits.c.threshold, hits.c.rule_version)
    more = (articles.c.first_seen, articles.c.authors, articles.c.note)
    wanted = select(*facts, *more).join(articles, articles.c.article_id == hits.c.article_id)
    found = connection.execute(wanted.where(hits.c.hit_id == hit_id)).mappings().first()
    if found is None:
        return None
    query = HitQuery(hit_id=hit_id, limit=1)
    notice = notices(connection, [found["article_id"]])[found["article_id"]]
    names = ("threshold", "rule_version", "first_seen", "authors", "note")
    with closing(asking.ask(connection, query)) as asked:  # its cursor, once the one row is read
        row = next(asked)
    return HitPage(
        row=row,
        outlet=notice.outlet,
        notice=notice,
        labels=_labels(connection, hit_id),
        archived=asking.archived(connection, [hit_id]).get(hit_id),
        **{name: found[name] for name in names},
    )


def _labels(connection: Connection, hit_id: int) -> tuple[Label, ...]:
    order = (hit_facets.c.kind, hit_facets.c.position)
    rows = connection.execute(
        select(hit_facets).where(hit_facets.c.hit_id == hit_id).order_by(*order)
    )
    return tuple(Label(kind=row.kind, value=row.value, label=row.label) for row in rows)
