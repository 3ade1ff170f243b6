"""Notices, built again from rows: an article, its story, every match with its proofs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, Table, select

from domain.match import Match
from domain.notice import Notice
from storage.facets import match_of
from storage.tables import articles, evidence, hit_facets, hits, sources, story_articles

CHUNK = 500  # articles a question: both databases limit the values of one
Rows = dict[int, list[RowMapping]]


def notices(connection: Connection, ids: Sequence[int]) -> dict[int, Notice]:
    """Return the notice of each article of ``ids``."""
    told: dict[int, Notice] = {}
    for start in range(0, len(ids), CHUNK):
        told |= _some(connection, ids[start : start + CHUNK])
    return told


def _some(connection: Connection, ids: Sequence[int]) -> dict[int, Notice]:
    held = _matches(connection, ids)
    wanted = (
        select(articles, sources.c.name, story_articles.c.story_id)
        .join(sources)
        .join(story_articles)
        .where(articles.c.article_id.in_(ids))
    )
    return {
        row["article_id"]: _notice(row, tuple(held[row["article_id"]]))
        for row in connection.execute(wanted).mappings()
    }


def _matches(connection: Connection, ids: Sequence[int]) -> dict[int, list[Match]]:
    # the best score first
    best_first = (hits.c.score.desc(), hits.c.hit_id)
    wanted = select(hits).where(hits.c.article_id.in_(ids)).order_by(*best_first)
    rows = connection.execute(wanted).mappings().all()
    hit_ids = [row["hit_id"] for row in rows]
    facets = _by_hit(connection, hit_facets, hit_ids)
    proofs = _by_hit(connection, evidence, hit_ids)
    held: dict[int, list[Match]] = defaultdict(list)
    for row in rows:
        hit_id = row["hit_id"]
        held[row["article_id"]].append(match_of(row, facets[hit_id], proofs[hit_id]))
    return held


def _by_hit(connection: Connection, table: Table, hit_ids: Sequence[int]) -> Rows:
    wanted = select(table).where(table.c.hit_id.in_(hit_ids)).order_by(table.c.position)
    rows: Rows = defaultdict(list)
    for row in connection.execute(wanted).mappings():
        rows[row["hit_id"]].append(row)
    return rows


def _notice(row: RowMapping, held: tuple[Match, ...]) -> Notice:
    names = ("article_id", "story_id", "title", "url", "language", "published_at", "first_seen")
    facts = {name: row[name] for name in names}
    return Notice(outlet=row["name"], text=row["text"], matches=held, **facts)
