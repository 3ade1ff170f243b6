"""One visit of one source: survey, then one article after another, then the report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from crawler.articles import Candidate, appeared, candidates, from_feed
from crawler.entries import Entry
from crawler.fetching import Fetcher
from crawler.health import WayReading, settled, with_health
from crawler.pacing import Ending, next_state
from crawler.page_reading import ArticleReader
from crawler.ports import Desk, Judge, Workers
from crawler.settings import CrawlSettings
from crawler.survey import Survey, kept_validators, survey
from crawler.turning import turn_pages
from crawler.ways import Reader
from domain.article import Article
from domain.errors import LeaseLostError, StoreError
from domain.source import FetchState, Source, VisitOutcome, VisitReport

_HOST_IS_DOWN = 3  # pages in a row that the network failed: the rest is not tried this time
_MOST_REVISITS = 20  # edited articles a visit; the rest is seen as edited next time
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
    judge: Judge | None = None  # in the call that reads a page


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
        taken: Container[str] = frozenset(),
    ) -> None:
        self._taken = taken
        self._configured = source
        self._source = settled(source, state.ways)
        self._readings: tuple[WayReading, ...] = ()
        self._state = state
        self._tools = tools
        self._started = tools.clock()
        self._new = 0
        self._reader = ArticleReader(
            self._source,
            tools.fetcher,
            tools.workers,
            tools.clock,
            page_max_bytes=tools.settings.page_max_bytes,
            judge=tools.judge,
        )
        self._moments: tuple[datetime, ...] = ()  # for the source's rhythm
        self._known: list[Candidate] = []  # listed, and stored already
        self._is_whole = True  # False: some articles must be listed again next time

    async def run(self) -> VisitReport:
        """Visit, file everything new, and return the report that was filed."""
        try:
            return await self._visit()
        except LeaseLostError:
            raise  # the visit is another's now, and so is its report
        except Exception as error:  # noqa: BLE001 - the top loop: one source never stops others
            if isinstance(error, StoreError):  # whatever it was asked for: its words say it all
                _log.warning("%s: the visit failed: %s", self._source.id, error)
            else:
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
        last = await self._reader.read_all(teasers, self._file_one)
        if last is not None:
            ready.append(last)
        await self._revise(found)
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
        self._known = [candidate for candidate in listed if candidate.url not in unseen]
        limit = self._tools.settings.items_per_visit
        if len(fresh) > limit:
            _log.warning("%s: %d new entries, %d now", self._source.id, len(fresh), limit)
            self._is_whole = False
        now, is_first = self._tools.clock(), self._state.rhythm is None
        told = listed if is_first else fresh[:limit]
        self._moments = appeared(told, now, is_first=is_first)
        return fresh[:limit]

    async def _revise(self, found: Survey) -> None:
        """Look again at known articles of which the lists say something else than before."""
        known = await self._tools.desk.known([candidate.url for candidate in self._known])
        now = self._tools.clock()
        edited = [
            candidate
            for candidate in self._known
            if candidate.url in known
            and known[candidate.url].is_worth_a_look(candidate.entry.fingerprint(), now)
        ][:_MOST_REVISITS]
        for candidate in edited:
            if candidate.entry.text:
                page = found.document_of(candidate.entry)
                await self._revise_one(from_feed(candidate, self._source, now, page))
        pages = [candidate for candidate in edited if not candidate.entry.text]
        failed = self._reader.failed
        last = await self._reader.read_all(pages, self._revise_one)
        if last is not None:
            await self._revise_one(last)
        self._reader.failed = failed  # the article itself is here

    async def _revise_one(self, article: Article) -> None:
        if await self._tools.desk.revise(article):
            _log.info("%s: edited: %s", self._source.id, article.url)

    async def _file_one(self, article: Article) -> None:
        await self._file([article], None)

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
        is_whole = self._is_whole and self._reader.is_whole
        hints = found.hints
        wait = self._reader.wait  # a page's server asked us to wait
        if wait is not None:
            hints = replace(hints, retry_after=max(wait, hints.retry_after or wait))
        ending = Ending(
            outcome=found.outcome,
            reason=found.reason,
            new_articles=new,
            moments=self._moments,
            validators=kept_validators(found, self._state, self._source, now, is_whole=is_whole),
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
            failed_pages=self._reader.failed,
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
        except LeaseLostError:
            raise
        except Exception:  # noqa: BLE001 - the desk itself is at fault
            _log.exception("%s: the report could not be filed", self._source.id)
        return report
