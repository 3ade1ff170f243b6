"""Planned deliveries become rows: silenced, grouped by story, gathered in a flood, put off by
quiet hours. What is decided is decided by pure functions of ``domain``; here are their facts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.filing import Filing
from domain.flood import FloodPolicy, gathering
from domain.grouping import Group, Kind, Placed, place
from domain.material import Facts, facts_of, is_official
from domain.notice import DeliveryState, Mode, PlannedDelivery
from domain.quiet import quiet_until
from domain.silence import Silence
from storage import flooding, silencing
from storage.columns import clean, listed
from storage.inserting import insert_new
from storage.selecting import in_parts
from storage.silencing import Silencer
from storage.tables import deliveries, hits, sources, story_articles

_STANDING = (DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.SENT)
New = Sequence[tuple[int, Filing]]


def delivery_key(url: str, channel: str, kind: str) -> str:
    """Return the key of a delivery: of what is told to whom, whatever the database's ids."""
    return hashlib.sha256("\0".join((channel, kind, clean(url))).encode()).hexdigest()[:32]


def add_deliveries(
    connection: Connection, new: New, now: datetime, folding: Callable[[str], str]
) -> int:
    """Write the rows of what is planned for ``new``; return how many will be told."""
    told = [(article_id, filing) for article_id, filing in new if filing.deliveries]
    if not told:
        return 0
    teller = _Teller.of(connection, [article_id for article_id, _ in told], now, folding)
    rows = [row for article_id, filing in told for row in teller.rows(article_id, filing)]
    stored = insert_new(connection, deliveries, rows, deliveries.c.delivery_id, deliveries.c.state)
    return sum(row.state == DeliveryState.PENDING for row in stored)


@dataclass(slots=True)
class _Teller:
    """Decides article by article, remembering what it decided within the transaction."""

    connection: Connection
    now: datetime
    silencer: Silencer
    floods: flooding.Floods
    stories: Mapping[int, int]  # by article
    facts: Mapping[int, Facts]  # of what is stored of each article
    groups: dict[int, dict[str, Group]] = field(default_factory=dict)  # by story and channel

    @classmethod
    def of(
        cls,
        connection: Connection,
        article_ids: Sequence[int],
        now: datetime,
        folding: Callable[[str], str],
    ) -> _Teller:
        """Return who tells these articles, which have their stories by now."""
        return cls(
            connection=connection,
            now=now,
            silencer=Silencer.of(silencing.active(connection, now), folding, now),
            floods=flooding.Floods(connection, now),
            stories=_stories(connection, article_ids),
            facts=_facts(connection, article_ids),
        )

    def rows(self, article_id: int, filing: Filing) -> Iterable[dict[str, Any]]:
        story_id = self.stories.get(article_id)
        # Of an article that is judged again, what is new counts with what it had.
        stored = self.facts.get(article_id, Facts())
        facts = stored | facts_of(filing.matches, filing.officials)
        digests = {p.channel for p in filing.deliveries if p.mode is Mode.DIGEST}
        for planned in filing.deliveries:
            muted = self._muted(planned, filing, story_id)
            if muted is not None:
                placed = Placed(kind=Kind(planned.mode), due_at=planned.due_at)
                yield self._row(article_id, filing, planned, placed) | {
                    "state": DeliveryState.SILENCED,
                    "silence_id": muted.id,
                }
                continue
            placed = self._placed(planned, filing, story_id, facts, article_id)
            # What the channel's digest tells of anyway needs no row of its own.
            if placed.kind is not Kind.LATER or planned.channel not in digests:
                yield self._row(article_id, filing, planned, placed)

    def _muted(
        self, planned: PlannedDelivery, filing: Filing, story_id: int | None
    ) -> Silence | None:
        led = [m for m in filing.matches if not planned.rules or m.rule in planned.rules]
        article = filing.article
        return self.silencer.muting(
            led or filing.matches, article.source_id, story_id, article.title, article.text
        )

    def _placed(
        self,
        planned: PlannedDelivery,
        filing: Filing,
        story_id: int | None,
        facts: Facts,
        article_id: int,
    ) -> Placed:
        placed = Placed(kind=Kind(planned.mode), due_at=planned.due_at)
        if planned.grouping is not None and planned.mode is Mode.IMMEDIATE and story_id:
            groups = self._groups(story_id, article_id)
            group = groups.get(planned.channel)
            placed = place(group, facts, planned.grouping, planned.due_at)
            groups[planned.channel] = _grown(group, facts, placed)
        if planned.flood is not None and planned.mode is Mode.IMMEDIATE:
            placed = self._in_flood(planned, planned.flood, placed, filing.article.source_id)
        due = placed.due_at or planned.later_at or planned.due_at
        awake = quiet_until(planned.quiet, due)
        kind = placed.kind
        if awake is not None and kind is Kind.IMMEDIATE:
            kind = Kind.QUIET
        return Placed(kind=kind, due_at=awake or due)

    def _in_flood(
        self, planned: PlannedDelivery, policy: FloodPolicy, placed: Placed, outlet: str
    ) -> Placed:
        is_alert = placed.kind is Kind.IMMEDIATE
        since = self.floods.count(
            planned.route, planned.channel, policy, outlet=outlet, is_alert=is_alert
        )
        if since is None:
            return placed
        return Placed(kind=Kind.FLOOD, due_at=gathering(since, self.now, policy.pause))

    def _groups(self, story_id: int, article_id: int) -> dict[str, Group]:
        if story_id not in self.groups:
            self.groups[story_id] = groups_of(self.connection, story_id, article_id)
        return self.groups[story_id]

    def _row(
        self, article_id: int, filing: Filing, planned: PlannedDelivery, placed: Placed
    ) -> dict[str, Any]:
        return {
            "key": delivery_key(filing.article.url, planned.channel, placed.kind),
            "channel": planned.channel,
            "mode": placed.kind,
            "article_id": article_id,
            "state": DeliveryState.PENDING,
            "due_at": placed.due_at,
            "attempts": 0,
            "created_at": self.now,
            "last_error": "",
            "route": planned.route,
            "is_urgent": int(planned.is_urgent),
            "silence_id": None,
        }


