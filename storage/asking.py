"""Questions that the program itself asks: hits by filter, articles, which addresses are new."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    column,
    or_,
    select,
    table,
    tuple_,
)

from domain.article import Article
from domain.asking import HitQuery, HitRow, StoredHit
from domain.page import Archived
from storage.columns import CleanText, UtcText, clean, listed
from storage.facets import match_of
from storage.fulltext import holds
from storage.tables import (
    archive,
    articles,
    evidence,
    hit_facets,
    hits,
    sources,
    story_articles,
    story_merges,
)

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


def archived(connection: Connection, hit_ids: Sequence[int]) -> dict[int, Archived]:
    """Return where the pages of hits are kept; hits without one are left out."""
    found: dict[int, Archived] = {}
    for start in range(0, len(hit_ids), CHUNK):
        wanted = (
            select(hits.c.hit_id, archive)
            .join(archive, archive.c.article_id == hits.c.article_id)
            .where(hits.c.hit_id.in_(hit_ids[start : start + CHUNK]))
        )
        for row in connection.execute(wanted).mappings():
            names = ("url", "fetched_at", "file", "offset", "length")
            found[row["hit_id"]] = Archived(**{name: row[name] for name in names})
    return found


def hit(connection: Connection, hit_id: int) -> StoredHit | None:
    """Return one hit with its article, or None when there is none of that number."""
    row = connection.execute(select(hits).where(hits.c.hit_id == hit_id)).mappings().first()
    if row is None:
        return None
    facets, proofs = (
        connection.execute(select(t).where(t.c.hit_id == hit_id).order_by(t.c.position))
        .mappings()
        .all()
        for t in (hit_facets, evidence)
    )
    wanted = (
        select(articles, sources.c.tags, story_articles.c.story_id)
        .select_from(articles)
        .join(sources)
        .outerjoin(story_articles)
        .where(articles.c.article_id == row["article_id"])
    )
    found = connection.execute(wanted).mappings().one()
    return StoredHit(
        hit_id=hit_id,
        article_id=row["article_id"],
        story_id=found["story_id"],
        article=article_of(found),
        match=match_of(row, facets, proofs),
        tags=found["tags"],
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


def ask(connection: Connection, query: HitQuery) -> Generator[HitRow, None, None]:
    """Yield the hits that ``query`` asks for, newest first."""
    wanted = select(v_hits).join(hits, hits.c.hit_id == v_hits.c.hit_id)
    wanted = wanted.where(*_filters(connection, query))
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


def _filters(connection: Connection, query: HitQuery) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield hits.c.dated >= query.since
    if query.until is not None:
        yield hits.c.dated <= query.until
    if query.story_id is not None:
        # A story that became part of another is still found by its own number.
        kept = select(story_merges.c.story_id).where(story_merges.c.old_id == query.story_id)
        yield or_(
            v_hits.c.story_id == query.story_id, v_hits.c.story_id.in_(kept.scalar_subquery())
        )
    for kind, values in (("partner", query.partners), ("activity", query.activities)):
        if values:
            facet = (hit_facets.c.kind == kind, hit_facets.c.value.in_(values))
            yield hits.c.hit_id.in_(select(hit_facets.c.hit_id).where(*facet))
    columns = {
        hits.c.outlet: query.outlets,
        hits.c.language: query.languages,
        hits.c.rule: query.rules,
    }
    yield from (name.in_(values) for name, values in columns.items() if values)
    if query.hit_id is not None:
        yield hits.c.hit_id == query.hit_id
    if query.before is not None:
        last = select(hits.c.dated, hits.c.hit_id).where(hits.c.hit_id == query.before)
        yield tuple_(hits.c.dated, hits.c.hit_id) < last.scalar_subquery()
    if query.text is not None:
        yield holds(connection, hits.c.article_id, query.text)


def _hit_row(row: RowMapping) -> HitRow:
    lists: dict[str, Any] = {name: listed(row[name]) for name in LISTS}
    names = (*PLAIN, *MOMENTS, "snippet")
    return HitRow(**lists, **{name: row[name] for name in names})


def article_of(row: RowMapping) -> Article:
    """Return a row of ``articles`` as the article it was."""
    names = ("url", "title", "text", "language", "first_seen", "published_at", "authors", "guid")
    details = ("section", "modified_at", "image", "canonical_url", "listed")
    facts = {name: row[name] for name in (*names, "text_from", "note", *details)}
    return Article(source_id=row["outlet"], **facts)
