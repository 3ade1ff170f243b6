"""Stories as rows: an article joins one, founds one, or makes several one, in its own commit."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from domain.filing import Filing
from domain.material import Facts
from domain.story import Placement, StoryMember, StorySoFar, StoryUpdate, Trace, update_of
from domain.time import moved
from storage import traces
from storage.columns import UtcText, clean, listed
from storage.inserting import insert_new
from storage.selecting import in_parts
from storage.tables import hits, stories, story_articles, story_merges, story_traces

SPAN = timedelta(days=3)
KEY_LENGTH = 300  # characters; an index entry of PostgreSQL holds 2,700 bytes


class Placer(Protocol):
    """Decides which story an article is of: pure, called inside the commit that files it."""

    @property
    def window(self) -> int:
        """Days between two articles of one story, at most."""
        ...

    def day_of(self, moment: datetime) -> date:
        """Return the day on which people at home read it."""
        ...

    def place(self, trace: Trace, day: date, members: Sequence[StoryMember]) -> Placement:
        """Return where an article of ``day`` belongs among the stories of ``members``."""
        ...


def join_stories(
    connection: Connection,
    new: Sequence[tuple[int, Filing]],
    now: datetime,
    placer: Placer | None,
) -> dict[int, StoryUpdate]:
    """Give each article that is told or kept as a hit its story, one after the other.

    Their hits are written already, and nobody else places articles until the transaction ends.
    Returns what each adds to its story.
    """
    wanted = {key: filing for key, filing in new if filing.matches or filing.deliveries}
    placed = _placed(connection, list(wanted))
    updates = {}
    for key, filing in wanted.items():
        if key in placed:  # a hit of another rule than before
            updates[key] = _join_again(connection, key, filing)
        else:
            updates[key] = _join(connection, key, filing, now, placer)
    for some in in_parts(list(updates)):
        connection.execute(_MARK, {"marked": some})
    return updates


def _placed(connection: Connection, article_ids: Sequence[int]) -> set[int]:
    """Return those of ``article_ids`` that have a story."""
    mine = story_articles.c.article_id
    parts = in_parts(article_ids)
    return {key for some in parts for key in connection.scalars(select(mine).where(mine.in_(some)))}


def title_key(title: str) -> str:
    """Return what the titles of one story share: letters and digits, whatever their case."""
    folded = unicodedata.normalize("NFKC", clean(title)).casefold()
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    return " ".join(words)[:KEY_LENGTH]


def standing_number(connection: Connection, story_id: int) -> int:
    """Return the number under which a story goes now: its own, unless it became part of one."""
    kept = select(story_merges.c.story_id).where(story_merges.c.old_id == story_id)
    return connection.scalar(kept) or story_id


def _join(
    connection: Connection, article_id: int, filing: Filing, now: datetime, placer: Placer | None
) -> StoryUpdate:
    placement = _placement(connection, article_id, filing, placer)
    if placement.stories:
        story_id, *others = placement.stories
        merged = tuple(o for o in others if _merge(connection, o, story_id, now))
        added = _grown(connection, story_id, filing, merged)
    else:
        added = _founded(connection, filing)
    row = {"article_id": article_id, "story_id": added.story_id, "why": placement.why}
    row |= {"outlet": filing.article.source_id, "language": filing.article.language}
    row["likeness"] = placement.likeness if placement.stories else None
    connection.execute(_ADD, row | _noted(added))
    return added


def _join_again(connection: Connection, article_id: int, filing: Filing) -> StoryUpdate:
    mine = story_articles.c.article_id == article_id
    standing = select(story_articles.c.story_id, story_articles.c.position).where(mine)
    row = connection.execute(standing).one()
    added = _grown(connection, row.story_id, filing, is_counted=bool(row.position))
    if not row.position:
        connection.execute(update(story_articles).where(mine).values(**_noted(added)))
    return added


def _noted(added: StoryUpdate) -> dict[str, Any]:
    """Return what the row of an article says of what it added."""
    return {
        "position": added.articles,
        "new_partners": ",".join(added.partners),
        "new_activities": ",".join(added.activities),
        "new_officials": ",".join(added.officials),
    }


def _placement(
    connection: Connection, article_id: int, filing: Filing, placer: Placer | None
) -> Placement:
    """Return the story by likeness; else by title among stories that have no trace."""
    article, trace = filing.article, filing.trace
    key = title_key(article.title)
    if trace is None or placer is None:
        return _of_title(connection, key, article.first_seen, _OF_TITLE)
    day = placer.day_of(article.published_at or article.first_seen)
    found = traces.alike(connection, article_id, day, trace, placer.window)
    traces.keep(connection, article_id, day, trace)
    placement = placer.place(trace, day, found)
    if placement.stories:
        return placement
    return _of_title(connection, key, article.first_seen, _OF_TITLE_ALONE)


def _of_title(connection: Connection, key: str, seen: datetime, among: Select[Any]) -> Placement:
    """Return the newest story of ``key`` within SPAN of ``seen``, if ``among`` finds any."""
    if not key:
        return Placement()
    near = {"key": key, "before": moved(seen, -SPAN), "after": moved(seen, SPAN)}
    story_id: int | None = connection.scalar(among, near)
    if story_id is None:
        return Placement()
    return Placement(stories=(story_id,), likeness=1.0, why="title")


def _of_title_statement() -> Select[Any]:
    before, after = (bindparam(name, type_=UtcText) for name in ("before", "after"))
    near = (stories.c.last_seen >= before) & (stories.c.first_seen <= after)
    found = select(stories.c.story_id).where(stories.c.title_key == bindparam("key"), near)
    return found.order_by(stories.c.last_seen.desc(), stories.c.story_id).limit(1)


def _untraced() -> ColumnElement[bool]:
    """Whether none of a story's articles has a trace: filed before traces were kept."""
    of_story = story_articles.c.story_id == stories.c.story_id
    known = select(story_traces.c.article_id).join(
        story_articles, story_articles.c.article_id == story_traces.c.article_id
    )
    return ~known.where(of_story).exists()


