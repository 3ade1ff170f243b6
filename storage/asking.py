"""Questions that the program itself asks: hits by filter, articles, which addresses are new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    column,
    exists,
    select,
    table,
)

from domain.article import Article
from domain.asking import HitQuery, HitRow
from storage.columns import CleanText, UtcText, clean
from storage.fulltext import holds
from storage.tables import articles, hit_facets, hits

CHUNK = 500  # addresses a question: both databases limit the values of one
PAGE = 200  # articles a page: no reader holds a transaction open while others work on a page

LISTS = ("partners", "activities", "persons", "organisations")
MOMENTS = ("matched_at", "published_at", "alerted_at")
NUMBERS = ("hit_id", "score", "story_id")
WORDS = ("rule", "outlet", "language", "country", "title", "url")
PLAIN = (*NUMBERS, *WORDS)
v_hits = table(
    "v_hits",
    *(column(name) for name in NUMBERS),
    *(column(name, CleanText) for name in (*WORDS, *LISTS, "snippet")),
    *(column(name, UtcText) for name in MOMENTS),
)


def unseen(connection: Connection, urls: Sequence[str]) -> set[str]:
    """Return those of ``urls`` that no article has."""
    wanted = {url: clean(url) for url in urls}
    keys = sorted(set(wanted.values()))
    seen: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        some = articles.c.url.in_(keys[start : start + CHUNK])
        seen.update(connection.scalars(select(articles.c.url).where(some)))
    return {url for url, key in wanted.items() if key not in seen}


def ask(connection: Connection, query: HitQuery) -> Iterator[HitRow]:
    """Yield the hits that ``query`` asks for, newest first."""
    wanted = select(v_hits).join(hits, hits.c.hit_id == v_hits.c.hit_id)
    wanted = wanted.where(*_filters(query, connection.dialect.name))
    wanted = wanted.order_by(hits.c.dated.desc(), hits.c.hit_id.desc()).limit(query.limit)
    with connection.execute(wanted) as found:  # closed also when nobody reads to the end
        for row in found.mappings():
            yield _hit_row(row)


def page(connection: Connection, after: int, since: datetime | None) -> list[tuple[int, Article]]:
    """Return the next articles by id, those first seen from ``since`` on."""
    wanted: Select[Any] = select(articles).where(articles.c.article_id > after)
    if since is not None:
        wanted = wanted.where(articles.c.first_seen >= since)
    rows = connection.execute(wanted.order_by(articles.c.article_id).limit(PAGE)).mappings()
    return [(row["article_id"], article_of(row)) for row in rows]


def _filters(query: HitQuery, dialect: str) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield hits.c.dated >= query.since
    if query.until is not None:
        yield hits.c.dated <= query.until
    if query.story_id is not None:
        yield v_hits.c.story_id == query.story_id
    for kind, values in (("partner", query.partners), ("activity", query.activities)):
        if values:
            facet = (hit_facets.c.hit_id == hits.c.hit_id, hit_facets.c.kind == kind)
            yield exists().where(*facet, hit_facets.c.value.in_(values))
    columns = {
        v_hits.c.outlet: query.outlets,
        v_hits.c.language: query.languages,
        hits.c.rule: query.rules,
    }
    yield from (name.in_(values) for name, values in columns.items() if values)
    if query.text is not None:
        mine = articles.c.article_id == hits.c.article_id
        yield exists().where(mine, holds(query.text, dialect))


def _hit_row(row: RowMapping) -> HitRow:
    lists: dict[str, Any] = {name: tuple(filter(None, row[name].split(","))) for name in LISTS}
    names = (*PLAIN, *MOMENTS, "snippet")
    return HitRow(**lists, **{name: row[name] for name in names})


def article_of(row: RowMapping) -> Article:
    """Return a row of ``articles`` as the article it was."""
    names = ("url", "title", "text", "language", "first_seen", "published_at", "authors", "guid")
    facts = {name: row[name] for name in (*names, "text_from", "note")}
    return Article(source_id=row["outlet"], **facts)
