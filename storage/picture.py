"""What the hits of a span of time say together: counts for charts."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from domain.looking import Count, FirstReport, Picture, SourceRow
from storage.sources import REMOVED
from storage.tables import articles, hit_facets, hits, sources, story_articles

DAYS = 14  # of a source's past that are drawn


def picture(connection: Connection, since: datetime, until: datetime) -> Picture:
    """Return the counts of the hits dated within a span."""
    within = and_(hits.c.dated >= since, hits.c.dated < until)
    month = func.substr(hits.c.dated, 1, 7)
    partner, activity = hit_facets.alias("partner"), hit_facets.alias("activity")
    return Picture(
        since=since,
        until=until,
        hits=connection.scalar(select(func.count(hits.c.hit_id)).where(within)) or 0,
        months=_counts(connection, within, month, partner.c.value, partner=partner),
        activities=_counts(
            connection, within, activity.c.value, hits.c.language, activity=activity
        ),
        outlets=_counts(connection, within, hits.c.outlet, hits.c.language),
        matrix=_counts(
            connection,
            within,
            partner.c.value,
            activity.c.value,
            partner=partner,
            activity=activity,
        ),
        first=_first(connection, within),
    )


def _counts(
    connection: Connection,
    within: ColumnElement[bool],
    row: ColumnElement[Any],
    column: ColumnElement[Any],
    **facets: Any,
) -> tuple[Count, ...]:
    joined: Any = hits
    for kind, alias in facets.items():
        joined = joined.join(alias, and_(alias.c.hit_id == hits.c.hit_id, alias.c.kind == kind))
    names = (row.label("a"), column.label("b"))
    wanted = select(*names, func.count()).select_from(joined).where(within).group_by(row, column)
    return tuple(Count(row=a, column=b, hits=n) for a, b, n in connection.execute(wanted))


def _first(connection: Connection, within: ColumnElement[bool]) -> tuple[FirstReport, ...]:
    """Count who was first among the stories that several outlets told."""
    wanted = (
        select(story_articles.c.story_id, hits.c.outlet)
        .join(hits, hits.c.article_id == story_articles.c.article_id)
        .where(within)
        .order_by(story_articles.c.story_id, hits.c.dated, hits.c.hit_id)
    )
    told: dict[int, dict[str, None]] = {}
    for story, outlet in connection.execute(wanted):
        told.setdefault(story, {})[outlet] = None
    shared = [list(outlets) for outlets in told.values() if len(outlets) > 1]
    first = Counter(outlets[0] for outlets in shared)
    taken = Counter(outlet for outlets in shared for outlet in outlets)
    rows = [FirstReport(outlet=o, first=first[o], stories=n) for o, n in taken.items()]
    return tuple(sorted(rows, key=lambda row: (-row.first, -row.stories, row.outlet)))


def source_rows(connection: Connection, now: datetime) -> list[SourceRow]:
    """Return every configured source with what it gave in the last days."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begin, week = today - timedelta(days=DAYS - 1), now - timedelta(days=7)
    day = func.substr(articles.c.first_seen, 1, 10)
    ours = select(sources.c.source_id).where(sources.c.state != REMOVED)  # one reach an index each
    recent = (articles.c.outlet.in_(ours), articles.c.first_seen >= begin)
    wanted = select(articles.c.outlet, day, func.count()).where(*recent)
    daily: dict[str, Counter[str]] = {}
    for outlet, date, count in connection.execute(wanted.group_by(articles.c.outlet, day)):
        daily.setdefault(outlet, Counter())[date] = count
    seen = _by_outlet(
        connection, articles.c.outlet, articles.c.outlet.in_(ours), articles.c.first_seen >= week
    )
    found = _by_outlet(connection, hits.c.outlet, hits.c.outlet.in_(ours), hits.c.dated >= week)
    days = [f"{begin + timedelta(days=n):%Y-%m-%d}" for n in range(DAYS)]
    here = select(sources).where(sources.c.state != REMOVED).order_by(sources.c.source_id)
    return [
        SourceRow(
            source_id=row.source_id,
            name=row.name,
            url=row.url,
            language=row.language,
            articles_7d=seen.get(row.source_id, 0),
            hits_7d=found.get(row.source_id, 0),
            daily=tuple(daily.get(row.source_id, Counter())[date] for date in days),
        )
        for row in connection.execute(here)
    ]


def _by_outlet(
    connection: Connection, column: ColumnElement[str], *within: ColumnElement[bool]
) -> dict[str, int]:
    wanted = select(column, func.count()).where(*within).group_by(column)
    return {row[0]: row[1] for row in connection.execute(wanted)}
