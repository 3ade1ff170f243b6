"""What was told of stories that nobody acknowledged, and the rows that tell them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, select

from domain.grouping import Kind
from domain.notice import DeliveryState
from domain.reminding import Reminder, ToldStory
from storage.inserting import insert_new
from storage.placing import delivery_key
from storage.tables import (
    acknowledgements,
    articles,
    deliveries,
    stories,
    story_articles,
)

_WAITING = (DeliveryState.PENDING, DeliveryState.LEASED)


def told(connection: Connection, since: datetime) -> list[ToldStory]:
    """Return, by story and channel, what was told one by one since then and not acknowledged."""
    s, d = story_articles.c, deliveries.c
    other = story_articles.alias()
    seen_to = exists().where(
        other.c.story_id == s.story_id, other.c.article_id == acknowledgements.c.article_id
    )
    wanted = (
        select(deliveries, s.story_id, articles.c.url, stories.c.last_seen)
        .select_from(deliveries)
        .join(story_articles, s.article_id == d.article_id)
        .join(stories, stories.c.story_id == s.story_id)
        .join(articles, articles.c.article_id == d.article_id)
        .where(d.created_at >= since, ~seen_to)
        .where(d.state.in_([DeliveryState.SENT, *_WAITING]))
        .order_by(d.delivery_id)
    )
    groups: dict[tuple[int, str], list[RowMapping]] = defaultdict(list)
    steps: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(wanted).mappings():
        kind, _, number = row["mode"].partition("-")
        if kind == Kind.ESCALATION:
            steps[row["story_id"]].add(int(number))
        elif Kind(kind).is_single:
            groups[row["story_id"], row["channel"]].append(row)
    found = (_told(rows, steps[story]) for (story, _), rows in groups.items())
    return [each for each in found if each is not None]


def _told(rows: Sequence[RowMapping], steps: set[int]) -> ToldStory | None:
    sent = [row for row in rows if row["state"] == DeliveryState.SENT]
    if not sent:
        return None
    urgent = [row for row in sent if row["is_urgent"]]
    first = (urgent or sent)[0]
    return ToldStory(
        story_id=first["story_id"],
        article_id=first["article_id"],
        url=first["url"],
        channel=first["channel"],
        route=first["route"],
        is_urgent=bool(urgent),
        first_told=min(row["sent_at"] for row in urgent or sent),
        last_told=max(row["sent_at"] for row in sent),
        last_seen=max(row["last_seen"] for row in sent),
        repeats=sum(row["mode"].startswith(Kind.REPEAT) for row in rows),
        is_waiting=any(row["state"] in _WAITING for row in rows),
        steps=tuple(sorted(steps)),
    )


def add(connection: Connection, reminders: Sequence[Reminder], now: datetime) -> int:
    """Write a row for each reminder; return how many are new."""
    rows = [_row(reminder, now) for reminder in reminders]
    return len(insert_new(connection, deliveries, rows, deliveries.c.delivery_id))


def _row(reminder: Reminder, now: datetime) -> dict[str, Any]:
    mode = f"{reminder.kind}-{reminder.number}"
    return {
        "key": delivery_key(reminder.url, reminder.channel, mode),
        "channel": reminder.channel,
        "mode": mode,
        "article_id": reminder.article_id,
        "state": DeliveryState.PENDING,
        "due_at": now,
        "attempts": 0,
        "created_at": now,
        "last_error": "",
        "route": reminder.route,
        "is_urgent": int(reminder.is_urgent),
    }
