"""From candidates to articles: pages fetched politely, one after another, and read in workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler.articles import Candidate, from_page, from_summary, outline
from crawler.entries import NAMED
from crawler.families import selectors_of
from crawler.fetching import Fetched, Fetcher, RefusedError
from crawler.jobs import Reading, Unreadable, read_and_judge, read_page
from crawler.ports import Judge, WorkerCrashError, Workers, WorkerTimeoutError
from domain.article import Article
from domain.source import Source, VisitOutcome

_HOST_IS_DOWN = 3  # pages in a row that the network failed: the rest is not tried this time
_log = logging.getLogger(__name__)

File = Callable[[Article], Awaitable[None]]


class ArticleReader:
    """Reads the pages of one source's articles. Nothing that a page does raises.

    With ``judge``, the worker that reads a page judges it in the same call.
    ``failed`` counts articles that had to do with their teaser; ``wait`` is set when a server
    asked to be left alone; ``is_whole`` is False when some must be listed again next time.
    """

    def __init__(
        self,
        source: Source,
        fetcher: Fetcher,
        workers: Workers,
        clock: Callable[[], datetime],
        *,
        page_max_bytes: int,
        judge: Judge | None = None,
    ) -> None:
        self._judge = judge
        self._source = source
        self._selectors = selectors_of(source)
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._page_max_bytes = page_max_bytes
        self._network_failures: dict[str, int] = {}
        self.failed = 0
        self.wait: timedelta | None = None
        self.is_whole = True

    async def read_all(self, waiting: Sequence[Candidate], file: File) -> Article | None:
        """Hand each article of ``waiting`` to ``file`` when it is ready; return the last one.

        While one page is read and filed, the next is fetched.
        """
        previous: asyncio.Task[Article | None] | None = None
        try:
            for candidate in waiting:
                answer = await self._fetch(candidate)
                if previous is not None:
                    await previous
                told = None if candidate is waiting[-1] else file
                previous = asyncio.create_task(self._finish(candidate, answer, told))
            return await previous if previous is not None else None
        finally:
            if previous is not None and not previous.done():
                previous.cancel()

    async def _finish(
        self, candidate: Candidate, answer: Fetched | str | None, file: File | None
    ) -> Article | None:
        if answer is None:
            return None
        article = await self._read(candidate, answer)
        if article is None or file is None:
            return article
        await file(article)
        return None

    async def _fetch(self, candidate: Candidate) -> Fetched | str | None:
        """Return the page, or why there is none; None leaves the article for the next visit."""
        url = candidate.entry.link
        if url.startswith(NAMED):
            return "the feed gives no address that can be opened"
        host = urlsplit(url).netloc
        if self.wait is not None:
            self.is_whole = False
            return None
        if self._network_failures.get(host, 0) >= _HOST_IS_DOWN:
            return f"{host} does not answer"
        try:
            answer = await self._fetch_twice(url)
        except RefusedError as error:
            if error.wait is not None:
                self.wait, self.is_whole = error.wait, False
                return None
            if error.outcome is VisitOutcome.NETWORK:
                self._network_failures[host] = self._network_failures.get(host, 0) + 1
            return str(error)
        self._network_failures.pop(host, None)
        return answer

    async def _fetch_twice(self, url: str) -> Fetched:
        limit = self._page_max_bytes
        try:
            return await self._fetcher.fetch(url, max_bytes=limit)
        except RefusedError as error:
            if not error.is_passing:
                raise
        return await self._fetcher.fetch(url, max_bytes=limit)

    async def _read(self, candidate: Candidate, answer: Fetched | str) -> Article | None:
        """Return the article, from its page if that can be read, else from its teaser."""
        if isinstance(answer, str):
            return self._teaser(candidate, answer)
        reading = await self._extract(candidate, answer)
        if isinstance(reading.page, Unreadable):
            return self._teaser(candidate, reading.page.reason)
        article = from_page(candidate, reading.page, self._source, self._clock())
        if not article.title:
            return self._teaser(candidate, "the page has no title")
        return replace(article, page=answer.page, judged=reading.judged)

    def _teaser(self, candidate: Candidate, reason: str) -> Article | None:
        self.failed += 1
        _log.info("%s: %s: %s", self._source.id, candidate.entry.link, reason)
        article_or_none = from_summary(candidate, reason, self._source, self._clock())
        if article_or_none is None:
            self.is_whole = False  # nothing to file: the page is tried again
        return article_or_none

    async def _extract(self, candidate: Candidate, answer: Fetched) -> Reading:
        page = answer.body, answer.url, answer.content_type, self._selectors
        try:
            if self._judge is not None:
                told = outline(candidate, self._clock())
                # Whichever of the two it was: a text is not lost because the judge broke on it.
                with suppress(WorkerTimeoutError, WorkerCrashError):
                    return await self._workers.call(
                        read_and_judge, *page, outline=told, judge=self._judge
                    )
            return Reading(page=await self._workers.call(read_page, *page))
        except WorkerTimeoutError:
            reason = "the page's parser took too long"
        except WorkerCrashError:
            reason = "the page's parser crashed"
        except Exception as error:  # noqa: BLE001 - a bad page must not sink the visit
            _log.exception("%s: reading a page failed: %s", self._source.id, answer.url)
            reason = f"reading the page failed: {type(error).__name__}"
        return Reading(page=Unreadable(reason=reason))
