"""One visit of one source: survey, then one article after another, then the report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlsplit

from crawler.articles import Candidate, appeared, candidates, from_feed, from_page, from_summary
from crawler.entries import NAMED, Entry
from crawler.extraction import PageText
from crawler.fetching import Fetched, Fetcher, RefusedError
from crawler.health import WayReading, settled, with_health
from crawler.jobs import Unreadable, read_page
from crawler.pacing import Ending, next_state
from crawler.ports import Desk, WorkerCrashError, Workers, WorkerTimeoutError
from crawler.settings import CrawlSettings
from crawler.survey import Survey, kept_validators, survey
from crawler.turning import turn_pages
from crawler.ways import Reader
from domain.article import Article
from domain.source import FetchState, Source, VisitOutcome, VisitReport

_HOST_IS_DOWN = 3  # pages in a row that the network failed: the rest is not tried this time
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every visit works with."""

    settings: CrawlSettings
    fetcher: Fetcher
    desk: Desk
    workers: Workers
    clock: Callable[[], datetime]
    rng: Random


class Visit:
    """Visits ``source`` once. Everything that goes wrong is an outcome; only a cancel escapes.

    ``taken`` are the addresses of other sources, which a feed that moves must not take over.
    """

    def __init__(
        self,
        source: Source,
        state: FetchState,
        tools: Tools,
        *,
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self._taken = taken
        self._configured = source
        self._source = settled(source, state.ways)
        self._readings: tuple[WayReading, ...] = ()
        self._state = state
        self._tools = tools
        self._started = tools.clock()
        self._new = 0
        self._failed_pages = 0
        self._network_failures: dict[str, int] = {}
        self._wait: timedelta | None = None  # a page's server asked us to wait
        self._moments: tuple[datetime, ...] = ()  # for the source's rhythm
        self._is_whole = True  # False: some articles must be listed again next time

    async def run(self) -> VisitReport:
        """Visit, file everything new, and return the report that was filed."""
        try:
            return await self._visit()
        except Exception as error:  # noqa: BLE001 - the top loop: one source never stops others
            _log.exception("%s: the visit failed", self._source.id)
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
            return await self._give_up(reason)

    async def _visit(self) -> VisitReport:
        tools = self._tools
        reader = Reader(settings=tools.settings, fetcher=tools.fetcher, workers=tools.workers)
        found = await survey(self._source, self._state, reader, tools.clock())
        pages = [
            await turn_pages(listing, reader, self._source.family, self._are_new)
            for listing in found.listings
        ]
        found = replace(found, listings=tuple(pages))
        self._readings = found.readings
        waiting = await self._unseen(found)
        whole = [c for c in waiting if c.entry.text]
        teasers = [c for c in waiting if not c.entry.text]
        now = tools.clock()
        ready = [from_feed(c, self._source, now, found.document_of(c.entry)) for c in whole]
        if ready and teasers:
            await self._file(ready, None)
            ready = []
        last = await self._read_pages(teasers)
        if last is not None:
            ready.append(last)
        report = self._report(found, len(ready))
        await self._file(ready, report)
        return report

    async def _are_new(self, entries: Sequence[Entry]) -> bool:
        urls = [candidate.url for candidate in candidates(tuple(entries), self._source)]
        return len(await self._tools.desk.unseen(urls)) == len(urls)

    async def _unseen(self, found: Survey) -> list[Candidate]:
        listed = candidates(found.entries, self._source)
        if not listed:
            return []
        unseen = await self._tools.desk.unseen([candidate.url for candidate in listed])
        fresh = [candidate for candidate in listed if candidate.url in unseen]
        limit = self._tools.settings.items_per_visit
        if len(fresh) > limit:
            _log.warning("%s: %d new entries, %d now", self._source.id, len(fresh), limit)
            self._is_whole = False
        now, is_first = self._tools.clock(), self._state.rhythm is None
        told = listed if is_first else fresh[:limit]
        self._moments = appeared(told, now, is_first=is_first)
        return fresh[:limit]

    async def _read_pages(self, waiting: list[Candidate]) -> Article | None:
        """File the articles of ``waiting``, each when it is ready; the last one is returned.

        While one page is read and filed, the next is fetched.
        """
        previous: asyncio.Task[Article | None] | None = None
        try:
            for candidate in waiting:
                answer = await self._fetch(candidate)
                if previous is not None:
                    await previous
                is_last = candidate is waiting[-1]
                previous = asyncio.create_task(self._finish(candidate, answer, is_last=is_last))
            return await previous if previous is not None else None
        finally:
            if previous is not None and not previous.done():
                previous.cancel()

    async def _finish(
        self, candidate: Candidate, answer: Fetched | str | None, *, is_last: bool
    ) -> Article | None:
        if answer is None:
            return None
        article = await self._read(candidate, answer)
        if article is None or is_last:
            return article
        await self._file([article], None)
        return None

    async def _fetch(self, candidate: Candidate) -> Fetched | str | None:
        """Return the page, or why there is none; None leaves the article for the next visit."""
        url = candidate.entry.link
        if url.startswith(NAMED):
            return "the feed gives no address that can be opened"
        host = urlsplit(url).netloc
        if self._wait is not None:
            self._is_whole = False
            return None
        if self._network_failures.get(host, 0) >= _HOST_IS_DOWN:
            return f"{host} does not answer"
        try:
            answer = await self._fetch_twice(url)
        except RefusedError as error:
            if error.wait is not None:
                self._wait, self._is_whole = error.wait, False
                return None
            if error.outcome is VisitOutcome.NETWORK:
                self._network_failures[host] = self._network_failures.get(host, 0) + 1
            return str(error)
        self._network_failures.pop(host, None)
        return answer

    async def _fetch_twice(self, url: str) -> Fetched:
        limit = self._tools.settings.page_max_bytes
        try:
            return await self._tools.fetcher.fetch(url, max_bytes=limit)
        except RefusedError as error:
            if not error.is_passing:
                raise
        return await self._tools.fetcher.fetch(url, max_bytes=limit)

    async def _read(self, candidate: Candidate, answer: Fetched | str) -> Article | None:
        """Return the article, from its page if that can be read, else from its teaser."""
        page = answer if isinstance(answer, str) else await self._extract(answer)
        now = self._tools.clock()
        if isinstance(page, PageText):
            article = from_page(candidate, page, self._source, now)
            if article.title:
                return replace(article, page=None if isinstance(answer, str) else answer.page)
            page = "the page has no title"
        self._failed_pages += 1
        _log.info("%s: %s: %s", self._source.id, candidate.entry.link, page)
        article_or_none = from_summary(candidate, page, self._source, now)
        if article_or_none is None:
            self._is_whole = False  # nothing to file: the page is tried again
        return article_or_none

    async def _extract(self, answer: Fetched) -> PageText | str:
        try:
            page = await self._tools.workers.call(
                read_page, answer.body, answer.url, answer.content_type
            )
        except WorkerTimeoutError:
            return "the page's parser took too long"
        except WorkerCrashError:
            return "the page's parser crashed"
        except Exception as error:  # noqa: BLE001 - a bad page must not sink the visit
            _log.exception("%s: reading a page failed: %s", self._source.id, answer.url)
            return f"reading the page failed: {type(error).__name__}"
        return page.reason if isinstance(page, Unreadable) else page

    async def _file(self, articles: list[Article], report: VisitReport | None) -> None:
        """File in one commit. A stop of the daemon waits for it."""
        commit = asyncio.ensure_future(self._tools.desk.file(articles, report))
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            await asyncio.wait({commit})
            raise
        self._new += len(articles)

    def _report(self, found: Survey, unfiled: int) -> VisitReport:
        now, new = self._tools.clock(), self._new + unfiled
        hints = found.hints
        if self._wait is not None:
            hints = replace(hints, retry_after=max(self._wait, hints.retry_after or self._wait))
        ending = Ending(
            outcome=found.outcome,
            reason=found.reason,
            new_articles=new,
            moments=self._moments,
            validators=kept_validators(
                found, self._state, self._source, now, is_whole=self._is_whole
            ),
            hints=hints,
        )
        return self._finished(ending, found.listed, now)

    def _finished(self, ending: Ending, listed: int, now: datetime) -> VisitReport:
        tools = self._tools
        state = next_state(self._state, ending, now=now, settings=tools.settings, rng=tools.rng)
        state = with_health(self._state, state, self._configured, self._readings, taken=self._taken)
        return VisitReport(
            source_id=self._source.id,
            outcome=ending.outcome,
            reason=ending.reason,
            started=self._started,
            finished=now,
            entries=listed,
            new_articles=ending.new_articles,
            failed_pages=self._failed_pages,
            state=state,
        )

    async def _give_up(self, reason: str) -> VisitReport:
        """Report a fault of our own. When even that cannot be filed, the log has to do."""
        ending = Ending(
            outcome=VisitOutcome.ERROR,
            reason=reason,
            new_articles=self._new,
            validators=self._state.validators,
        )
        report = self._finished(ending, 0, self._tools.clock())
        try:
            await self._file([], report)
        except Exception:  # noqa: BLE001 - the desk itself is at fault
            _log.exception("%s: the report could not be filed", self._source.id)
        return report
