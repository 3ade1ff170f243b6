"""Silences and acknowledgements, kept. Both name a story by one of its articles: stories may be
joined to one later, articles stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from domain.match import Match
from domain.notice import DeliveryState
from domain.silence import Silence, Subject, muting
from storage.inserting import insert_new
from storage.notices import notices
from storage.stories import standing_number
from storage.tables import acknowledgements, articles, deliveries, silences, story_articles

_PAGE = 500  # waiting rows that a new silence is held against at a time


@dataclass(frozen=True, slots=True)
class Silencer:
    """The silences of a moment, ready to be asked."""

    silences: tuple[Silence, ...]
    folded: dict[int, str]
    folding: Callable[[str], str]
    now: datetime

    @classmethod
    def of(
        cls, silences: Sequence[Silence], folding: Callable[[str], str], now: datetime
    ) -> Silencer:
        """Fold what is to be compared."""
        folded = {s.id: folding(s.text) for s in silences if s.text is not None}
        return cls(tuple(silences), folded, folding, now)

    def muting(
        self, matches: Sequence[Match], outlet: str, story_id: int | None, *texts: str
    ) -> Silence | None:
        """Return the silence that mutes all of ``matches``."""
        if not self.silences:
            return None
        text = self.folding("\n".join(texts)) if self.folded else ""
        subject = Subject(matches=tuple(matches), outlet=outlet, story_id=story_id, text=text)
        return muting(self.silences, subject, self.folded, self.now)


def add(connection: Connection, silence: Silence, now: datetime) -> int | None:
    """Keep a new silence; return its id, or None when there is no such story."""
    article_id = None
    if silence.story_id is not None:
        article_id = first_article(connection, silence.story_id)
        if article_id is None:
            return None
    names = ("rule", "partner", "outlet", "text", "ends", "reason", "made_by")
    row = {name: getattr(silence, name) for name in names}
    row |= {"article_id": article_id, "created_at": now}
    added: int | None = connection.scalar(insert(silences).returning(silences.c.silence_id), row)
    return added


def first_article(connection: Connection, story_id: int) -> int | None:
    """Return the first article of a story, which may have become part of another."""
    story_id = standing_number(connection, story_id)
    mine = story_articles.c.story_id == story_id
    first: int | None = connection.scalar(select(func.min(story_articles.c.article_id)).where(mine))
    return first


def active(connection: Connection, now: datetime) -> list[Silence]:
    """Return the silences that are in force."""
    return [s for s, _ in _kept(connection, silences.c.ends > now) if s.is_active(now)]


def listing(connection: Connection) -> list[tuple[Silence, int]]:
    """Return every silence with the number of deliveries that it muted, newest last."""
    return list(_kept(connection))


def remove(connection: Connection, silence_id: int, now: datetime) -> bool:
    """End a silence now; False when none of that number is in force."""
    standing = (silences.c.silence_id == silence_id, silences.c.removed_at.is_(None))
    ended = update(silences).where(*standing, silences.c.ends > now).values(removed_at=now)
    return bool(connection.execute(ended).rowcount)


def mute_waiting(
    connection: Connection, silence_id: int, folding: Callable[[str], str], now: datetime
) -> int:
    """Take what waits and is muted by a new silence out of the outbox; return how many rows."""
    found = [s for s, _ in _kept(connection, silences.c.silence_id == silence_id)]
    silencer, muted = Silencer.of(found, folding, now), 0
    for rows in _waiting(connection):
        told = notices(connection, list({row.article_id for row in rows}))
        outlets = _outlets(connection, list(told))
        ids = [
            row.delivery_id
            for row in rows
            if (n := told[row.article_id])
            and silencer.muting(n.matches, outlets[n.article_id], n.story_id, n.title, n.text)
        ]
        if ids:
            mine = deliveries.c.delivery_id.in_(ids)
            values = {"state": DeliveryState.SILENCED, "silence_id": silence_id}
            connection.execute(update(deliveries).where(mine).values(**values))
        muted += len(ids)
    return muted


def acknowledge(connection: Connection, story_id: int, made_by: str, now: datetime) -> bool | None:
    """Note that somebody looks after a story; False: it was before, None: there is no such one."""
    story_id = standing_number(connection, story_id)
    article_id = first_article(connection, story_id)
    if article_id is None:
        return None
    if acknowledged(connection, [story_id]):
        return False
    row = {"article_id": article_id, "at": now, "made_by": made_by}
    insert_new(connection, acknowledgements, [row])
    return True


def acknowledged(connection: Connection, story_ids: Sequence[int]) -> set[int]:
    """Return those of ``story_ids`` that somebody acknowledged."""
    wanted = (
        select(story_articles.c.story_id)
        .select_from(story_articles)
        .join(acknowledgements, acknowledgements.c.article_id == story_articles.c.article_id)
        .where(story_articles.c.story_id.in_(story_ids))
    )
    return set(connection.scalars(wanted))


def acknowledgements_of(
    connection: Connection, story_ids: Sequence[int]
) -> dict[int, tuple[str, datetime]]:
    """Return who acknowledged each of ``story_ids``, and when, the first one of each."""
    wanted = (
        select(story_articles.c.story_id, acknowledgements.c.made_by, acknowledgements.c.at)
        .select_from(story_articles)
        .join(acknowledgements, acknowledgements.c.article_id == story_articles.c.article_id)
        .where(story_articles.c.story_id.in_(story_ids))
        .order_by(acknowledgements.c.at)
    )
    found: dict[int, tuple[str, datetime]] = {}
    for story, made_by, at in connection.execute(wanted):
        found.setdefault(story, (made_by, at))
    return found


def _waiting(connection: Connection) -> Iterator[Sequence[Any]]:
    after = 0
    while True:
        wanted = select(deliveries.c.delivery_id, deliveries.c.article_id).where(
            deliveries.c.delivery_id > after, deliveries.c.state == DeliveryState.PENDING
        )
        rows = connection.execute(wanted.order_by(deliveries.c.delivery_id).limit(_PAGE)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].delivery_id


def _outlets(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    wanted = select(articles.c.article_id, articles.c.outlet).where(articles.c.article_id.in_(ids))
    return {row.article_id: row.outlet for row in connection.execute(wanted)}


def _kept(connection: Connection, *conditions: Any) -> Iterator[tuple[Silence, int]]:
    muted = (
        select(func.count())
        .where(deliveries.c.silence_id == silences.c.silence_id)
        .scalar_subquery()
    )
    wanted = (
        select(silences, story_articles.c.story_id, muted.label("muted"))
        .select_from(silences)
        .outerjoin(story_articles, story_articles.c.article_id == silences.c.article_id)
        .where(*conditions)
        .order_by(silences.c.silence_id)
    )
    for row in connection.execute(wanted).mappings():
        yield _silence(row), row["muted"]


def _silence(row: RowMapping) -> Silence:
    names = ("rule", "partner", "outlet", "text", "ends", "reason", "made_by")
    rest = {name: row[name] for name in (*names, "created_at", "removed_at", "story_id")}
    return Silence(id=row["silence_id"], **rest)
