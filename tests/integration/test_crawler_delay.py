"""The delay between two requests to one host, as the host sees it."""

from __future__ import annotations

import asyncio
import itertools
import time
from itertools import pairwise

import pytest
from aiohttp import web
from crawler_stage import Press, Stage, fresh, item, local_press, page, rss, source

from crawler.ports import RobotsRecord
from domain.source import VisitOutcome


def gaps(*presses: Press) -> list[float]:
    times = sorted(at for press in presses for at, _ in press.seen)
    return [later - earlier for earlier, later in pairwise(times)]


async def everywhere(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def named(press: Press, host: str) -> str:
    return f"http://{host}:{press.port}"


async def test_a_request_that_leaves_late_does_not_bring_the_next_one_closer():
    async def slow(host: str, port: int) -> list[str]:
        await asyncio.sleep(0.25)
        return ["127.0.0.1"]

    async with local_press() as press, Stage(delay="300ms", lookup=slow) as stage:
        place = named(press, "press.example")
        press.pages |= {"/feed": rss(*(item(f"/a/{n}") for n in range(3)))}
        press.pages |= {f"/a/{n}": page(f"Titre {n}") for n in range(3)}
        await stage.visit(source(press, url=f"{place}/", feeds=(f"{place}/feed",)))
        assert len(press.seen) == 5
        assert min(gaps(press)) >= 0.3


async def test_a_host_is_one_by_all_its_names_schemes_and_ports():
    async with (
        local_press() as press,
        local_press() as other,
        Stage(delay="150ms", lookup=everywhere) as stage,
    ):
        outlets = [
            source(press, id="bare", feeds=(f"{named(press, 'press.example')}/feed",)),
            source(press, id="www", feeds=(f"{named(press, 'www.press.example')}/two",)),
            source(other, id="port", feeds=(f"{named(other, 'm.press.example')}/feed",)),
        ]
        press.pages |= {"/feed": rss(item("/a/1")), "/two": rss(item("/a/2"))}
        press.pages |= {"/a/1": page("Un"), "/a/2": page("Deux")}
        other.pages |= {"/feed": rss(item("/b/1")), "/b/1": page("Trois")}
        for outlet in outlets:
            stage.collector.submit(outlet, fresh(outlet))
        await stage.collector.drain()
        assert len(press.seen) + len(other.seen) == 9  # robots.txt of each origin
        assert min(gaps(press, other)) >= 0.15


async def test_a_redirect_waits_its_turn_at_the_host_to_which_it_leads():
    async with (
        local_press() as press,
        local_press() as other,
        Stage(delay="200ms", lookup=everywhere) as stage,
    ):
        place = named(other, "other.example")

        async def away(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": f"{place}/b{request.path}"})

        press.pages |= {"/feed": rss(*(item(f"/a/{n}") for n in range(3)))}
        press.pages |= {f"/a/{n}": away for n in range(3)}
        other.pages |= {"/feed": rss(*(item(f"/c/{n}") for n in range(3)))}
        other.pages |= {f"/{p}/{n}": page(f"T {n}") for n in range(3) for p in ("b/a", "c")}
        one = source(press, feeds=(f"{named(press, 'one.example')}/feed",))
        two = source(other, id="two", feeds=(f"{place}/feed",))
        for outlet in (one, two):
            stage.collector.submit(outlet, fresh(outlet))
        await stage.collector.drain()
        assert sum(path.startswith("/b/a/") for path in other.paths()) == 3
        assert min(gaps(press)) >= 0.2
        assert min(gaps(other)) >= 0.2


async def test_the_next_crawl_waits_though_it_knows_nothing_of_the_last():
    async with local_press() as press:
        press.pages |= {"/feed": rss()}
        for _ in range(2):
            async with Stage(delay="400ms") as stage:
                stage.shelf.records[press.url] = RobotsRecord(
                    origin=press.url, body=b"", status=404, fetched_at=stage.clock.now
                )
                await stage.visit(source(press))
        assert len(press.seen) == 2
        assert min(gaps(press)) >= 0.4


async def test_the_slowest_wish_of_a_host_holds_for_all_its_names():
    async with local_press() as press, Stage(lookup=everywhere) as stage:
        robots = {"press.example": "User-agent: *\nCrawl-delay: 0.3", "www.press.example": ""}
        for host, text in robots.items():
            stage.shelf.records[named(press, host)] = RobotsRecord(
                origin=named(press, host),
                body=text.encode(),
                status=200,
                fetched_at=stage.clock.now,
            )
        press.pages |= {f"/{n}": rss(item(f"/a/{n}")) for n in range(2)}
        press.pages |= {f"/a/{n}": page() for n in range(2)}
        for n, host in enumerate(robots):
            outlet = source(press, id=host, feeds=(f"{named(press, host)}/{n}",))
            stage.collector.submit(outlet, fresh(outlet))
        await stage.collector.drain()
        assert len(press.seen) == 4
        assert min(gaps(press)) >= 0.3


async def test_a_connection_that_is_found_closed_costs_one_more_try_after_the_delay():
    asked: list[tuple[float, bytes]] = []
    bodies = {b"/feed": rss(item("/a/1")), b"/a/1": page()}

    async def curt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a feed and keep the connection; then read one more request and hang up."""
        for turn in range(2):
            path = (await reader.readline()).split(b" ")[1:2]
            if not path:
                break
            while (await reader.readline()).strip():
                pass
            asked.append((time.monotonic(), path[0]))
            if turn:
                break
            body = bodies[path[0]].encode()
            kind = b"application/xml" if path[0] == b"/feed" else b"text/html"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n" % kind)
            writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(curt, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with local_press() as press, Stage(delay="200ms") as stage:
        stage.shelf.records[url] = RobotsRecord(
            origin=url, body=b"", status=404, fetched_at=stage.clock.now
        )
        outlet = source(press, url=f"{url}/", feeds=(f"{url}/feed",))
        report = await stage.visit(outlet)
        [article] = stage.desk.articles.values()
    server.close()
    await server.wait_closed()
    assert report.outcome is VisitOutcome.OK
    assert article.note == ""
    assert [path for _, path in asked] == [b"/feed", b"/a/1", b"/a/1"]
    assert min(later - earlier for (earlier, _), (later, _) in pairwise(asked)) >= 0.2


@pytest.mark.parametrize("delay", [0.0, 0.01])
async def test_a_host_has_one_request_at_a_time_however_late_it_is(
    monkeypatch: pytest.MonkeyPatch, delay: float
):
    """A busy machine lets a second pass between one of Scrapy's looks at its clock and the next."""
    looks = itertools.count(time.monotonic(), 1.0)
    monkeypatch.setattr("scrapy.core.downloader.monotonic", lambda: next(looks))
    open_now, most = 0, 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.02)
        open_now -= 1
        if request.path.startswith("/feed"):
            number = request.path[-1]
            feed = rss(*(item(f"/a/{number}{n}") for n in range(4)))
            return web.Response(text=feed, content_type="application/rss+xml")
        if request.path == "/robots.txt":
            return web.Response(status=404)
        return web.Response(text=page(request.path), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with local_press() as press, Stage(delay=f"{delay}s") as stage:
        for number in range(4):
            feeds = (f"{url}/feed{number}",)
            outlet = source(press, id=f"o{number}", url=f"{url}/", feeds=feeds)
            stage.collector.submit(outlet, fresh(outlet))
        await stage.collector.drain()
        assert len(stage.desk.articles) == 16
    await runner.cleanup()
    assert most == 1
