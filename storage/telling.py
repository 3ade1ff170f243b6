"""Stories as the page shows them: who told each, when, and by which words it is proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, tuple_

from domain.looking import StoryCard, Telling
from storage.columns import listed
from storage.notices import notices
from storage.silencing import acknowledgements_of
from storage.tables import hits, stories, story_articles

_LISTS = ("partners", "activities", "persons", "organisations")
_FACTS = ("hit_id", "article_id", "outlet", "language", "title", "url", "score")
MOST = 300  # articles of a story that are shown


def newest(connection: Connection, limit: int, before: int | None) -> list[StoryCard]:
    """Return the stories that were told last, beyond story ``before`` in that order."""
    wanted = select(stories.c.story_id)
    if before is not None:
        last = select(stories.c.last_seen, stories.c.story_id).where(stories.c.story_id == before)
        here = tuple_(stories.c.last_seen, stories.c.story_id)
        wanted = wanted.where(here < last.scalar_subquery())
    order = (stories.c.last_seen.desc(), stories.c.story_id.desc())
    return cards(connection, connection.scalars(wanted.order_by(*order).limit(limit)).all())


def changed(connection: Connection, after_hit: int, limit: int) -> list[StoryCard]:
    """Return the stories that have hits beyond ``after_hit``, the newest hit last."""
    wanted = (
        select(story_articles.c.story_id, func.max(hits.c.hit_id).label("newest"))
        .join(hits, hits.c.article_id == story_articles.c.article_id)
        .where(hits.c.hit_id > after_hit)
        .group_by(story_articles.c.story_id)
        .order_by(func.max(hits.c.hit_id).desc())
        .limit(limit)
    )
    ids = [row.story_id for row in connection.execute(wanted)]
    return list(reversed(cards(connection, ids)))


def newest_hit(connection: Connection) -> int:
    """Return the id of the newest hit; 0 where there is none."""
    return connection.scalar(select(func.max(hits.c.hit_id))) or 0


def cards(connection: Connection, ids: Sequence[int]) -> list[StoryCard]:
    """Return the stories of ``ids`` in their order; one without a hit is left out."""
    rows = connection.execute(select(stories).where(stories.c.story_id.in_(ids))).mappings()
    by_id = {row["story_id"]: row for row in rows}
    told = _tellings(connection, ids)
    best = {i: max(told[i], key=lambda t: (t.score, -t.hit_id)) for i in ids if told[i]}
    care = acknowledgements_of(connection, ids)
    proofs = notices(connection, [telling.article_id for telling in best.values()])
    return [
        StoryCard(
            story_id=ident,
            title=by_id[ident]["title"],
            first_seen=by_id[ident]["first_seen"],
            last_seen=by_id[ident]["last_seen"],
            tellings=tuple(told[ident]),
            best=best[ident],
            notice=proofs[best[ident].article_id],
            newest_hit=max(telling.hit_id for telling in told[ident]),
            acknowledged_by=care[ident][0] if ident in care else None,
            acknowledged_at=care[ident][1] if ident in care else None,
        )
        for ident in ids
        if ident in best and ident in by_id
    ]


def article_ids(connection: Connection, story_id: int) -> Sequence[int]:
    """Return the articles of a story, the earliest kept first."""
    mine = select(story_articles.c.article_id).where(story_articles.c.story_id == story_id)
    order = story_articles.c.article_id
    return connection.scalars(mine.order_by(order).limit(MOST)).all()


def _tellings(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[Telling]]:
    names = (*_FACTS, *_LISTS, "dated")
    wanted = (
        select(story_articles.c.story_id, *(hits.c[name] for name in names))
        .join(hits, hits.c.article_id == story_articles.c.article_id)
        .where(story_articles.c.story_id.in_(ids))
        .order_by(hits.c.dated, hits.c.article_id, hits.c.score.desc())
    )
    found: dict[int, dict[int, Telling]] = defaultdict(dict)
    for row in connection.execute(wanted).mappings():
        mine = found[row["story_id"]]
        if len(mine) < MOST:
            mine.setdefault(row["article_id"], _telling(row))
    return defaultdict(list, {i: list(tellings.values()) for i, tellings in found.items()})


def _telling(row: RowMapping) -> Telling:
    at: datetime = row["dated"]
    lists: dict[str, Any] = {name: listed(row[name]) for name in _LISTS}
    return Telling(at=at, **{name: row[name] for name in _FACTS}, **lists)
