from __future__ import annotations

import asyncio
import os
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from crawler_stage import Processes, Stage, fresh, item, local_press, page, rss, source
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler.ports import RobotsRecord
from domain.source import VisitOutcome

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))
BOMBS = SHARED / "data/scrapy-compressed/tests/sample_data/compressed"


async def test_a_host_is_never_asked_faster_than_the_delay():
    async with local_press() as press, Stage(delay="300ms") as stage:
        press.pages |= {"/feed": rss(item("/a/1"), item("/a/2")), "/two": rss(item("/a/3"))}
        press.pages |= {f"/a/{n}": page(f"Titre {n}") for n in (1, 2, 3)}
        one, two = source(press), source(press, id="two", feeds=(f"{press.url}/two",))
        stage.collector.submit(one, fresh(one))
        stage.collector.submit(two, fresh(two))
        await stage.collector.drain()
        times = [at for at, _ in press.seen]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert len(times) == 6  # robots.txt once, two feeds, three pages
        assert min(gaps) > 0.28


async def test_robots_txt_is_obeyed_and_asked_once_a_day():
    async with local_press() as press, Stage() as stage:
        press.pages["/robots.txt"] = (
            "User-agent: *\nDisallow: /\n\nUser-agent: marsad-test\nDisallow: /private\nAllow: /\n"
        )
        press.pages |= {"/feed": rss(item("/private/1", "P"), item("/a/1")), "/a/1": page()}
        first = await stage.visit(source(press))
        article = stage.desk.articles[f"{press.url}/private/1"]
        assert article.note == f"robots.txt of {press.url} forbids /private/1"
        stage.clock.pass_by(hours=23)
        await stage.visit(source(press), first.state)
        asked = [path for _, path in press.seen].count("/robots.txt")
        stage.clock.pass_by(hours=2)
        await stage.visit(source(press), first.state)
        assert asked == 1
        assert [path for _, path in press.seen].count("/robots.txt") == 2
        assert stage.shelf.records[press.url].status == 200


async def test_robots_txt_survives_a_restart_on_the_shelf():
    async with local_press() as press, Stage() as stage:
        stage.shelf.records[press.url] = RobotsRecord(
            origin=press.url,
            body=b"User-agent: *\nDisallow: /feed",
            status=200,
            fetched_at=stage.clock.now - timedelta(hours=3),
        )
        report = await stage.visit(source(press))
        assert report.outcome is VisitOutcome.ROBOTS
        assert press.seen == []


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False)])
async def test_a_missing_robots_txt_allows_and_a_broken_server_forbids(status, allowed):
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/robots.txt": status, "/feed": rss(item("/a/1")), "/a/1": page()}
        report = await stage.visit(source(press))
        assert report.outcome is (VisitOutcome.OK if allowed else VisitOutcome.ROBOTS)
        assert ("/feed" in press.paths()) is allowed
        stage.clock.pass_by(hours=2)
        press.pages["/robots.txt"] = 404
        report = await stage.visit(source(press), report.state)
        assert report.outcome.is_success


async def test_a_crawl_delay_longer_than_ours_wins():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/robots.txt": "User-agent: *\nCrawl-delay: 0.4"}
        press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
        await stage.visit(source(press))
        times = [at for at, path in press.seen if path != "/robots.txt"]
        assert times[1] - times[0] > 0.38