# Built once: to put one together takes longer than to carry it out.
_STORY = select(stories).where(stories.c.story_id == bindparam("of"))
_GROW = update(stories).where(stories.c.story_id == bindparam("of"))
_ADD = insert(story_articles)
_FOUND = insert(stories).returning(stories.c.story_id)
_MARK = (  # a hit is of the story that its article is of, whatever became one meanwhile
    update(hits)
    .where(hits.c.article_id.in_(bindparam("marked", expanding=True)))
    .values(
        story_id=select(story_articles.c.story_id)
        .where(story_articles.c.article_id == hits.c.article_id)
        .scalar_subquery()
    )
)
_OF_TITLE = _of_title_statement()
_OF_TITLE_ALONE = _OF_TITLE.where(_untraced())
_LAST: Select[Any] = select(
    select(func.max(stories.c.story_id)).scalar_subquery(),
    select(func.max(story_merges.c.old_id)).scalar_subquery(),
)


def _founded(connection: Connection, filing: Filing) -> StoryUpdate:
    """Begin a story with an article; return what it adds."""
    title, seen = filing.article.title, filing.article.first_seen
    added = update_of(StorySoFar(story_id=0, articles=0), filing.matches, filing.officials)
    row: dict[str, Any] = {"title": title, "title_key": title_key(title)}
    row |= {"first_seen": seen, "last_seen": seen} | _told(Facts(), added, filing)
    if connection.dialect.name == "sqlite":
        # It gives the number of the last row anew when that is gone; a merged story's is taken.
        last = connection.execute(_LAST).one()
        row["story_id"] = max(last[0] or 0, last[1] or 0) + 1
    story_id: int | None = connection.scalar(_FOUND, row)
    assert story_id is not None
    return replace(added, story_id=story_id)


def _grown(
    connection: Connection,
    story_id: int,
    filing: Filing,
    merged: tuple[int, ...] = (),
    *,
    is_counted: bool = False,
) -> StoryUpdate:
    """Write what an article, which may be counted already, adds to its story; return it."""
    row = connection.execute(_STORY, {"of": story_id}).one()
    known = Facts(
        partners=frozenset(listed(row.partners)),
        activities=frozenset(listed(row.activities)),
        officials=frozenset(listed(row.officials)),
    )
    so_far = StorySoFar(story_id=story_id, articles=row.articles - is_counted, facts=known)
    added = update_of(so_far, filing.matches, filing.officials, merged)
    seen = filing.article.first_seen
    moments = {"first_seen": min(row.first_seen, seen), "last_seen": max(row.last_seen, seen)}
    connection.execute(_GROW, {"of": story_id} | moments | _told(known, added, filing))
    return added


def _told(known: Facts, added: StoryUpdate, filing: Filing) -> dict[str, Any]:
    """Return what a story's row says once an article was ``added`` to what was ``known``."""
    return {
        "articles": added.articles,
        "partners": ",".join(sorted(known.partners | set(added.partners))),
        "activities": ",".join(sorted(known.activities | set(added.activities))),
        "officials": ",".join(sorted(known.officials | set(filing.officials))),
    }


def _merge(connection: Connection, story_id: int, into: int, now: datetime) -> bool:
    """Make a story part of an older one: its articles, and with them all that was told."""
    both = select(stories).where(stories.c.story_id.in_((story_id, into)))
    rows: dict[int, Row[Any]] = {row.story_id: row for row in connection.execute(both)}
    if len(rows) < 2:
        return False
    old, kept = rows[story_id], rows[into]
    for table in (story_articles, story_merges, hits):
        moved = update(table).where(table.c.story_id == story_id)
        connection.execute(moved.values(story_id=into))
    values = {
        name: ",".join(sorted({*listed(getattr(old, name)), *listed(getattr(kept, name))}))
        for name in ("partners", "activities", "officials")
    }
    seen = {
        "first_seen": min(old.first_seen, kept.first_seen),
        "last_seen": max(old.last_seen, kept.last_seen),
        "articles": old.articles + kept.articles,
    }
    grown = update(stories).where(stories.c.story_id == into)
    connection.execute(grown.values(**values, **seen))
    row = {"old_id": story_id, "story_id": into, "merged_at": now}
    insert_new(connection, story_merges, [row])
    connection.execute(delete(stories).where(stories.c.story_id == story_id))
    return True
