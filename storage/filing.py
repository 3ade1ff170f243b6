"""Filing: an article, its judgement and what follows from it, all of it or nothing.

Idempotent: of an article that the store holds, nothing is written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from domain.article import Article
from domain.filing import DeliveryPlanner, Filed, Filing, Parcel, as_proposed
from domain.match import Match
from storage import fulltext, locking, placing, sources, stories, tables, visiting
from storage.columns import clean
from storage.facets import Labels, evidence_rows, facet_rows, listed
from storage.folding import Folding
from storage.inserting import insert_new, insert_numbered
from storage.snippets import snippet
from storage.stories import Placer

_DETAILS = ("section", "modified_at", "image", "canonical_url", "listed")
New = list[tuple[int, Filing]]


def file(
    connection: Connection,
    parcels: Sequence[Parcel],
    now: datetime,
    *,
    labels: Labels,
    folding: Folding,
    plan: DeliveryPlanner = as_proposed,
    placer: Placer | None = None,
) -> list[Filed]:
    """Write ``parcels`` into the transaction of ``connection``; say what came of each."""
    filings = [filing for parcel in parcels for filing in parcel.filings]
    reports = [parcel.report for parcel in parcels if parcel.report is not None]
    outlets = {filing.article.source_id for filing in filings}
    outlets |= {report.source_id for report in reports}
    sources.ensure(connection, outlets, now)
    new = _articles(connection, filings)
    words = [(key, filing.article.title, filing.article.text) for key, filing in new]
    folded = {key: filing.folded for key, filing in new if filing.folded is not None}
    fulltext.index(connection, words, folding, folded)
    if words:
        fulltext.note_filed(connection, words[0][0], words[-1][0])
    filed = []
    for mine in _by_parcel(new, parcels):
        hits, told = add_hits(
            connection, mine, now, labels=labels, folding=folding, plan=plan, placer=placer
        )
        filed.append(Filed(articles=len(mine), hits=hits, deliveries=told))
    keep_archived(connection, new)
    for report in reports:
        visiting.record(connection, report)
    visiting.note_articles(connection, _newest(new))
    return filed


def _by_parcel(new: New, parcels: Sequence[Parcel]) -> list[New]:
    """Return of each parcel what was new; of an article that two hand in it is the first's."""
    if len(parcels) == 1:
        return [new]
    found: list[New] = [[] for _ in parcels]
    owners: dict[int, int] = {}
    for number, parcel in enumerate(parcels):
        for filing in parcel.filings:
            owners.setdefault(id(filing), number)
    for article_id, filing in new:
        found[owners[id(filing)]].append((article_id, filing))
    return found


def add_hits(
    connection: Connection,
    articles: New,
    now: datetime,
    *,
    labels: Labels,
    folding: Folding,
    plan: DeliveryPlanner = as_proposed,
    placer: Placer | None = None,
) -> tuple[int, int]:
    """Add the matches of stored articles, their stories and deliveries; return how many.

    Each article finds its story before ``plan`` says whom it is told.
    """
    if any(filing.matches for _, filing in articles):
        locking.one_by_one(connection)
    hits = _hits(connection, articles, now, labels)
    updates = stories.join_stories(connection, articles, now, placer)
    told = [
        (article_id, replace(filing, deliveries=plan(filing, updates[article_id])))
        for article_id, filing in articles
        if article_id in updates
    ]
    return hits, placing.add_deliveries(connection, told, now, folding)


def _articles(connection: Connection, filings: Sequence[Filing]) -> New:
    """Insert the articles that are new, and pair each with its id."""
    by_url: dict[str, Filing] = {}
    for filing in filings:
        by_url.setdefault(clean(filing.article.url), filing)
    # In the order of the unique index: two who file the same articles never wait in a circle.
    rows = [_article_row(by_url[url].article) for url in sorted(by_url)]
    won = insert_numbered(connection, rows, tables.articles.c.article_id, tables.articles.c.url)
    return sorted(((ident, by_url[url]) for ident, url in won), key=lambda pair: pair[0])


def _article_row(article: Article) -> dict[str, Any]:
    names = ("url", "title", "text", "language", "published_at", "first_seen", "authors", "guid")
    row = {name: getattr(article, name) for name in (*names, "text_from", "note", *_DETAILS)}
    return row | {"outlet": article.source_id}


def _hits(connection: Connection, new: New, now: datetime, labels: Labels) -> int:
    found: dict[tuple[int, str], Match] = {}
    rows = []
    for article_id, filing in new:
        for match in filing.matches:
            if (article_id, clean(match.rule)) not in found:
                found[article_id, clean(match.rule)] = match
                rows.append(_hit_row(article_id, filing.article, match, now))
    table = tables.hits
    columns = (table.c.hit_id, table.c.article_id, table.c.rule)
    stored = insert_new(connection, table, rows, *columns)
    pairs = [(row.hit_id, found[row.article_id, row.rule]) for row in stored]
    facets = [row for hit_id, match in pairs for row in facet_rows(hit_id, match, labels)]
    proofs = [row for hit_id, match in pairs for row in evidence_rows(hit_id, match)]
    for target, many in ((tables.hit_facets, facets), (tables.evidence, proofs)):
        if many:
            connection.execute(insert(target), many)
    return len(pairs)


def _hit_row(article_id: int, article: Article, match: Match, now: datetime) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "rule": match.rule,
        "rule_version": match.rule_version,
        "score": match.score,
        "threshold": match.threshold,
        "matched_at": now,
        "dated": article.published_at or now,
        "partners": listed(match.partners),
        "activities": listed(match.activities),
        "persons": listed(match.persons),
        "organisations": listed(match.organisations),
        "snippet": snippet(article.title, article.text, match.evidence),
        "outlet": article.source_id,
        "language": article.language,
        "title": article.title,
        "url": article.url,
        "published_at": article.published_at,
    }


def keep_archived(connection: Connection, new: New) -> None:
    """Note where the pages of hits are kept; an article's first stays."""
    rows = [
        {
            "article_id": article_id,
            "url": kept.url,
            "fetched_at": kept.fetched_at,
            "file": kept.file,
            "offset": kept.offset,
            "length": kept.length,
        }
        for article_id, kept in ((article_id, filing.archived) for article_id, filing in new)
        if kept is not None
    ]
    insert_new(connection, tables.archive, rows)


def _newest(new: New) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for _, filing in new:
        seen, outlet = filing.article.first_seen, filing.article.source_id
        newest[outlet] = max(seen, newest.get(outlet, seen))
    return newest
