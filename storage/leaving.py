"""Articles that leave their stories: what remains is gathered anew, an empty story is gone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from domain.match import ACTIVITIES
from storage import traces
from storage.columns import listed
from storage.tables import hits, stories, story_articles, story_merges


def leave(connection: Connection, article_ids: Sequence[int]) -> None:
    """Take articles out of their stories; a story without articles is gone."""
    gone = delete(story_articles).where(story_articles.c.article_id.in_(article_ids))
    theirs = hits.c.article_id.in_(article_ids)
    connection.execute(update(hits).where(theirs).values(story_id=None))
    left = set(connection.scalars(gone.returning(story_articles.c.story_id)))
    traces.forget(connection, article_ids)
    for story_id in sorted(left):
        remain = select(func.count()).select_from(story_articles)
        if connection.scalar(remain.where(story_articles.c.story_id == story_id)):
            _tell_again(connection, story_id)
        else:
            connection.execute(delete(story_merges).where(story_merges.c.story_id == story_id))
            connection.execute(delete(stories).where(stories.c.story_id == story_id))


def _tell_again(connection: Connection, story_id: int) -> None:
    """Gather anew what the articles that remain say."""
    of_story = story_articles.c.story_id == story_id
    said = (
        select(hits.c.partners, hits.c.activities, story_articles.c.article_id)
        .select_from(story_articles)
        .outerjoin(hits, hits.c.article_id == story_articles.c.article_id)
        .where(of_story)
    )
    rows = connection.execute(said).all()
    activities = {a for row in rows for a in listed(row.activities)}
    values = {
        "articles": len({row.article_id for row in rows}),
        "partners": ",".join(sorted({p for row in rows for p in listed(row.partners)})),
        "activities": ",".join(a for a in sorted(ACTIVITIES) if a in activities),
    }
    connection.execute(update(stories).where(stories.c.story_id == story_id).values(**values))