async def test_robots_of_a_redirect_target_are_asked_too():
    async with local_press() as press, local_press() as other, Stage() as stage:

        async def away(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": f"{other.url}/secret"})

        other.pages |= {"/robots.txt": "User-agent: *\nDisallow: /secret", "/secret": page()}
        press.pages |= {"/feed": rss(item("/a/1", "A", "Le résumé.")), "/a/1": away}
        await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert "forbids /secret" in article.note
        assert other.paths() == []


async def test_a_feed_that_moved_is_followed_and_links_resolve_against_the_new_place():
    async with local_press() as press, Stage() as stage:

        async def moved(request: web.Request) -> web.StreamResponse:
            return web.Response(status=301, headers={"Location": "/new/feed"})

        press.pages |= {"/feed": moved, "/new/feed": rss(item("a-1")), "/new/a-1": page()}
        report = await stage.visit(source(press))
        assert report.outcome is VisitOutcome.OK
        assert list(stage.desk.articles) == [f"{press.url}/new/a-1"]


async def test_redirects_end():
    async with local_press() as press, Stage(redirects=3) as stage:

        async def on(request: web.Request) -> web.StreamResponse:
            number = int(request.query.get("n", 0)) + 1
            return web.Response(status=302, headers={"Location": f"/loop?n={number}"})

        async def self_(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": "/self"})

        for name, handler in (("/loop", on), ("/self", self_)):
            press.pages[name] = handler
            for n in range(9):
                press.pages[f"/loop?n={n}"] = on
            report = await stage.visit(source(press, feeds=(press.url + name,)))
            assert report.outcome is VisitOutcome.NETWORK
            assert "redirect" in report.reason
        assert len([p for p in press.paths() if p.startswith("/loop")]) == 4


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x/"])
async def test_a_redirect_out_of_the_web_is_not_followed(target):
    async with local_press() as press, Stage() as stage:

        async def out(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": target})

        press.pages["/feed"] = out
        report = await stage.visit(source(press))
        assert report.outcome is VisitOutcome.HTTP
        assert "root:" not in report.reason


async def test_a_server_that_drips_is_cut_at_the_wall_clock():
    async with local_press() as press, Stage(response_timeout="1s") as stage:

        async def drip(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(200):
                await response.write(b"x")
                await asyncio.sleep(0.1)
            return response

        press.pages["/feed"] = drip
        begin = time.monotonic()
        report = await stage.visit(source(press))
        assert time.monotonic() - begin < 3
        assert report.outcome is VisitOutcome.NETWORK
        assert "timed out" in report.reason


async def test_a_truncated_body_is_a_failure_and_leaves_no_validators():
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        while (await reader.readline()).strip():
            pass
        status = b"404 no" if b"robots" in line else b"200 ok"
        body = rss(item("/a/1")).encode()
        writer.write(
            b"HTTP/1.1 " + status + b'\r\nETag: "x"\r\nContent-Type: application/xml\r\n'
            b"Content-Length: 9000\r\n\r\n" + body
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with local_press() as press, Stage() as stage:
        url = f"http://127.0.0.1:{port}"
        stage.shelf.records[url] = RobotsRecord(
            origin=url, body=b"", status=404, fetched_at=stage.clock.now
        )
        report = await stage.visit(source(press, feeds=(f"{url}/feed",)))
    server.close()
    await server.wait_closed()
    assert report.outcome is VisitOutcome.NETWORK
    assert "cut short" in report.reason
    assert report.state.validators == ()
    assert stage.desk.articles == {}


async def test_a_body_larger_than_allowed_is_refused():
    async with local_press() as press, Stage(feed_max_bytes=10_000) as stage:

        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                for _ in range(1000):
                    await response.write(b"x" * 1000)
            except ConnectionError:
                pass
            return response

        press.pages |= {"/feed": "x" * 20_000, "/endless": endless}
        for path in ("/feed", "/endless"):
            report = await stage.visit(source(press, feeds=(press.url + path,)))
            assert report.outcome is VisitOutcome.NETWORK
            assert "larger than allowed" in report.reason


@pytest.mark.shared
@pytest.mark.parametrize("codec", ["gzip", "br", "deflate", "zstd"])
async def test_a_bomb_is_cut_while_it_unpacks(codec):
    bomb = BOMBS / f"bomb-{codec}.bin"
    if not bomb.exists():
        pytest.skip(f"no {bomb.name} beside the checkout")
    async with local_press() as press, Stage() as stage:

        async def explode(request: web.Request) -> web.StreamResponse:
            return web.Response(body=bomb.read_bytes(), headers={"Content-Encoding": codec})

        press.pages["/feed"] = explode
        report = await stage.visit(source(press))
        assert report.outcome is VisitOutcome.NETWORK
        assert "decompressed" in report.reason


async def test_private_addresses_are_refused_in_every_way():
    async def lookup(host: str, port: int) -> list[str]:
        return {"public.example": ["127.0.0.1"], "rebind.example": ["10.0.0.1"]}.get(host, [host])

    async with local_press() as press, Stage(lookup=lookup, allow_private_networks=False) as stage:
        for host in ("127.0.0.1", "public.example", "[::1]", "rebind.example", "169.254.169.254"):
            outlet = source(press, feeds=(f"http://{host}:{press.port}/feed",))
            origin = f"http://{host}:{press.port}"
            stage.shelf.records[origin] = RobotsRecord(
                origin=origin, body=b"", status=404, fetched_at=stage.clock.now
            )
            report = await stage.visit(outlet)
            assert report.outcome is VisitOutcome.NETWORK
            assert "not a public address" in report.reason
        assert press.seen == []


async def test_a_redirect_to_a_private_address_is_refused():
    answers = {"press.example": "127.0.0.1", "127.0.0.1": "127.0.0.1"}

    class Half(Stage):
        """Public names reach the local press; literal private addresses do not."""

    async def lookup(host: str, port: int) -> list[str]:
        return [answers[host]]

    async with local_press() as press, Half(lookup=lookup) as stage:
        guard = stage.collector._resolver
        real, guard._allow_private = guard._allowed, False

        async def allowed(host: str, port: int):
            return ["127.0.0.1"] if host == "press.example" else await real(host, port)

        guard._allowed = allowed

        async def inward(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": f"{press.url}/secret"})

        press.pages |= {"/feed": inward, "/secret": rss(item("/a/1"))}
        name = f"http://press.example:{press.port}"
        stage.shelf.records[press.url] = RobotsRecord(
            origin=press.url, body=b"", status=404, fetched_at=stage.clock.now
        )
        report = await stage.visit(source(press, feeds=(f"{name}/feed",)))
        assert report.outcome is VisitOutcome.NETWORK
        assert "/secret" not in press.paths()


async def test_an_untrusted_certificate_is_refused_unless_the_source_says_so(tmp_path, caplog):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + cert.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(text=rss(item("/a/1")))

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = f"https://localhost:{runner.addresses[0][1]}"
    async with local_press() as press, Stage() as stage:
        stage.shelf.records[url] = RobotsRecord(
            origin=url, body=b"", status=404, fetched_at=stage.clock.now
        )
        report = await stage.visit(source(press, feeds=(f"{url}/feed",)))
        refused = list(asked)
        outlet = source(press, id="lax", feeds=(f"{url}/feed",), verify_certificate=False)
        with caplog.at_level("WARNING"):
            lax = await stage.visit(outlet)
    await runner.cleanup()
    assert report.outcome is VisitOutcome.NETWORK
    assert "TLS" in report.reason
    assert "verify_certificate" in report.reason
    assert refused == []
    assert lax.outcome is VisitOutcome.OK
    assert any("lax: certificates are NOT checked for" in m for m in caplog.messages)


async def test_a_host_that_stops_answering_is_not_tried_for_every_page():
    async with local_press() as press, Stage(response_timeout="500ms") as stage:

        async def silent(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(5)
            return web.Response()

        press.pages["/feed"] = rss(*(item(f"/a/{n}", f"T{n}", "Le résumé.") for n in range(8)))
        press.pages |= {f"/a/{n}": silent for n in range(8)}
        report = await stage.visit(source(press))
        assert report.failed_pages == 8
        assert len(press.paths()) == 1 + 3  # two for the first page, one for the second
        notes = {article.note for article in stage.desk.articles.values()}
        assert notes == {"timed out", f"127.0.0.1:{press.port} does not answer"}


async def test_a_name_that_does_not_resolve_is_a_network_failure():
    async def lookup(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    async with local_press() as press, Stage(lookup=lookup) as stage:
        report = await stage.visit(source(press, feeds=("http://nowhere.example/feed",)))
        assert report.outcome is VisitOutcome.NETWORK
        stage.shelf.records["http://nowhere.example"] = RobotsRecord(
            origin="http://nowhere.example", body=b"", status=404, fetched_at=stage.clock.now
        )
        stage.clock.pass_by(hours=1)
        report = await stage.visit(source(press, feeds=("http://nowhere.example/feed",)))
        assert report.outcome is VisitOutcome.NETWORK
        assert "cannot be resolved (Name or service not known)" in report.reason


async def test_a_host_that_asks_to_wait_is_left_alone_by_every_source():
    async with local_press() as press, Stage() as stage:

        async def busy(request: web.Request) -> web.StreamResponse:
            return web.Response(status=503, headers={"Retry-After": "600"})

        press.pages |= {"/feed": busy, "/two": rss(item("/a/1")), "/a/1": page()}
        other = source(press, id="two", feeds=(f"{press.url}/two",))
        first = await stage.visit(source(press))
        second = await stage.visit(other)
        assert press.paths() == ["/feed"]
        assert second.outcome is VisitOutcome.HTTP
        assert first.state.next_due == second.state.next_due
        stage.clock.pass_by(minutes=11)
        assert (await stage.visit(other, second.state)).outcome is VisitOutcome.OK


async def test_visits_that_all_wait_for_robots_txt_do_not_block_each_other():
    async with local_press() as one, local_press() as two, Stage(concurrency=2) as stage:
        outlets = []
        for press in (one, two):
            press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
            outlets.append(source(press, id=str(press.port)))
        for outlet in outlets:
            stage.collector.submit(outlet, fresh(outlet))
        await asyncio.wait_for(stage.collector.drain(), 20)
        assert [report.outcome for report in stage.desk.reports] == [VisitOutcome.OK] * 2


class Hanging(Processes):
    """Real processes in which the reading of one page never ends."""

    async def call(self, function, /, *args, **kwargs):
        if function.__name__ == "read_page" and b"Lente" in args[0]:
            return await super().call(time.sleep, 60)
        return await super().call(function, *args, **kwargs)


async def test_a_hung_worker_is_ended_and_others_go_on():
    workers = Hanging(limit=4)
    try:
        async with local_press() as press, Stage(workers=workers) as stage:
            press.pages |= {"/feed": rss(item("/a/1", "Lente", "Le résumé."), item("/a/2"))}
            press.pages |= {"/a/1": page("Lente"), "/a/2": page("Rapide")}
            report = await stage.visit(source(press))
            notes = [article.note for article in stage.desk.articles.values()]
            assert report.outcome is VisitOutcome.OK
            assert notes == ["the page's parser took too long", ""]
    finally:
        workers.close()


async def test_memory_and_tasks_stay_flat_over_many_visits():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
        outlet = source(press)
        await stage.visit(outlet)
        tasks = len(asyncio.all_tasks())
        for _ in range(30):
            stage.desk.articles.clear()
            await stage.visit(outlet)
        assert len(asyncio.all_tasks()) <= tasks + 2
        engine = stage.collector._spider.crawler.engine
        assert not engine.downloader.active
        assert not engine._slot.inprogress


@pytest.mark.parametrize(
    ("headers", "hours"),
    [
        ({"Expires": "Wed, 25 Nov 2026 15:00:00 GMT"}, 3),
        ({"Expires": "Wed, 25 Nov 2026 15:00:00 GMT", "Cache-Control": "max-age=7200"}, 2),
        ({"Expires": "Wed, 25 Nov 2026 15:00:00 GMT", "Cache-Control": "no-cache"}, None),
        ({"Expires": "0"}, None),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({"Expires": "Wed, 25 Nov 2026 09:00:00 GMT", "Date": "Wed, 25 Nov 2026 08:00:00 GMT"}, 1),
    ],
)
async def test_expires_is_read_beside_cache_control(headers, hours):
    async with local_press() as press, Stage() as stage:

        async def answer(request: web.Request) -> web.StreamResponse:
            kept = {"Date": "Wed, 25 Nov 2026 12:00:00 GMT"} | headers
            return web.Response(text=rss(item("/a/1")), headers=kept)

        press.pages["/feed"] = answer
        fetched = await stage.collector._fetch(f"{press.url}/feed")
        assert fetched.fresh_for == (timedelta(hours=hours) if hours else None)
