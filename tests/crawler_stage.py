"""A stage for the crawler: a local press, a desk that remembers, workers and a shelf."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from random import Random

from aiohttp import web

from crawler import Collector, CrawlSettings
from crawler.ports import RobotsRecord, WorkerTimeoutError
from domain.article import Article
from domain.revision import Known
from domain.source import FetchState, Source, VisitReport

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PROSE = (
    "La délégation militaire conduite par le général a été reçue mardi au siège du ministère "
    "de la Défense nationale, où les deux parties ont examiné l'état de leur coopération. "
)


def page(title: str = "Une visite", paragraphs: int = 5, *, head: str = "") -> str:
    body = "".join(f"<p>{PROSE}{title}, paragraphe {n}.</p>" for n in range(paragraphs))
    links = "".join(f"<li><a href='/tag/{n}'>Sujet {n}</a></li>" for n in range(8))
    return (
        f"<html lang='fr'><head><meta charset='utf-8'><title>{title}</title>{head}</head><body>"
        f"<nav><ul>{links}</ul></nav><article><h1>{title}</h1>{body}</article>"
        f"<footer>Tous droits réservés</footer></body></html>"
    )


def rss(*items: str, channel: str = "") -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"<title>Presse</title>{channel}{''.join(items)}</channel></rss>"
    )


def item(link: str, title: str = "Titre", summary: str = "Résumé court.", extra: str = "") -> str:
    return (
        f"<item><title>{title}</title><link>{link}</link><description>{summary}</description>"
        f"<pubDate>Tue, 24 Nov 2026 10:00:00 +0100</pubDate>{extra}</item>"
    )


class Press:
    """A web server of which each path is a text, a response maker or a status."""

    def __init__(self) -> None:
        self.pages: dict[str, str | bytes | int | Handler] = {}
        self.seen: list[tuple[float, str]] = []
        self.headers: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [path for _, path in self.seen if path != "/robots.txt"]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path_qs
        self.seen.append((time.monotonic(), path))
        self.headers[path].append(dict(request.headers))
        what = self.pages.get(path, 404)
        if callable(what):
            return await what(request)
        if isinstance(what, int):
            return web.Response(status=what, text="no")
        if isinstance(what, bytes):
            return web.Response(body=what)
        kind = "application/xml" if what.startswith("<?xml") else "text/html"
        return web.Response(text=what, content_type=kind, charset="utf-8")


@asynccontextmanager
async def local_press() -> AsyncIterator[Press]:
    press = Press()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", press.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    press.port = runner.addresses[0][1]
    try:
        yield press
    finally:
        await runner.cleanup()


class Desk:
    """Keeps what is filed, in order, with the time; knows what it saw."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.filings: list[tuple[float, list[str], VisitReport | None]] = []
        self.reports: list[VisitReport] = []
        self.revisions: list[Article] = []
        self.checks: Counter[str] = Counter()
        self.fail: Callable[[str], bool] = lambda _: False

    async def unseen(self, urls: list[str]) -> set[str]:
        for url in urls:
            if self.fail(url):
                raise RuntimeError("the desk is on fire")
        return {url for url in urls if url not in self.articles}

    async def known(self, urls: list[str]) -> dict[str, Known]:
        return {
            url: Known(listed=held.listed, checked_at=held.first_seen, checks=self.checks[url])
            for url in urls
            if (held := self.articles.get(url)) is not None
        }

    async def revise(self, article: Article) -> bool:
        self.checks[article.url] += 1
        self.revisions.append(article)
        old = self.articles[article.url]
        self.articles[article.url] = replace(article, first_seen=old.first_seen)
        return True

    async def file(self, articles: list[Article], report: VisitReport | None) -> int:
        new = [article for article in articles if article.url not in self.articles]
        self.articles |= {article.url: article for article in new}
        self.filings.append((time.monotonic(), [a.url for a in articles], report))
        if report is not None:
            self.reports.append(report)
        return len(new)


class Shelf:
    def __init__(self) -> None:
        self.records: dict[str, RobotsRecord] = {}

    async def get(self, origin: str) -> RobotsRecord | None:
        return self.records.get(origin)

    async def put(self, record: RobotsRecord) -> None:
        self.records[record.origin] = record


class InProcess:
    """Workers that are none: quick, for tests that are about something else."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.hang: set[str] = set()
        self.fault: type[Exception] = WorkerTimeoutError  # of what is to hang

    async def call(self, function, /, *args, **kwargs):
        self.calls.append(function.__name__)
        if function.__name__ in self.hang:
            raise self.fault
        return function(*args, **kwargs)


class Processes:
    """Real processes with a real limit, made of the standard library."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))

    async def call(self, function, /, *args, **kwargs):
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, function, *args)
        done, _ = await asyncio.wait({work}, timeout=self._limit)
        if done:
            return work.result()
        for process in list(self._pool._processes.values()):
            process.kill()
        await asyncio.wait({work})
        work.exception()
        self.close()
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        raise WorkerTimeoutError

    def close(self) -> None:
        self._pool.shutdown()


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


def source(press: Press, *, id: str = "press", **fields) -> Source:  # noqa: A002
    defaults = {"feeds": (f"{press.url}/feed",)}
    base = Source(id=id, name=id, url=f"{press.url}/", language="fr", country="DZ")
    return replace(base, **{**defaults, **fields})


def fresh(source: Source) -> FetchState:
    return FetchState(source_id=source.id, next_due=NOW)


class Stage:
    """A collector with everything around it."""

    def __init__(self, workers=None, lookup=None, holds=None, judge=None, **settings) -> None:
        values = {"allow_private_networks": True, "delay": "0s", "user_agent": "marsad-test/1"}
        self.settings = CrawlSettings.model_validate({**values, **settings})
        self.desk, self.shelf, self.clock = Desk(), Shelf(), Clock()
        self.workers = workers or InProcess()
        self.collector = Collector(
            self.settings,
            self.desk,
            self.workers,
            self.shelf,
            self.clock,
            rng=Random(1),
            lookup=lookup,
            holds=holds,
            judge=judge,
        )

    async def __aenter__(self) -> Stage:
        await self.collector.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.collector.stop(5)

    async def visit(self, source: Source, state: FetchState | None = None) -> VisitReport:
        before = len(self.desk.reports)
        assert self.collector.submit(source, state or fresh(source))
        await self.collector.drain()
        assert len(self.desk.reports) == before + 1
        return self.desk.reports[-1]
