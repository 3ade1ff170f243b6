"""Traces of articles as rows, and the few that a new one has to be compared with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from sqlalchemy import Connection, insert, select, text

from domain.match import EventDate
from domain.story import StoryMember, Trace
from storage.tables import story_articles, story_keys, story_traces

PER_KEY = 12  # articles looked at under one key, the nearest in time
COMPARED = 40  # articles that share most keys
# Under one key, the days up to this one and those after it are each read in the order of the
# index and no further than PER_KEY: what an article costs does not grow with the store.
_UNDER_ONE = """
SELECT * FROM (SELECT article_id FROM story_keys
 WHERE key = :k{n} AND day BETWEEN :first AND :day
 ORDER BY day DESC, article_id DESC LIMIT :most) a{n}
UNION ALL
SELECT * FROM (SELECT article_id FROM story_keys
 WHERE key = :k{n} AND day > :day AND day <= :last
 ORDER BY day, article_id LIMIT :most) b{n}"""


def keep(connection: Connection, article_id: int, day: date, trace: Trace) -> None:
    """Write a trace and the keys under which it is found."""
    row = {"article_id": article_id, "day": day.toordinal(), "trace": written(trace)}
    connection.execute(insert(story_traces), row)
    keys = [
        {"key": key, "day": day.toordinal(), "article_id": article_id}
        for key in sorted(set(trace.keys))
    ]
    if keys:
        connection.execute(insert(story_keys), keys)


def forget(connection: Connection, article_ids: Sequence[int]) -> None:
    """Remove the traces of articles that left their stories."""
    for table in (story_keys, story_traces):
        connection.execute(table.delete().where(table.c.article_id.in_(article_ids)))


def alike(
    connection: Connection, article_id: int, day: date, trace: Trace, window: int
) -> list[StoryMember]:
    """Return the members of stories that share most keys with a trace, by article.

    Bounded: PER_KEY articles under each key, COMPARED in all, whatever the store holds.
    """
    if not trace.keys:
        return []
    parts = " UNION ALL ".join(_UNDER_ONE.format(n=n) for n in range(len(trace.keys)))
    statement = text(
        f"SELECT article_id FROM ({parts}) found WHERE article_id <> :mine"  # noqa: S608
        " GROUP BY article_id ORDER BY count(*) DESC, article_id DESC LIMIT :compared"
    )
    values = {f"k{n}": key for n, key in enumerate(trace.keys)}
    ordinal = day.toordinal()
    span = {"first": ordinal - window, "day": ordinal, "last": ordinal + window}
    bounds = {"most": PER_KEY, "compared": COMPARED, "mine": article_id}
    ids = list(connection.scalars(statement, values | span | bounds))
    if not ids:
        return []
    wanted = (
        select(story_articles.c.story_id, story_traces.c.day, story_traces.c.trace)
        .join(story_articles, story_articles.c.article_id == story_traces.c.article_id)
        .where(story_traces.c.article_id.in_(ids))
        .order_by(story_traces.c.article_id)
    )
    return [
        StoryMember(story_id=row.story_id, day=date.fromordinal(row.day), trace=_read(row.trace))
        for row in connection.execute(wanted)
    ]


def written(trace: Trace) -> str:
    """Return a trace as its row holds it."""
    # The keys have rows of their own.
    facts = {f.name: getattr(trace, f.name) for f in fields(Trace) if f.name != "keys"}
    facts["dates"] = [[d.first.toordinal(), d.last.toordinal()] for d in trace.dates]
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def _read(written: str) -> Trace:
    facts = json.loads(written)
    given = {f.name: tuple(facts.get(f.name, ())) for f in fields(Trace)}
    given["terms"] = tuple((number, weight) for number, weight in facts["terms"])
    given["dates"] = tuple(
        EventDate(first=date.fromordinal(first), last=date.fromordinal(last))
        for first, last in facts["dates"]
    )
    return Trace(**{**given, "language": facts["language"]})
