"""``marsad rematch``: the archive judged again by today's rules, page by page, both cores busy.

A page is read, judged and written in one commit with how far the work is: whoever stops it
loses at most a page. With nothing to write it only counts.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.routing import plan
from crawler.ports import WorkerCrashError, WorkerTimeoutError
from domain.article import Document
from domain.match import Verdict
from domain.notice import PlannedDelivery
from domain.rematch import (
    ChangeKind,
    Rejudged,
    RematchProgress,
    StoredArticle,
    VerdictChange,
    changes,
)
from marsad.clock import utc_now
from marsad.config import Config
from marsad.judging import judge, versions
from marsad.workers import WorkerPool
from storage.store import Store

AHEAD = 4  # pages under way: read and judged while an earlier one is written
EXAMPLES = 5  # articles shown of each kind of change
PAGE_SECONDS = 120.0  # that a worker may take for a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An article whose verdict changed."""

    kind: ChangeKind
    outlet: str
    title: str
    url: str
    before: float | None  # scores
    after: float | None


@dataclass(slots=True, kw_only=True)
class Difference:
    """What a rematch changed, or would change."""

    articles: int = 0
    kinds: Counter[ChangeKind] = field(default_factory=Counter)
    examples: dict[ChangeKind, list[Example]] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)  # addresses of texts that broke the judge
    is_resumed: bool = False

    def add(self, stored: StoredArticle, found: Sequence[VerdictChange]) -> None:
        """Count an article's changes and keep the first examples of each kind."""
        for change in found:
            self.kinds[change.kind] += 1
            shown = self.examples.setdefault(change.kind, [])
            if len(shown) < EXAMPLES and change.kind is not ChangeKind.SAME:
                shown.append(
                    Example(
                        kind=change.kind,
                        outlet=stored.article.source_id,
                        title=stored.article.title,
                        url=stored.article.url,
                        before=change.before.score if change.before else None,
                        after=change.after.score if change.after else None,
                    )
                )


@dataclass(frozen=True, slots=True)
class _Judged:
    page: list[StoredArticle]
    verdicts: list[Verdict | None]  # None: the text broke the judge


class Rematch:
    """One run over the archive. ``advance`` is told how many more articles are done."""

    def __init__(
        self,
        config: Config,
        store: Store,
        workers: WorkerPool,
        *,
        is_dry: bool = False,
        is_telling: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._config = config
        self._store = store
        self._workers = workers
        self._is_dry = is_dry
        self._is_telling = is_telling and not is_dry
        self._clock = clock
        self._tags = {s.id: s.tags for s in config.sources}

    async def run(
        self,
        since: datetime | None,
        *,
        started: Callable[[int], None] = lambda _: None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Difference:
        """Judge every article published from ``since`` on; return what changed."""
        known: Mapping[str, str] = await self._workers.call(versions)
        rules = sorted(known)
        progress = await self._begin(known, since)
        found = Difference(is_resumed=progress.is_resumed)
        started(await asyncio.to_thread(self._store.rematch_count, progress.checked_to, since))
        under_way: deque[asyncio.Task[_Judged]] = deque()
        after, is_end = progress.checked_to, False
        try:
            while True:
                while not is_end and len(under_way) < AHEAD:
                    page = await asyncio.to_thread(self._store.rematch_page, after, since)
                    is_end = not page
                    if page:
                        after = page[-1].article_id
                        under_way.append(asyncio.create_task(self._judge(page)))
                if not under_way:
                    break
                judged = await under_way.popleft()
                await self._settle(judged, rules, progress, found)
                advance(len(judged.page))
        finally:
            for task in under_way:
                task.cancel()
        if not self._is_dry:
            await asyncio.to_thread(self._store.rematch_finish, progress, self._clock())
        return found

    async def _begin(self, known: Mapping[str, str], since: datetime | None) -> RematchProgress:
        text = "\n".join(f"{rule} {version}" for rule, version in sorted(known.items()))
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        if self._is_dry:
            return RematchProgress(
                rematch_id=0, version=version, since=since, checked_to=0, is_resumed=False
            )
        return await asyncio.to_thread(self._store.rematch_begin, version, since, self._clock())

    async def _judge(self, page: list[StoredArticle]) -> _Judged:
        documents = [_document(stored) for stored in page]
        try:
            verdicts: list[Verdict | None] = list(await self._workers.call(judge, documents))
        except (WorkerTimeoutError, WorkerCrashError):
            # One text of the page breaks the judge: one by one, so that it costs itself only.
            verdicts = [await self._judge_one(document) for document in documents]
        return _Judged(page, verdicts)

    async def _judge_one(self, document: Document) -> Verdict | None:
        try:
            return (await self._workers.call(judge, [document]))[0]
        except (WorkerTimeoutError, WorkerCrashError):
            return None

    async def _settle(
        self,
        judged: _Judged,
        rules: Sequence[str],
        progress: RematchProgress,
        found: Difference,
    ) -> None:
        rejudged = []
        for stored, verdict in zip(judged.page, judged.verdicts, strict=True):
            found.articles += 1
            if verdict is None:
                found.unjudged.append(stored.article.url)
                continue
            changed = changes(stored, verdict.matches, rules)
            found.add(stored, changed)
            if changed:
                told = self._told(stored, verdict, changed)
                rejudged.append(Rejudged(stored=stored, changes=changed, deliveries=told))
        if not self._is_dry:
            last = judged.page[-1].article_id
            now = self._clock()
            await asyncio.to_thread(self._store.rematch_write, progress, rejudged, last, now)

    def _told(
        self, stored: StoredArticle, verdict: Verdict, changed: Sequence[VerdictChange]
    ) -> tuple[PlannedDelivery, ...]:
        new = {c.rule for c in changed if c.kind is ChangeKind.NEW}
        if not self._is_telling or not new:
            return ()
        return tuple(
            plan(
                stored.article,
                [m for m in verdict.matches if m.rule in new],
                self._config.alerts.routes,
                now=self._clock(),
                max_age=self._config.alerts.max_age,
                source_tags=self._tags.get(stored.article.source_id, ()),
            )
        )


def _document(stored: StoredArticle) -> Document:
    article = stored.article
    return Document(
        id=article.url, title=article.title, text=article.text, published_at=article.published_at
    )


async def rematch(
    config: Config,
    store: Store,
    since: datetime | None,
    *,
    is_dry: bool,
    is_telling: bool,
    started: Callable[[int], None],
    advance: Callable[[int], None],
) -> Difference:
    """Judge the archive again; see ``Rematch``."""
    workers = WorkerPool(config.rules, limit=PAGE_SECONDS)
    try:
        await workers.ready()
        run = Rematch(config, store, workers, is_dry=is_dry, is_telling=is_telling)
        return await run.run(since, started=started, advance=advance)
    finally:
        await asyncio.to_thread(workers.close)
