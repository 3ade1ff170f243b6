"""The desk: an article comes in, is judged, its deliveries are planned, all is filed at once."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from alerts.pace import ChannelPace
from alerts.planning import Planner
from crawler.ports import RobotsRecord, WorkerCrashError, Workers, WorkerTimeoutError
from domain.article import Article, Judged
from domain.errors import MarsadError
from domain.filing import Filed, Filing, Parcel
from domain.lease import Lease
from domain.match import Match
from domain.notice import Delivery, Mode, PlannedDelivery, SendOutcome
from domain.page import Archived
from domain.rematch import ChangeKind, Rejudged, changes
from domain.revision import Known, is_edited
from domain.source import Source, VisitReport
from marsad.counter import Counter, patiently
from marsad.judging import judge_one
from marsad.pages import document_of
from marsad.tracing import traced
from storage.archive import Archive
from storage.store import Store

_log = logging.getLogger(__name__)


def no_lease(source_id: str) -> Lease | None:
    """One process alone needs no lease."""
    del source_id
    return None


class NewsDesk:
    """Implements ``crawler.ports.Desk``: judge, plan, file in one commit, wake the dispatcher."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        planner: Planner,
        sources: Mapping[str, Source],
        clock: Callable[[], datetime],
        *,
        wake: Callable[[], None],
        failpoint: Callable[[str], None],
        is_telling: bool = True,
        needs_date: bool = False,
        archive: Archive | None = None,
        lease_of: Callable[[str], Lease | None] = no_lease,
    ) -> None:
        self._lease_of = lease_of
        self._archive = archive
        self._store = store
        self._counter = Counter(store, clock)
        self._workers = workers
        self._planner = planner
        self._sources = sources
        self._clock = clock
        self._wake = wake
        self._failpoint = failpoint
        self._is_telling = is_telling
        self._needs_date = needs_date  # what has none may be old: it is not told
        self.reports: dict[str, VisitReport] = {}  # the last visit of each source
        self.hits: dict[str, int] = {}  # hits filed, by source
        self.articles = 0  # filed

    def of_the_past(self, *, is_telling: bool) -> NewsDesk:
        """Return a desk for what was published long ago: what has no date is not told."""
        desk = copy(self)
        desk._is_telling, desk._needs_date = is_telling, True
        return desk

    async def unseen(self, urls: Sequence[str]) -> set[str]:
        """See ``crawler.ports.Desk``."""
        return await asyncio.to_thread(self._store.unseen, list(urls))

    async def file(self, articles: Sequence[Article], report: VisitReport | None) -> int:
        """See ``crawler.ports.Desk``."""
        # Together, so that a feed of full texts is judged by every worker there is.
        filings = await asyncio.gather(*map(self._filing, articles))
        self._failpoint("before-file")
        source_id = report.source_id if report else articles[0].source_id if articles else ""
        lease = self._lease_of(source_id)
        parcel = Parcel(filings=tuple(filings), report=report)
        filed = await self._counter.file(parcel, lease)
        self._failpoint("after-file")
        self.articles += filed.articles
        if filed.hits:  # what is filed together is of one source
            source = articles[0].source_id
            self.hits[source] = self.hits.get(source, 0) + filed.hits
        if report is not None:
            self.reports[report.source_id] = report
        if filed.deliveries:
            self._wake()
        return filed.articles

    async def known(self, urls: Sequence[str]) -> Mapping[str, Known]:
        """See ``crawler.ports.Desk``."""
        return await asyncio.to_thread(self._store.known, list(urls))

    async def revise(self, article: Article) -> bool:
        """See ``crawler.ports.Desk``."""
        stored = await asyncio.to_thread(self._store.stored, article.url)
        if stored is None:
            return False
        old = stored.article
        is_poorer = article.text_from == "summary" and old.text_from != "summary"
        is_same = not (is_edited(old.title, article.title) or is_edited(old.text, article.text))
        if is_poorer or is_same:
            await patiently(self._store.note_check, article, self._clock())
            return False
        dated = replace(article, first_seen=old.first_seen, published_at=old.published_at)
        filing = await self._filing(dated)
        if filing.article.note != dated.note:  # it could not be judged: the old one stays
            return False
        rules = {match.rule for match in filing.matches} | {hit.rule for _, hit in stored.hits}
        changed = changes(stored, filing.matches, rules)
        new = [c.after for c in changed if c.kind is ChangeKind.NEW and c.after is not None]
        told = self._planned(filing.article, new) if new else ()
        rejudged = Rejudged(
            stored=replace(stored, article=filing.article),
            changes=changed,
            deliveries=told,
            officials=filing.officials,
            trace=filing.trace,
        )
        lease = self._lease_of(article.source_id)
        write = self._store.revise
        filed: Filed = await patiently(write, rejudged, old, filing, self._clock(), lease=lease)
        if filed.hits:
            source = article.source_id
            self.hits[source] = self.hits.get(source, 0) + filed.hits
        if filed.deliveries:
            self._wake()
        return bool(filed.revised)

    async def _filing(self, article: Article) -> Filing:
        try:
            judged = await self._judged(article)
        except (WorkerTimeoutError, WorkerCrashError, MarsadError) as error:
            # A document that breaks the matcher is kept, unjudged, with its reason.
            _log.error("%s: not judged: %s", article.url, error)
            note = f"{article.note}; not judged: {error}".lstrip("; ")
            return Filing(article=replace(article, note=note))
        matches = judged.verdict.matches
        known = replace(article, language=judged.verdict.language, judged=None)
        archived = await self._kept(article) if matches else None
        filing = Filing(
            article=known,
            matches=matches,
            deliveries=self._planned(known, matches),
            archived=archived,
            folded=judged.folded,
        )
        return await traced(self._workers, filing, self._sources.get(article.source_id))

    async def _judged(self, article: Article) -> Judged:
        document = document_of(article)
        known = article.judged
        if known is not None and known.document == document:
            return known
        return await self._workers.call(judge_one, document)

    def _planned(self, article: Article, matches: Sequence[Match]) -> tuple[PlannedDelivery, ...]:
        if not self._is_telling or (self._needs_date and article.published_at is None):
            return ()
        source = self._sources.get(article.source_id)
        return self._planner.plan(
            article,
            matches,
            now=self._clock(),
            source_tags=source.tags if source else (),
        )

    async def _kept(self, article: Article) -> Archived | None:
        """Archive the page of a hit. A full disk costs the page, never the hit."""
        if self._archive is None or article.page is None:
            return None
        try:
            return await asyncio.to_thread(self._archive.keep, article.page)
        except OSError as error:
            _log.error("%s: its page is not archived: %s", article.url, error)
            return None