def groups_of(connection: Connection, story_id: int, without: int) -> dict[str, Group]:
    """Return what each channel was told of a story at once, by articles other than ``without``."""
    others = (story_articles.c.story_id == story_id, story_articles.c.article_id != without)
    rows = connection.execute(
        select(deliveries)
        .join(story_articles, story_articles.c.article_id == deliveries.c.article_id)
        .where(*others, deliveries.c.state.in_(_STANDING), deliveries.c.mode != Kind.DIGEST)
    ).all()
    if not rows:
        return {}
    facts = _facts(connection, sorted({row.article_id for row in rows}))
    groups: dict[str, Group] = {}
    for row in rows:
        group = groups.get(row.channel) or Group(facts=Facts())
        waiting, told_at = group.waiting, group.told_at
        if row.state == DeliveryState.SENT:
            told_at = max(row.sent_at, told_at or row.sent_at)
        elif row.mode == Kind.IMMEDIATE:
            waiting = min(row.due_at, waiting or row.due_at)
        known = group.facts | facts.get(row.article_id, Facts())
        groups[row.channel] = Group(facts=known, waiting=waiting, told_at=told_at)
    return groups


def _grown(group: Group | None, facts: Facts, placed: Placed) -> Group:
    """Return what the group is once ``placed`` is a row of it."""
    waiting = group.waiting if group else None
    if placed.kind is Kind.IMMEDIATE and placed.due_at is not None:
        waiting = min(placed.due_at, waiting or placed.due_at)
    known = facts if group is None else group.facts | facts
    return Group(facts=known, waiting=waiting, told_at=group.told_at if group else None)


def _stories(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    member = story_articles.c
    found: dict[int, int] = {}
    for some in in_parts(ids):
        wanted = select(member.article_id, member.story_id).where(member.article_id.in_(some))
        found |= {row.article_id: row.story_id for row in connection.execute(wanted)}
    return found


def _facts(connection: Connection, ids: Sequence[int]) -> dict[int, Facts]:
    wanted = (
        select(
            *(hits.c.article_id, hits.c.outlet, hits.c.partners, hits.c.activities),
            *(sources.c.tags, story_articles.c.new_officials),
        )
        .select_from(hits)
        .join(sources, sources.c.source_id == hits.c.outlet)
        .outerjoin(story_articles, story_articles.c.article_id == hits.c.article_id)
    )
    found: dict[int, Facts] = {}
    for some in in_parts(ids):
        for row in connection.execute(wanted.where(hits.c.article_id.in_(some))):
            facts = Facts(
                partners=frozenset(listed(row.partners)),
                activities=frozenset(listed(row.activities)),
                officials=frozenset(listed(row.new_officials))
                | ({row.outlet} if is_official(row.tags) else frozenset()),
            )
            found[row.article_id] = found.get(row.article_id, Facts()) | facts
    return found
