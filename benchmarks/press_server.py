"""Outlets on loopback for the benchmark of the whole: feeds of teasers and pages behind them.

    python -m benchmarks.press_server --outlets 20 --pages 50

Writes its port, then serves until standard input closes. Pages are what ``press_page`` prints,
and go out compressed to whoever takes that, as they do from the servers of the press.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from aiohttp import web

from benchmarks.press import Press
from benchmarks.press_page import Newspaper
from domain.article import Document

ROOT = Path(__file__).parents[1]
SEED = 20_26
_LEVEL = 6  # of compression: what servers use
EVENTS = 25  # one article in so many tells of what the bundled rule looks for
_EVENT = {
    "fr": (
        "l'Algérie et l'Italie",
        "la coopération militaire",
        "le ministère de la Défense nationale",
        "une visite",
        "un exercice naval conjoint",
    ),
    "ar": (
        "الجزائر وإيطاليا",
        "التعاون العسكري",
        "وزارة الدفاع الوطني",
        "زيارة",
        "تمرين بحري مشترك",
    ),
    "en": (
        "Algeria and Italy",
        "military cooperation",
        "the Ministry of National Defence",
        "a visit",
        "a joint naval exercise",
    ),
}


class Outlets:
    """What the server has: pages by path, feeds by outlet."""

    def __init__(self, outlets: int, pages: int) -> None:
        press = Press(SEED)
        chance = random.Random(SEED)
        titles = {name: [t.sentence() for _ in range(90)] for name, t in press.tongues.items()}
        newspaper = Newspaper(titles, chance)
        self.pages: dict[str, bytes] = {}  # compressed
        self.feeds: dict[str, str] = {}
        for outlet in range(outlets):
            items = []
            for number in range(pages):
                count = outlet * pages + number
                language = press.language()
                inner = _EVENT if count % EVENTS == 0 else None
                found = press.written(count, language, inner)
                path = f"/o{outlet}/{number}-article.html"
                markup = newspaper.page(found, language, number)
                self.pages[path] = gzip.compress(markup.encode(), _LEVEL)
                items.append(_item(path, found, count))
            self.feeds[f"/o{outlet}/feed"] = _feed(outlet, items)

    async def answer(self, request: web.Request) -> web.Response:
        """Serve a page or a feed; 304 to whoever has it already."""
        page = self.pages.get(request.path)
        if page is not None:
            return _page(page, request.headers.get("Accept-Encoding", ""))
        text = self.feeds.get(request.path)
        if text is None:
            return web.Response(status=404)
        tag = f'"{hash(text) & 0xFFFFFFFF:x}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        absolute = text.replace("@@", f"http://{request.host}")
        return web.Response(
            text=absolute,
            content_type="application/rss+xml",
            charset="utf-8",
            headers={"ETag": tag},
        )


def _page(page: bytes, accepted: str) -> web.Response:
    is_taken = "gzip" in accepted
    return web.Response(
        body=page if is_taken else gzip.decompress(page),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Encoding": "gzip"} if is_taken else None,
    )


def _item(path: str, article: Document, count: int) -> str:
    when = format_datetime(datetime.now(UTC) - timedelta(minutes=count % 600))
    teaser = escape(article.text[:180])
    return (
        f"<item><title>{escape(article.title)}</title><link>@@{path}</link><guid>@@{path}</guid>"
        f"<description>{teaser}…</description><pubDate>{when}</pubDate></item>"
    )


def _feed(outlet: int, items: Sequence[str]) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel>"
        f"<title>Outlet {outlet}</title>{''.join(items)}</channel></rss>"
    )


@contextmanager
def served(outlets: int, pages: int) -> Iterator[int]:
    """Run this module in a process of its own; yield its port."""
    size = ("--outlets", str(outlets), "--pages", str(pages))
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.press_server", *size],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.communicate("")


async def serve(outlets: int, pages: int) -> None:
    """Serve on a free port until standard input closes."""
    made = Outlets(outlets, pages)
    app = web.Application()
    app.router.add_get("/{tail:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--pages", type=int, default=50)
    given = parser.parse_args()
    asyncio.run(serve(given.outlets, given.pages))


if __name__ == "__main__":
    main()
