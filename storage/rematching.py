"""A rematch, written: verdicts of today in the place of stored ones, which become history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select, update

from domain.article import Document
from domain.filing import DeliveryPlanner, Filing, as_proposed
from domain.rematch import (
    ChangeKind,
    Rejudged,
    RematchProgress,
    StoredArticle,
    StoredText,
    VerdictChange,
)
from storage import asking, chunks, filing, leaving, tables
from storage.facets import Labels, evidence_rows, facet_rows, listed, match_of
from storage.folding import Folding
from storage.snippets import snippet
from storage.stories import Placer

PAGE = 200  # articles read, judged and written together


def begin(
    connection: Connection, version: str, since: datetime | None, now: datetime
) -> RematchProgress:
    """Go on with an unfinished rematch of the same rules and start, or begin one."""
    table = tables.rematches
    same = (table.c.version == version, table.c.since.is_not_distinct_from(since))
    open_one = select(table).where(*same, table.c.finished.is_(None))
    row = connection.execute(open_one.order_by(table.c.rematch_id.desc()).limit(1)).first()
    if row is not None:
        return RematchProgress(
            rematch_id=row.rematch_id,
            version=version,
            since=since,
            checked_to=row.checked_to,
            is_resumed=True,
        )
    values = {"version": version, "since": since, "started": now, "checked_to": 0}
    ident = connection.scalar(insert(table).returning(table.c.rematch_id), values)
    assert ident is not None
    return RematchProgress(
        rematch_id=ident, version=version, since=since, checked_to=0, is_resumed=False
    )


def finish(connection: Connection, rematch_id: int, now: datetime) -> None:
    """Note that every article was judged."""
    table = tables.rematches
    chunks.drop(connection, rematch_id)
    connection.execute(update(table).where(table.c.rematch_id == rematch_id).values(finished=now))


def count(connection: Connection, after: int, since: datetime | None) -> int:
    """Return how many articles a rematch has before it."""
    a = tables.articles.c
    wanted = select(func.count()).where(a.article_id > after)
    if since is not None:
        wanted = wanted.where(func.coalesce(a.published_at, a.first_seen) >= since)
    return connection.scalar(wanted) or 0


def page(
    connection: Connection, after: int, since: datetime | None, upto: int | None = None
) -> list[StoredText]:
    """Return the next texts by id, up to ``upto``, with their hits: published from ``since``.

    Most verdicts are as they were, so that only what is judged is read.
    """
    a = tables.articles.c
    wanted = select(a.article_id, a.url, a.title, a.text, a.published_at)
    wanted = wanted.where(a.article_id > after)
    if upto is not None:
        wanted = wanted.where(a.article_id <= upto)
    if since is not None:
        wanted = wanted.where(func.coalesce(a.published_at, a.first_seen) >= since)
    rows = connection.execute(wanted.order_by(a.article_id).limit(PAGE)).all()
    hits = _hits(connection, [row[0] for row in rows])
    return [
        StoredText(
            article_id=ident,
            document=Document(id=url, title=title, text=text, published_at=published),
            hits=tuple(hits.get(ident, ())),
        )
        for ident, url, title, text, published in rows
    ]


def of_ids(connection: Connection, ids: Sequence[int]) -> list[StoredArticle]:
    """Return the articles of a page by their ids, whole and with their hits."""
    ident = tables.articles.c.article_id
    return stored(connection, select(tables.articles).where(ident.in_(ids)).order_by(ident))


def stored(connection: Connection, wanted: Select[Any]) -> list[StoredArticle]:
    """Return the articles that ``wanted`` selects, with the hits they have."""
    rows = connection.execute(wanted).mappings().all()
    hits = _hits(connection, [row["article_id"] for row in rows])
    return [
        StoredArticle(
            article_id=row["article_id"],
            article=asking.article_of(row),
            hits=tuple(hits.get(row["article_id"], ())),
        )
        for row in rows
    ]


def _hits(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[int, Any]]]:
    table = tables.hits
    rows = connection.execute(
        select(table).where(table.c.article_id.in_(ids)).order_by(table.c.hit_id)
    ).mappings()
    found = list(rows)
    numbers = [row["hit_id"] for row in found]
    facets = _grouped(connection, tables.hit_facets, numbers)
    proofs = _grouped(connection, tables.evidence, numbers)
    by_article: dict[int, list[tuple[int, Any]]] = {}
    for row in found:
        ident = row["hit_id"]
        match = match_of(row, facets.get(ident, ()), proofs.get(ident, ()))
        by_article.setdefault(row["article_id"], []).append((ident, match))
    return by_article


def _grouped(connection: Connection, table: Any, ids: Sequence[int]) -> dict[int, list[RowMapping]]:
    wanted = select(table).where(table.c.hit_id.in_(ids))
    order = (table.c.hit_id, *((table.c.kind,) if "kind" in table.c else ()), table.c.position)
    groups: dict[int, list[RowMapping]] = {}
    for row in connection.execute(wanted.order_by(*order)).mappings():
        groups.setdefault(row["hit_id"], []).append(row)
    return groups


def write(
    connection: Connection,
    progress: RematchProgress,
    rejudged: Sequence[Rejudged],
    checked_to: int,
    *,
    now: datetime,
    labels: Labels,
    folding: Folding,
    placer: Placer | None = None,
) -> None:
    """Write what became of a page of articles, and how far the rematch is: one commit."""
    settle(connection, rejudged, now=now, labels=labels, folding=folding, placer=placer)
    table = tables.rematches
    connection.execute(
        update(table)
        .where(table.c.rematch_id == progress.rematch_id, table.c.checked_to < checked_to)
        .values(checked_to=checked_to)
    )


def settle(
    connection: Connection,
    rejudged: Sequence[Rejudged],
    *,
    now: datetime,
    labels: Labels,
    folding: Folding,
    plan: DeliveryPlanner = as_proposed,
    placer: Placer | None = None,
) -> tuple[int, int]:
    """Write new verdicts in the place of old ones; return how many hits and deliveries are new."""
    by_kind: Mapping[ChangeKind, list[tuple[Rejudged, VerdictChange]]] = {
        kind: [(r, c) for r in rejudged for c in r.changes if c.kind is kind] for kind in ChangeKind
    }
    moved = [*by_kind[ChangeKind.SCORE], *by_kind[ChangeKind.FACTS]]
    lost = by_kind[ChangeKind.LOST]
    _keep_history(connection, [*moved, *lost], now)
    for each, change in [*moved, *by_kind[ChangeKind.SAME]]:
        _change(connection, each.stored, change, now, labels)
    new = [
        (r.stored.article_id, _filing(r))
        for r in rejudged
        if any(c.kind is ChangeKind.NEW for c in r.changes)
    ]
    added = filing.add_hits(
        connection, new, now, labels=labels, folding=folding, plan=plan, placer=placer
    )
    _remove(connection, [c for _, c in lost])
    return added


def _filing(each: Rejudged) -> Filing:
    matches = tuple(c.after for c in each.changes if c.kind is ChangeKind.NEW and c.after)
    return Filing(
        article=each.stored.article,
        matches=matches,
        deliveries=each.deliveries,
        officials=each.officials,
        trace=each.trace,
    )


def _keep_history(
    connection: Connection, changed: Sequence[tuple[Rejudged, VerdictChange]], now: datetime
) -> None:
    names = ("rule", "rule_version", "score", "threshold", "matched_at", "partners", "activities")
    table = tables.hits
    ids = {c.hit_id: (c.kind, c.after.rule_version if c.after else "") for _, c in changed}
    columns = [table.c[n] for n in (*names, "persons", "organisations", "snippet", "article_id")]
    rows = connection.execute(
        select(table.c.hit_id, *columns).where(table.c.hit_id.in_(list(ids)))
    ).mappings()
    old = [
        {
            **{k: v for k, v in row.items() if k != "hit_id"},
            "kind": ids[row["hit_id"]][0],
            "replaced_at": now,
        }
        for row in rows
    ]
    if old:
        connection.execute(insert(tables.hit_history), old)


def _change(
    connection: Connection,
    stored: StoredArticle,
    change: VerdictChange,
    now: datetime,
    labels: Labels,
) -> None:
    match, table = change.after, tables.hits
    assert match is not None
    mine = table.c.hit_id == change.hit_id
    if change.kind is ChangeKind.SAME:
        connection.execute(update(table).where(mine).values(rule_version=match.rule_version))
        return
    article = stored.article
    values = {
        "rule_version": match.rule_version,
        "score": match.score,
        "threshold": match.threshold,
        "matched_at": now,
        "partners": listed(match.partners),
        "activities": listed(match.activities),
        "persons": listed(match.persons),
        "organisations": listed(match.organisations),
        "snippet": snippet(article.title, article.text, match.evidence),
    }
    connection.execute(update(table).where(mine).values(**values))
    assert change.hit_id is not None
    for part, rows in (
        (tables.hit_facets, facet_rows(change.hit_id, match, labels)),
        (tables.evidence, evidence_rows(change.hit_id, match)),
    ):
        connection.execute(delete(part).where(part.c.hit_id == change.hit_id))
        found = list(rows)
        if found:
            connection.execute(insert(part), found)


def _remove(connection: Connection, lost: Sequence[VerdictChange]) -> None:
    """Take hits away. An article with no hit and nothing told of it leaves its story."""
    if not lost:
        return
    ids = [c.hit_id for c in lost]
    for table in (tables.hit_facets, tables.evidence, tables.hits):
        connection.execute(delete(table).where(table.c.hit_id.in_(ids)))
    articles = [c.article_id for c in lost]
    member = tables.story_articles
    hit, told = tables.hits.c.article_id, tables.deliveries.c.article_id
    gone = (
        select(member.c.article_id)
        .where(member.c.article_id.in_(articles))
        .where(~select(hit).where(hit == member.c.article_id).exists())
        .where(~select(told).where(told == member.c.article_id).exists())
    )
    leaving.leave(connection, list(connection.scalars(gone)))
