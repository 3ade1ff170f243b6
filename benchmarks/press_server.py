"""Outlets on loopback for the benchmark of the whole: feeds of teasers and pages behind them.

    python -m benchmarks.press_server --outlets 20 --pages 50

Writes its port, then serves until standard input closes. Every page has what pages have
around their article: navigation, a cookie banner, related links, comments, scripts. It declares
its language, without which some readers find no text in Arabic.
"""

from __future__ import annotations

import argparse
import asyncio
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
from domain.article import Document

ROOT = Path(__file__).parents[1]
SEED = 20_26
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
        menu = [press.tongues["fr"].sentence()[:40] for _ in range(60)]
        self.pages: dict[str, str] = {}
        self.feeds: dict[str, str] = {}
        for outlet in range(outlets):
            items = []
            for number in range(pages):
                count = outlet * pages + number
                language = press.language()
                inner = _EVENT if count % EVENTS == 0 else None
                found = press.written(count, language, inner)
                path = f"/o{outlet}/{number}-article.html"
                self.pages[path] = _page(found, language, menu, chance)
                items.append(_item(path, found, count))
            self.feeds[f"/o{outlet}/feed"] = _feed(outlet, items)

    async def answer(self, request: web.Request) -> web.Response:
        """Serve a page or a feed; 304 to whoever has it already."""
        text = self.pages.get(request.path)
        if text is not None:
            return web.Response(text=text, content_type="text/html", charset="utf-8")
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


_PAGE = """<!DOCTYPE html><html lang='{language}'><head><meta charset='utf-8'>
<title>{title} - Journal</title>
<meta property='article:published_time' content='{when}'>{script}</head><body>
<header><nav><ul>{links}</ul></nav></header>
<div class='cookie-banner'><p>{cookie}</p><button>OK</button></div>
<main><article><h1>{title}</h1><div class='entry-content'>{body}</div></article>
<aside class='related'>{related}</aside><section id='comments'><ol>{talk}</ol></section></main>
<footer><ul>{links}</ul></footer>{script}</body></html>"""


def _page(article: Document, language: str, menu: Sequence[str], chance: random.Random) -> str:
    cards = enumerate(chance.sample(list(menu), 12))
    numbers = ",".join(str(chance.randrange(10**6)) for _ in range(2_000))
    return _PAGE.format(
        language=language,
        title=escape(article.title),
        when=(article.published_at or datetime.now(UTC)).isoformat(),
        script=f"<script>var a=[{numbers}]</script>",
        links="".join(f'<li><a href="/s{n}">{escape(m)}</a></li>' for n, m in enumerate(menu)),
        cookie=escape(menu[0]),
        body="".join(f"<p>{escape(p)}</p>\n" for p in article.text.split("\n\n")),
        related="".join(
            f'<div class="card"><a href="/r{n}"><img src="/i{n}.jpg"><h3>{escape(m)}</h3></a></div>'
            for n, m in cards
        ),
        talk="".join(
            f'<li class="comment"><p>{escape(m)}</p></li>' for m in chance.sample(list(menu), 8)
        ),
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
