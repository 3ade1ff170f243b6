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
from typing import Protocol

from alerts.planning import Planner
from domain.match import Verdict
from domain.notice import PlannedDelivery
from domain.rematch import (
    ChangeKind,
    Rejudged,
    RematchProgress,
    StoredArticle,
    StoredText,
    VerdictChange,
    changes,
)
from marsad.clock import utc_now
from marsad.config import Config
from marsad.judging import versions
from marsad.pages import document_of, judge_page
from marsad.tracing import Traced, traced_hit
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


class Part(Protocol):
    """The articles that a run judges: all of the archive, or what one of several workers has."""

    after: int  # the run begins behind this article

    def page(self, after: int) -> list[StoredText]:
        """Return the next articles; empty at the end."""

    def write(self, rejudged: Sequence[Rejudged], upto: int, found: Difference) -> None:
        """Write what became of a page, and that all is done up to this article."""


class Whole:
    """The archive, judged by one process. Implements ``Part``."""

    def __init__(
        self,
        store: Store,
        progress: RematchProgress,
        clock: Callable[[], datetime],
        *,
        is_dry: bool,
    ) -> None:
        self._store = store
        self._progress = progress
        self._clock = clock
        self._is_dry = is_dry
        self.after = progress.checked_to

    def page(self, after: int) -> list[StoredText]:
        """See ``Part``."""
        return self._store.rematch_page(after, self._progress.since)

    def write(self, rejudged: Sequence[Rejudged], upto: int, found: Difference) -> None:
        """See ``Part``."""
        del found
        if not self._is_dry:
            self._store.rematch_write(self._progress, rejudged, upto, self._clock())


@dataclass(frozen=True, slots=True)
class _Judged:
    page: list[StoredText]
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
        self._planner = Planner(config.alerts)
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
        progress = await self._begin(known, since)
        found = Difference(is_resumed=progress.is_resumed)
        started(await asyncio.to_thread(self._store.rematch_count, progress.checked_to, since))
        part = Whole(self._store, progress, self._clock, is_dry=self._is_dry)
        await self.judge(part, found, sorted(known), advance=advance)
        if not self._is_dry:
            await asyncio.to_thread(self._store.rematch_finish, progress, self._clock())
        return found

    async def judge(
        self,
        part: Part,
        found: Difference,
        rules: Sequence[str],
        *,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Judge every article of ``part`` by ``rules``; add what changed to ``found``."""
        under_way: deque[asyncio.Task[_Judged]] = deque()
        after, is_end = part.after, False
        try:
            while True:
                while not is_end and len(under_way) < AHEAD:
                    page = await asyncio.to_thread(part.page, after)
                    is_end = not page
                    if page:
                        after = page[-1].article_id
                        under_way.append(asyncio.create_task(self._judge(page)))
                if not under_way:
                    break
                judged = await under_way.popleft()
                await self._settle(judged, rules, part, found)
                advance(len(judged.page))
        finally:
            for task in under_way:
                task.cancel()

    async def _begin(self, known: Mapping[str, str], since: datetime | None) -> RematchProgress:
        version = version_of(known)
        if self._is_dry:
            return RematchProgress(
                rematch_id=0, version=version, since=since, checked_to=0, is_resumed=False
            )
        return await asyncio.to_thread(self._store.rematch_begin, version, since, self._clock())

    async def _judge(self, page: list[StoredText]) -> _Judged:
        return _Judged(page, await judge_page(self._workers, [text.document for text in page]))

    async def _settle(
        self,
        judged: _Judged,
        rules: Sequence[str],
        part: Part,
        found: Difference,
    ) -> None:
        changed: dict[int, tuple[Verdict, Sequence[VerdictChange]]] = {}
        for text, verdict in zip(judged.page, judged.verdicts, strict=True):
            found.articles += 1
            if verdict is None:
                found.unjudged.append(str(text.document.id))
            elif differing := changes(text, verdict.matches, rules):
                changed[text.article_id] = verdict, differing
        rejudged = []
        if changed:
            for stored in await asyncio.to_thread(self._store.rematch_articles, list(changed)):
                found.add(stored, changed[stored.article_id][1])
                rejudged.append(await self._rejudged(stored, *changed[stored.article_id]))
        await asyncio.to_thread(part.write, rejudged, judged.page[-1].article_id, found)

    async def _rejudged(
        self, stored: StoredArticle, verdict: Verdict, changed: Sequence[VerdictChange]
    ) -> Rejudged:
        traced = await self._traced(stored, verdict, changed)
        return Rejudged(
            stored=stored,
            changes=tuple(changed),
            deliveries=self._told(stored, verdict, changed),
            officials=traced.officials if traced else (),
            trace=traced.trace if traced else None,
        )

    async def _traced(
        self, stored: StoredArticle, verdict: Verdict, changed: Sequence[VerdictChange]
    ) -> Traced | None:
        """What places an article that was no hit among the stories."""
        if self._is_dry or all(c.kind is not ChangeKind.NEW for c in changed):
            return None
        return await traced_hit(self._workers, document_of(stored.article), verdict.matches)

    def _told(
        self, stored: StoredArticle, verdict: Verdict, changed: Sequence[VerdictChange]
    ) -> tuple[PlannedDelivery, ...]:
        new = {c.rule for c in changed if c.kind is ChangeKind.NEW}
        if not self._is_telling or not new:
            return ()
        return tuple(
            self._planner.plan(
                stored.article,
                [m for m in verdict.matches if m.rule in new],
                now=self._clock(),
                source_tags=self._tags.get(stored.article.source_id, ()),
            )
        )


def version_of(rules: Mapping[str, str]) -> str:
    """Return what stands for these versions of rules together."""
    text = "\n".join(f"{rule} {version}" for rule, version in sorted(rules.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


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
