"""``marsad import``: an archive of articles, a JSON object a line, judged and filed in batches.

Nothing is remembered of how far it got: an article that the store holds is passed over, and
quickly, so the same call goes on where another stopped. A batch is one commit.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from alerts.planning import Planner
from crawler.ports import Workers
from crawler.urls import canonical_url, host_of
from domain.article import Article
from domain.filing import Filed, Filing
from domain.match import Verdict
from domain.source import Source
from marsad.clock import utc_now
from marsad.config import Config
from marsad.counter import patiently
from marsad.documents import Line, read_past
from marsad.pages import document_of, judge_page
from marsad.tracing import traced
from marsad.workers import WorkerPool
from storage.store import Store

BATCH = 250  # articles judged together and filed in one commit
AHEAD = 4  # batches under way
SHOWN = 10  # bad lines that are told apart
PAGE_SECONDS = 120.0  # that a worker may take for a batch
WITHOUT_OUTLET = "archive"  # the outlet of an article that names none and has no address


@dataclass(slots=True, kw_only=True)
class Imported:
    """What an import did."""

    lines: int = 0
    articles: int = 0  # new
    known: int = 0  # the store held them, or the file has them twice
    hits: int = 0
    bad: int = 0
    unjudged: int = 0  # stored with the reason in their note
    faults: list[str] = field(default_factory=list)  # of the first bad lines

    def add_fault(self, line: Line, why: str) -> None:
        """Count a bad line, and keep what the first of them say."""
        self.bad += 1
        if len(self.faults) < SHOWN:
            self.faults.append(f"line {line.number}: {why}")


class Entries:
    """Makes articles of lines. ``outlet`` is that of lines that name none."""

    def __init__(
        self, sources: Sequence[Source], outlet: str | None, now: Callable[[], datetime]
    ) -> None:
        self._outlet, self._now = outlet, now
        self._homes = {source.id: source.url for source in sources}
        self._by_host = {host_of(source.url): source.id for source in sources}

    def article(self, line: Line) -> Article:
        """Return the article of a good line. Raises ValueError when something in it is wrong."""
        assert line.document is not None
        assert line.item is not None
        document, item, now = line.document, line.item, self._now()
        if not document.text.strip() and not document.title.strip():
            raise ValueError("text and title are empty")
        outlet = self._named_outlet(item.get("outlet", item.get("source")), item.get("url"))
        seen = read_past(item.get("first_seen"), "first_seen", now)
        # When nobody says: an old article was first seen in its own time, or the reprints of
        # years would be taken for those of one day.
        seen = seen or min(document.published_at or now, now)
        return Article(
            url=self._address(item, outlet, document.title + "\n" + document.text),
            source_id=outlet,
            title=document.title,
            text=document.text,
            language=document.language or "und",
            first_seen=seen,
            published_at=document.published_at,
            guid=document.id,
            text_from="archive",
        )

    def _named_outlet(self, named: object, url: object) -> str:
        if named is not None:
            if not isinstance(named, str) or not named.strip():
                raise ValueError("outlet must be a word")
            return named.strip()
        if self._outlet is not None:
            return self._outlet
        host = host_of(url) if isinstance(url, str) else ""
        return self._by_host.get(host, host) or WITHOUT_OUTLET

    def _address(self, item: dict[str, object], outlet: str, content: str) -> str:
        """Return the one spelling of the address; an article without one is named by content."""
        url = item.get("url")
        if url is None or url == "":
            ident = item.get("id")
            named = f"{outlet}\0{content if ident is None else ident}"
            return f"urn:sha256:{hashlib.sha256(named.encode(errors='replace')).hexdigest()}"
        found = canonical_url(url, url, self._homes.get(outlet, "")) if isinstance(url, str) else ""
        if not found:
            raise ValueError("url is no http or https address")
        return found


@dataclass(frozen=True, slots=True)
class _Batch:
    articles: list[Article]  # new ones
    verdicts: list[Verdict | None]  # None: the text broke the judge
    known: int
    lines: int


class Import:
    """One run over the lines of an archive."""

    def __init__(
        self,
        config: Config,
        store: Store,
        workers: Workers,
        *,
        outlet: str | None = None,
        is_telling: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._config = config
        self._store = store
        self._workers = workers
        self._is_telling = is_telling
        self._clock = clock
        self._entries = Entries(config.sources, outlet, clock)
        self._planner = Planner(config.alerts)
        self._tags = {source.id: source.tags for source in config.sources}

    async def run(
        self, lines: Iterator[Line], advance: Callable[[Imported], None] = lambda _: None
    ) -> Imported:
        """File every line's article; ``advance`` is told after each commit."""
        done = Imported()
        under_way: deque[asyncio.Task[_Batch]] = deque()
        is_end = False
        try:
            while True:
                while not is_end and len(under_way) < AHEAD:
                    some = list(islice(lines, BATCH))
                    is_end = not some
                    if some:
                        articles = self._read(some, done)
                        under_way.append(asyncio.create_task(self._judge(articles, len(some))))
                if not under_way:
                    return done
                await self._file(await under_way.popleft(), done)
                advance(done)
        finally:
            for task in under_way:
                task.cancel()

    def _read(self, lines: Sequence[Line], done: Imported) -> list[Article]:
        articles = []
        for line in lines:
            try:
                if line.error:
                    raise ValueError(line.error)
                articles.append(self._entries.article(line))
            except ValueError as error:
                done.add_fault(line, str(error))
        return articles

    async def _judge(self, articles: Sequence[Article], lines: int) -> _Batch:
        by_url: dict[str, Article] = {}
        for article in articles:
            by_url.setdefault(article.url, article)
        unseen = await patiently(self._store.unseen, list(by_url))
        new = [article for url, article in by_url.items() if url in unseen]
        verdicts = await judge_page(self._workers, [document_of(a) for a in new]) if new else []
        return _Batch(new, verdicts, len(articles) - len(new), lines)

    async def _file(self, batch: _Batch, done: Imported) -> None:
        pairs = zip(batch.articles, batch.verdicts, strict=True)
        judged = [self._filing(article, verdict) for article, verdict in pairs]
        filings = await asyncio.gather(*(traced(self._workers, each, None) for each in judged))
        done.lines += batch.lines
        done.known += batch.known
        done.unjudged += batch.verdicts.count(None)
        if not filings:
            return
        filed: Filed = await patiently(self._store.file, filings, None, self._clock())
        done.articles += filed.articles
        done.known += len(filings) - filed.articles
        done.hits += filed.hits

    def _filing(self, article: Article, verdict: Verdict | None) -> Filing:
        if verdict is None:
            return Filing(article=replace(article, note="not judged: the text broke the judge"))
        judged = replace(article, language=verdict.language)
        if not self._is_telling:
            return Filing(article=judged, matches=verdict.matches)
        deliveries = self._planner.plan(
            judged,
            verdict.matches,
            now=self._clock(),
            source_tags=self._tags.get(judged.source_id, ()),
        )
        return Filing(article=judged, matches=verdict.matches, deliveries=tuple(deliveries))


async def import_lines(
    config: Config,
    store: Store,
    lines: Iterator[Line],
    *,
    outlet: str | None,
    is_telling: bool,
    advance: Callable[[Imported], None],
) -> Imported:
    """Judge and file the articles of ``lines``; see ``Import``."""
    workers = WorkerPool(config.rules, limit=PAGE_SECONDS)
    try:
        await workers.ready()
        run = Import(config, store, workers, outlet=outlet, is_telling=is_telling)
        done = await run.run(lines, advance)
        if done.articles:
            await asyncio.to_thread(store.gather_statistics)
        return done
    finally:
        await asyncio.to_thread(workers.close)
