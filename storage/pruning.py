"""Retention: articles that are old and nobody's business leave, with what hangs on them.

An article that hit stays for good, and one that was ever told of, or whose verdict a rematch
replaced: the history would speak of nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select

from storage import fulltext, tables
from storage.folding import Folding

BATCH = 500  # articles deleted in one commit: writers get their turn between two


def _doomed(before: datetime) -> list[ColumnElement[bool]]:
    a = tables.articles.c
    bound = [tables.hits, tables.deliveries, tables.hit_history, tables.story_articles]
    bound.append(tables.judgements)
    held = [~select(t.c.article_id).where(t.c.article_id == a.article_id).exists() for t in bound]
    return [a.first_seen < before, func.coalesce(a.published_at, a.first_seen) < before, *held]


def count(connection: Connection, before: datetime) -> int:
    """Return how many articles a pruning would delete."""
    wanted = select(func.count()).select_from(tables.articles).where(*_doomed(before))
    return connection.scalar(wanted) or 0


def prune(connection: Connection, before: datetime, folding: Folding, after: int) -> list[int]:
    """Delete the next articles seen and published before ``before``; return their ids.

    Empty: there are no more beyond the id ``after``.
    """
    a = tables.articles.c
    wanted = select(a.article_id, a.title, a.text).where(a.article_id > after, *_doomed(before))
    rows = connection.execute(wanted.order_by(a.article_id).limit(BATCH)).all()
    ids = [row.article_id for row in rows]
    if ids:
        indexed = fulltext.indexed(connection, ids[0] - 1, ids[-1])
        gone = [(r.article_id, r.title, r.text) for r in rows if r.article_id in indexed]
        fulltext.unindex(connection, gone, folding)
        versions = tables.article_versions
        connection.execute(delete(versions).where(versions.c.article_id.in_(ids)))
        connection.execute(delete(tables.archive).where(tables.archive.c.article_id.in_(ids)))
        connection.execute(delete(tables.articles).where(a.article_id.in_(ids)))
    return ids
