"""The network's faults, N1 to N15, each against a server on loopback that has it.

The catalogue of faults that these tests are named after stands in docs/faults.md.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from aiohttp import web
from crawler_stage import NOW, Stage, fresh, item, local_press, page, rss, source
from misbehaving import certificate, never_accepting, reset, talking

from crawler.ports import RobotsRecord
from domain.health import HealthState
from domain.source import VisitOutcome

OK = VisitOutcome.OK
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n"


def answering(status: int, **headers: str):
    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=named, text="no")

    return answer


async def by_name(host: str, port: int) -> list[str]:
    """Every name leads to loopback: servers there are hosts of their own, as on the web."""
    return ["127.0.0.1" if host.endswith(".example") else host]


async def good_beside(stage: Stage, press, bad, *, within: float = 5.0):
    """Visit a bad and a good source at once; the good one must not wait for the bad one."""
    press.pages |= {"/good": rss(item("/g/1")), "/g/1": page()}
    good = source(press, id="good", feeds=(f"{press.url}/good",))
    begin = time.monotonic()
    for outlet in (bad, good):
        stage.collector.submit(outlet, fresh(outlet))
    while not any(report.source_id == "good" for report in stage.desk.reports):
        assert time.monotonic() - begin < within, "the good source waits for the bad one"
        await asyncio.sleep(0.02)
    await stage.collector.drain()
    reports = {report.source_id: report for report in stage.desk.reports}
    assert reports["good"].outcome is OK
    return reports["bad"]


async def test_n1_a_name_that_does_not_resolve_fails_and_others_go_on():
    async def lookup(host: str, port: int) -> list[str]:
        if host == "nowhere.example":
            await asyncio.sleep(0.5)
            raise OSError(-2, "Name or service not known")
        return [host]

    async with local_press() as press, Stage(lookup=lookup) as stage:
        bad = source(press, id="bad", feeds=("http://nowhere.example/feed",))
        report = await good_beside(stage, press, bad, within=0.45)
        assert report.outcome is VisitOutcome.NETWORK
        assert report.state.failures == 1
        assert report.state.health.state is HealthState.FAILING
        assert timedelta(minutes=4) < report.state.next_due - NOW < timedelta(hours=1)


async def test_n2_refused_reset_and_never_accepted_connections_fail_and_others_go_on():
    async def slam(path: str, writer: asyncio.StreamWriter) -> None:
        reset(writer)

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with AsyncExitStack() as stack:
            hung = stack.enter_context(never_accepting())
            slammed = await stack.enter_async_context(talking(slam))
            ports = {"refused": closed.getsockname()[1], "hung": hung, "reset": slammed}
            for port in ports.values():
                async with (
                    local_press() as press,
                    Stage(lookup=by_name, connect_timeout="1s") as stage,
                ):
                    bad = source(press, id="bad", feeds=(f"http://bad.example:{port}/feed",))
                    begin = time.monotonic()
                    report = await good_beside(stage, press, bad, within=0.9)
                    assert report.outcome is VisitOutcome.NETWORK
                    assert report.reason
                    assert time.monotonic() - begin < 6


async def test_n2_the_other_feeds_of_a_host_that_is_down_do_not_queue_behind_it():
    with never_accepting() as port:
        async with local_press() as press, Stage(connect_timeout="400ms") as stage:
            down = f"http://127.0.0.1:{port}"
            stage.shelf.records[down] = RobotsRecord(
                origin=down, body=b"", status=404, fetched_at=stage.clock.now
            )
            outlet = source(press, feeds=tuple(f"{down}/{n}" for n in range(40)))
            begin = time.monotonic()
            report = await stage.visit(outlet)
            assert time.monotonic() - begin < 5  # forty of them would take sixteen seconds
            assert "does not answer" in report.reason
            press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
            assert (await stage.visit(source(press))).outcome is OK


async def test_n3_a_body_that_drips_is_cut_by_the_wall_clock_and_others_go_on(seen):
    async def drip(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n<rss>")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.1)

    async with (
        talking(drip) as port,
        local_press() as press,
        Stage(lookup=by_name, response_timeout="1500ms") as stage,
    ):
        bad = source(press, id="bad", feeds=(f"http://bad.example:{port}/feed",))
        begin = time.monotonic()
        report = await good_beside(stage, press, bad, within=1.2)
        took = time.monotonic() - begin
        assert took < 4
        assert "timed out" in report.reason
        seen(f"cut after {took:.1f} s of a limit of 1.5 s")


CUT = {
    "a length that is not kept": HEAD + b'ETag: "x"\r\nContent-Length: 9000\r\n\r\n%s',
    "a broken chunk": HEAD + b'ETag: "x"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nzz\r\n',
    "a missing last chunk": HEAD + b'ETag: "x"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n',
}


@pytest.mark.parametrize("how", CUT)
async def test_n4_a_torn_body_is_a_failure_that_leaves_nothing_behind(how):
    body = rss(item("/a/1")).encode()

    async def tear(path: str, writer: asyncio.StreamWriter) -> None:
        template = CUT[how]
        writer.write(template % ((len(body), body) if b"%x" in template else (body,)))

    async with talking(tear) as port, local_press() as press, Stage() as stage:
        report = await stage.visit(source(press, feeds=(f"http://127.0.0.1:{port}/feed",)))
        assert report.outcome is VisitOutcome.NETWORK
        assert report.state.validators == ()
        assert stage.desk.articles == {}


@pytest.mark.parametrize(
    "facts",
    [{}, {"name": "other.example"}, {"days": (-9, -1)}],
    ids=["self-signed", "wrong name", "expired"],
)
async def test_n5_a_certificate_that_proves_nothing_is_refused_and_named(tmp_path, facts):
    asked = []

    async def serve(path: str, writer: asyncio.StreamWriter) -> None:
        asked.append(path)
        writer.write(HEAD + b"\r\n" + rss(item("/a/1")).encode())

    tls = certificate(tmp_path, **facts)
    async with talking(serve, tls=tls) as port, local_press() as press, Stage() as stage:
        url = f"https://localhost:{port}"
        stage.shelf.records[url] = RobotsRecord(
            origin=url, body=b"", status=404, fetched_at=stage.clock.now
        )
        report = await stage.visit(source(press, feeds=(f"{url}/feed",)))
    assert report.outcome is VisitOutcome.NETWORK
    assert "TLS" in report.reason
    assert "certificate" in report.state.health.reason
    assert asked == []


async def test_n6_redirects_in_a_circle_or_without_end_are_a_failure():
    async with local_press() as press, Stage() as stage:
        for number in range(12):
            press.pages[f"/on/{number}"] = answering(302, Location=f"/on/{number + 1}")
        press.pages |= {
            "/a": answering(301, Location="/b"),
            "/b": answering(301, Location="/a"),
            "/self": answering(301, Location="/self"),
        }
        for path in ("/on/0", "/a", "/self"):
            press.seen.clear()
            report = await stage.visit(source(press, feeds=(press.url + path,)))
            assert report.outcome is VisitOutcome.NETWORK
            assert "redirect" in report.reason
            assert len(press.paths()) <= 6


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://localhost:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/x",
        "data:text/xml,<rss/>",
    ],
)
async def test_n7_no_redirect_and_no_link_leads_inside(target):
    async def lookup(host: str, port: int) -> list[str]:
        names = {
            "press.example": "203.0.113.7",
            "localhost": "127.0.0.1",
            "2130706433": "127.0.0.1",
        }
        return [names.get(host, host.strip("[]"))]

    async with local_press() as press, Stage(lookup=lookup, allow_private_networks=False) as stage:
        guard = stage.collector._resolver
        real = guard._allowed

        async def allowed(host: str, port: int):  # the press itself is on loopback
            return ["127.0.0.1"] if host == "press.example" else await real(host, port)

        guard._allowed = allowed
        inside = target.format(port=press.port)
        press.pages |= {
            "/feed": rss(item(inside, "Piège", "Un résumé."), item("/page", "Deux", "Résumé.")),
            "/page": answering(302, Location=inside),
            "/moved": answering(301, Location=inside),
            "/secret": page("secret"),
        }
        press.seen.clear()
        name = f"http://press.example:{press.port}"
        await stage.visit(source(press, url=name, feeds=(f"{name}/feed",)))
        report = await stage.visit(source(press, url=name, feeds=(f"{name}/moved",)))
        assert not report.outcome.is_success
        assert "/secret" not in press.paths()
        for article in stage.desk.articles.values():
            assert "secret" not in article.text
            assert "root:" not in article.text


async def test_n8_a_permanent_redirect_moves_the_address_after_a_day_and_others_never():
    async with local_press() as press, Stage() as stage:
        press.pages |= {
            "/feed": answering(301, Location="/new"),
            "/fleeting": answering(302, Location="/new"),
            "/new": rss(item("/a/1")),
            "/a/1": page(),
        }
        outlet, other = source(press), source(press, id="other", feeds=(f"{press.url}/fleeting",))
        state, fleeting = fresh(outlet), fresh(other)
        for _ in range(4):
            state = (await stage.visit(outlet, state)).state
            fleeting = (await stage.visit(other, fleeting)).state
            stage.clock.pass_by(hours=9)
        assert state.health.state is HealthState.MOVED
        assert f"read at {press.url}/new now" in state.health.reason
        assert fleeting.health.state is HealthState.OK
        press.seen.clear()
        report = await stage.visit(outlet, state)
        assert report.outcome.is_success
        assert press.paths() == ["/new"]
        await stage.visit(other, fleeting)
        assert press.paths()[1:] == ["/fleeting", "/new"]


async def test_n8_a_move_onto_another_source_is_told_and_not_taken():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": answering(308, Location="/taken"), "/taken": rss(item("/a/1"))}
        press.pages["/a/1"] = page()
        owner = source(press, id="owner", feeds=(f"{press.url}/taken",))
        outlet = source(press)
        await stage.visit(owner)
        state = fresh(outlet)
        for _ in range(4):
            state = (await stage.visit(outlet, state)).state
            stage.clock.pass_by(hours=9)
        assert state.health.state is HealthState.MOVED
        assert "of another source" in state.health.reason
        press.seen.clear()
        await stage.visit(outlet, state)
        assert press.paths()[0] == "/feed"


async def test_n9_not_modified_and_the_same_body_again_are_success_without_parsing():
    async with local_press() as press, Stage() as stage:

        async def feed(request: web.Request) -> web.StreamResponse:
            if request.headers.get("If-None-Match") and request.path == "/feed":
                return web.Response(status=304)
            headers = {"ETag": '"v1"'}
            return web.Response(
                text=rss(item("/a/1")), content_type="application/xml", headers=headers
            )

        press.pages |= {"/feed": feed, "/stubborn": feed, "/a/1": page()}
        for path in ("/feed", "/stubborn"):
            outlet = source(press, feeds=(press.url + path,))
            first = await stage.visit(outlet)
            stage.workers.calls.clear()
            stage.clock.pass_by(minutes=30)
            again = await stage.visit(outlet, first.state)
            assert again.outcome is VisitOutcome.NOT_MODIFIED
            assert stage.workers.calls == []
            assert again.state.last_success == stage.clock.now
            assert again.state.last_article == first.state.last_article  # silence goes on


async def test_n10_a_refusal_backs_off_hard_and_a_challenge_is_known_and_never_read():
    challenge = "<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script></html>"

    async def guarded(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403, text=challenge, content_type="text/html")

    async with local_press() as press, Stage() as stage:
        press.pages |= {
            "/no": 403,
            "/guarded": guarded,
            "/posing": challenge,
            "/feed": rss(item("/a/1", "Un titre", "Un résumé.")),
            "/a/1": challenge,
        }
        for path, words in (("/no", "403"), ("/guarded", "challenge"), ("/posing", "challenge")):
            outlet = source(press, feeds=(press.url + path,))
            state = fresh(outlet)
            for _ in range(6):
                state = (await stage.visit(outlet, state)).state
                stage.clock.now = state.next_due
            assert state.health.state is HealthState.REFUSED
            assert words in state.health.reason
            assert state.next_due - state.last_visit > timedelta(hours=8)
        await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert (article.text_from, article.text) == ("summary", "Un résumé.")
        assert "a bot challenge" in article.note


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7200", timedelta(hours=2), timedelta(hours=2)),
        ("Wed, 25 Nov 2026 15:00:00 GMT", timedelta(hours=3), timedelta(hours=3)),
        ("99999999999", timedelta(hours=24), timedelta(hours=24)),
        ("-60", timedelta(minutes=5), timedelta(minutes=30)),
        ("soon", timedelta(minutes=5), timedelta(minutes=30)),
    ],
)
async def test_n11_retry_after_is_honoured_whatever_it_says(status, header, least, most):
    async with local_press() as press, Stage() as stage:
        press.pages["/feed"] = answering(status, Retry_After=header)
        report = await stage.visit(source(press))
        assert report.outcome is VisitOutcome.HTTP
        assert least <= report.state.next_due - NOW <= most


class Holds:
    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    async def holds(self):
        return dict(self.kept)

    async def hold(self, host, until):
        self.kept[host] = until


async def test_n11_a_host_that_asked_to_wait_is_left_alone_by_all_and_after_a_restart():
    holds = Holds()
    async with local_press() as press:
        press.pages |= {"/feed": answering(429, Retry_After="600"), "/two": rss(item("/a/1"))}
        two = source(press, id="two", feeds=(f"{press.url}/two",))
        for _ in range(2):
            async with Stage(holds=holds) as stage:
                await stage.visit(source(press))
                report = await stage.visit(two)
                assert report.outcome is VisitOutcome.HTTP
                assert "asked to wait" in report.reason
        assert press.paths() == ["/feed"]
        async with Stage(holds=holds) as stage:
            stage.clock.pass_by(minutes=11)
            assert (await stage.visit(two)).outcome is OK


async def test_n12_a_server_in_trouble_is_asked_again_soon_and_what_is_missing_seldom():
    async with local_press() as press, Stage() as stage:
        waits = {}
        for status in (408, 500, 502, 503, 504, 522, 524, 404, 410):
            press.pages[f"/{status}"] = status
            report = await stage.visit(source(press, feeds=(f"{press.url}/{status}",)))
            assert report.outcome is VisitOutcome.HTTP
            assert str(status) in report.reason
            waits[status] = report.state.next_due - NOW
        assert max(waits[s] for s in (408, 500, 502, 503, 504, 522, 524)) < waits[404]
        outlet = source(press, feeds=(f"{press.url}/404",))
        state = fresh(outlet)
        states = []
        for _ in range(9):
            state = (await stage.visit(outlet, state)).state
            states.append(state.health.state)
            stage.clock.pass_by(days=1)
        assert states[:7] == [HealthState.FAILING] * 7  # soft for days
        assert states[-1] is HealthState.GONE
        gone = (await stage.visit(source(press, feeds=(f"{press.url}/410",)))).state
        assert gone.health.state is HealthState.GONE
        press.pages["/404"] = rss(item("/a/1"))
        assert (await stage.visit(outlet, state)).outcome is OK  # and never given up


@pytest.mark.parametrize(
    ("robots", "outcome"),
    [
        ("User-agent: *\nDisallow: /feed", VisitOutcome.ROBOTS),
        (404, OK),
        (503, VisitOutcome.ROBOTS),
        ("x" * 1_500_000, OK),
        (answering(302, Location="/robots.txt"), OK),
        (answering(302, Location="file:///etc/passwd"), OK),
        ("<html><body>Disallow: /</body></html>", OK),
        (b"\xff\xfe\x00Disallow", OK),
    ],
    ids=["forbids", "missing", "broken", "huge", "circle", "file", "html", "junk"],
)
async def test_n13_robots_txt_of_every_kind(robots, outcome):
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/robots.txt": robots, "/feed": rss(item("/a/1")), "/a/1": page()}
        report = await stage.visit(source(press))
        assert report.outcome is outcome
        assert ("/feed" in press.paths()) is (outcome is OK)
        if outcome is not OK:
            assert "robots.txt" in report.state.health.reason


async def test_n13_robots_txt_that_never_comes_forbids_for_now():
    async with local_press() as press, Stage(response_timeout="700ms") as stage:

        async def never(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(9)
            return web.Response()

        press.pages |= {"/robots.txt": never, "/feed": rss(item("/a/1")), "/a/1": page()}
        report = await stage.visit(source(press))
        assert not report.outcome.is_success
        assert press.paths() == []
        press.pages["/robots.txt"] = 404
        stage.clock.pass_by(hours=1)
        assert (await stage.visit(source(press), report.state)).outcome is OK


LINKS = "".join(f"<li><a href='/n/{n}'>Nouvelle {n}</a></li>" for n in range(60))
POSING = {
    "a login page": "<html><title>Portail Wi-Fi</title><form><input type='password'></form></html>",
    "the page of a parked domain": "<html><body><h1>This domain is for sale</h1></body></html>",
    "a home page": f"<!doctype html><html><title>Le Journal</title><ul>{LINKS}</ul></html>",
    "an HTML page": "<html><body><h1>En maintenance</h1></body></html>",
}


@pytest.mark.parametrize("kind", POSING)
async def test_n14_a_page_where_a_feed_was_is_recognised_and_the_old_items_stay(kind):
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
        state = (await stage.visit(source(press))).state
        press.pages["/feed"] = POSING[kind]
        stage.clock.pass_by(hours=1)
        report = await stage.visit(source(press), state)
        assert report.outcome is VisitOutcome.NOT_A_FEED
        assert f"{kind} where a feed was expected" in report.reason
        assert len(stage.desk.articles) == 1
        press.pages["/feed"] = rss(item("/a/2"), item("/a/1"))
        press.pages["/a/2"] = page("Deux")
        stage.clock.pass_by(hours=1)
        assert (await stage.visit(source(press), report.state)).new_articles == 1


@pytest.mark.parametrize("answers", [["::1", "127.0.0.1"], ["127.0.0.1", "::1"]])
async def test_n15_a_broken_address_of_a_name_gives_place_to_the_other(answers):
    async def lookup(host: str, port: int) -> list[str]:
        return answers if host == "press.example" else [host]

    async with local_press() as press, Stage(lookup=lookup) as stage:
        press.pages["/feed"] = rss(item("/a/1"))
        press.pages["/a/1"] = page()
        name = f"http://press.example:{press.port}"
        report = await stage.visit(source(press, url=name, feeds=(f"{name}/feed",)))
        assert report.outcome is OK
        assert len(stage.desk.articles) == 1


async def test_one_bad_source_of_each_kind_delays_no_good_one():
    """Twenty bad sources at once, and a good one that is done as if it were alone."""

    async def drip(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n<rss>")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.2)

    async with (
        talking(drip) as port,
        local_press() as press,
        Stage(lookup=by_name, response_timeout="3s", connect_timeout="2s") as stage,
    ):
        with never_accepting() as hung:
            ports = (port, hung)
            press.pages |= {"/good": rss(*(item(f"/g/{n}") for n in range(5)))}
            press.pages |= {f"/g/{n}": page(f"T{n}") for n in range(5)}
            for number in range(20):
                feed = f"http://bad-{number}.example:{ports[number % 2]}/feed"
                bad = source(press, id=f"bad-{number}", feeds=(feed,))
                stage.collector.submit(bad, fresh(bad))
            begin = time.monotonic()
            good = source(press, id="good", feeds=(f"{press.url}/good",))
            stage.collector.submit(good, fresh(good))
            while len(stage.desk.articles) < 5:
                await asyncio.sleep(0.02)
            assert time.monotonic() - begin < 2.5