class StoredRobots:
    """Implements ``crawler.ports.RobotsShelf`` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, origin: str) -> RobotsRecord | None:
        """See ``crawler.ports.RobotsShelf``."""
        found = await asyncio.to_thread(self._store.get_robots, origin)
        if found is None:
            return None
        return RobotsRecord(
            origin=found.origin,
            body=found.body,
            status=found.status,
            fetched_at=found.fetched_at,
        )

    async def put(self, record: RobotsRecord) -> None:
        """See ``crawler.ports.RobotsShelf``."""
        await asyncio.to_thread(
            self._store.put_robots, record.origin, record.body, record.status, record.fetched_at
        )


class StoredHolds:
    """Implements ``crawler.ports.HoldShelf`` over the store."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def holds(self) -> Mapping[str, datetime]:
        """See ``crawler.ports.HoldShelf``."""
        # Nobody is asked before it is known who wants to be left alone.
        return await patiently(self._store.holds, self._clock())

    async def hold(self, host: str, until: datetime) -> None:
        """See ``crawler.ports.HoldShelf``."""
        await asyncio.to_thread(self._store.hold, host, until, self._clock())


class StoredPaces:
    """Implements ``alerts.ports.PaceShelf`` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def pace(self, channel: str) -> ChannelPace:
        """See ``alerts.ports.PaceShelf``. What an older program kept and this one cannot read
        says nothing."""
        kept = await asyncio.to_thread(self._store.channel_pace, channel)
        try:
            return ChannelPace(**json.loads(kept or "{}"))
        except (TypeError, ValueError):
            return ChannelPace()

    async def put_pace(self, channel: str, pace: ChannelPace) -> None:
        """See ``alerts.ports.PaceShelf``."""
        await asyncio.to_thread(self._store.put_channel_pace, channel, json.dumps(asdict(pace)))


class StoredOutbox:
    """Implements ``alerts.ports.Outbox`` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(
        self, channel: str, mode: Mode, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Delivery]:
        """See ``alerts.ports.Outbox``."""
        return await asyncio.to_thread(self._store.claim, channel, mode, now, lease, limit)

    async def settle(
        self,
        deliveries: Sequence[Delivery],
        outcome: SendOutcome,
        now: datetime,
        next_try: datetime | None,
    ) -> None:
        """See ``alerts.ports.Outbox``."""
        # What was sent must be marked, or it is sent again.
        await patiently(self._store.settle, deliveries, outcome, now, next_try)

    async def next_due(self, channel: str) -> datetime | None:
        """See ``alerts.ports.Outbox``."""
        return await asyncio.to_thread(self._store.next_due, channel)

    async def overdue(self, channel: str, made_by: datetime, due_by: datetime) -> int:
        """See ``alerts.ports.Outbox``."""
        return await asyncio.to_thread(self._store.overdue, channel, made_by, due_by)
