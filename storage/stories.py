"""Which story an article belongs to. One small rule, made to be replaced by a better one."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, insert, literal, select, update

from storage.columns import UtcText, clean
from storage.tables import stories, story_articles

SPAN = timedelta(days=3)
KEY_LENGTH = 300  # characters; an index entry of PostgreSQL holds 2,700 bytes


def join_story(connection: Connection, article_id: int, title: str, seen: datetime) -> int:
    """Put a hit article into the story of its title, or found one; return the story's id."""
    member = select(story_articles.c.story_id).where(story_articles.c.article_id == article_id)
    standing: int | None = connection.scalar(member)
    if standing is not None:
        return standing
    key = title_key(title)
    story_id = _standing(connection, key, seen)
    if story_id is None:
        row = {"title": title, "title_key": key, "first_seen": seen, "last_seen": seen}
        story_id = connection.scalar(insert(stories).returning(stories.c.story_id), row)
        assert story_id is not None
    else:
        connection.execute(_widened(story_id, seen))
    connection.execute(insert(story_articles), {"article_id": article_id, "story_id": story_id})
    return story_id


def title_key(title: str) -> str:
    """Return what the titles of one story share: letters and digits, whatever their case."""
    folded = unicodedata.normalize("NFKC", clean(title)).casefold()
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    return " ".join(words)[:KEY_LENGTH]


def _standing(connection: Connection, key: str, seen: datetime) -> int | None:
    """Return the newest story of ``key`` within SPAN of ``seen``. No title, no likeness."""
    if not key:
        return None
    near = (stories.c.last_seen >= seen - SPAN) & (stories.c.first_seen <= seen + SPAN)
    found = select(stories.c.story_id).where(stories.c.title_key == key, near)
    newest = found.order_by(stories.c.last_seen.desc(), stories.c.story_id).limit(1)
    return connection.scalar(newest)


def _widened(story_id: int, seen: datetime) -> Any:
    first, last = stories.c.first_seen, stories.c.last_seen
    moment = literal(seen, UtcText)  # a bare value inside CASE would be written as the driver likes
    return (
        update(stories)
        .where(stories.c.story_id == story_id)
        .values(
            first_seen=case((first > moment, moment), else_=first),
            last_seen=case((last < moment, moment), else_=last),
        )
    )
