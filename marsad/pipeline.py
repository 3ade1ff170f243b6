"""The desk: an article comes in, is judged, its deliveries are planned, all is filed at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from alerts.routing import plan
from alerts.settings import AlertSettings
from crawler.ports import RobotsRecord, WorkerCrashError, Workers, WorkerTimeoutError
from domain.article import Article, Document
from domain.errors import MarsadError, StoreError
from domain.filing import Filed, Filing
from domain.notice import Delivery, Mode, SendOutcome
from domain.page import Archived
from domain.source import Source, VisitReport
from marsad.judging import judge
from storage.archive import Archive
from storage.store import Store

_log = logging.getLogger(__name__)
_RETRY_SECONDS = (0.5, 1, 2, 5, 10, 15, 30)  # waits for a database that is locked or down

P = ParamSpec("P")
R = TypeVar("R")


async def _patiently(write: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Write, waiting out a database that is locked or down: nothing is lost for it."""
    for wait in _RETRY_SECONDS:
        try:
            return await asyncio.to_thread(write, *args, **kwargs)
        except StoreError as error:
            _log.warning("the store refused a commit: %s; again in %g s", error, wait)
            await asyncio.sleep(wait)
    return await asyncio.to_thread(write, *args, **kwargs)


class NewsDesk:
    """Implements ``crawler.ports.Desk``: judge, plan, file in one commit, wake the dispatcher."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        alerts: AlertSettings,
        sources: Mapping[str, Source],
        clock: Callable[[], datetime],
        *,
        wake: Callable[[], None],
        failpoint: Callable[[str], None],
        is_telling: bool = True,
        archive: Archive | None = None,
    ) -> None:
        self._archive = archive
        self._store = store
        self._workers = workers
        self._alerts = alerts
        self._sources = sources
        self._clock = clock
        self._wake = wake
        self._failpoint = failpoint
        self._is_telling = is_telling
        self.reports: dict[str, VisitReport] = {}  # the last visit of each source
        self.hits: dict[str, int] = {}  # hits filed, by source

    async def unseen(self, urls: Sequence[str]) -> set[str]:
        """See ``crawler.ports.Desk``."""
        return await asyncio.to_thread(self._store.unseen, list(urls))

    async def file(self, articles: Sequence[Article], report: VisitReport | None) -> int:
        """See ``crawler.ports.Desk``."""
        # Together, so that a feed of full texts is judged by every worker there is.
        filings = await asyncio.gather(*map(self._filing, articles))
        self._failpoint("before-file")
        filed: Filed = await _patiently(self._store.file, filings, report, self._clock())
        self._failpoint("after-file")
        if filed.hits:  # what is filed together is of one source
            source = articles[0].source_id
            self.hits[source] = self.hits.get(source, 0) + filed.hits
        if report is not None:
            self.reports[report.source_id] = report
        if filed.deliveries:
            self._wake()
        return filed.articles

    async def _filing(self, article: Article) -> Filing:
        document = Document(
            id=article.url,
            title=article.title,
            text=article.text,
            published_at=article.published_at,
        )
        try:
            verdict = (await self._workers.call(judge, [document]))[0]
        except (WorkerTimeoutError, WorkerCrashError, MarsadError) as error:
            # A document that breaks the matcher is kept, unjudged, with its reason.
            _log.error("%s: not judged: %s", article.url, error)
            note = f"{article.note}; not judged: {error}".lstrip("; ")
            return Filing(article=replace(article, note=note))
        judged = replace(article, language=verdict.language)
        archived = await self._kept(article) if verdict.matches else None
        if not self._is_telling:
            return Filing(article=judged, matches=verdict.matches, archived=archived)
        source = self._sources.get(article.source_id)
        deliveries = plan(
            judged,
            verdict.matches,
            self._alerts.routes,
            now=self._clock(),
            max_age=self._alerts.max_age,
            source_tags=source.tags if source else (),
        )
        return Filing(
            article=judged, matches=verdict.matches, deliveries=deliveries, archived=archived
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
        return await asyncio.to_thread(self._store.holds, self._clock())

    async def hold(self, host: str, until: datetime) -> None:
        """See ``crawler.ports.HoldShelf``."""
        await asyncio.to_thread(self._store.hold, host, until, self._clock())


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
        await _patiently(self._store.settle, deliveries, outcome, now, next_try)

    async def next_due(self, channel: str) -> datetime | None:
        """See ``alerts.ports.Outbox``."""
        return await asyncio.to_thread(self._store.next_due, channel)
