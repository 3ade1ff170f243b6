from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest
from aiohttp import web
from crawler_stage import PROSE, Stage, fresh, item, local_press, page, rss, source

from crawler.ports import Judge, WorkerCrashError, WorkerTimeoutError
from domain.article import Document, Judged
from domain.errors import ExtractionError, FetchError, MatchError, StoreError
from domain.match import Verdict
from domain.source import Selectors, VisitOutcome
from marsad.pages import document_of


def judge(document: Document) -> Judged:
    verdict = Verdict(id=document.id, language=document.title)
    return Judged(document=document, verdict=verdict)


def refuse(document: Document) -> Judged:
    raise MatchError(f"no matcher for {document.title}")


async def test_a_new_article_is_fetched_extracted_and_filed():
    async with local_press() as press, Stage() as stage:
        press.pages["/feed"] = rss(item("/a/1?utm_source=rss#x", "Une visite à Alger"))
        press.pages["/a/1"] = page("Une visite à Alger")
        report = await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert report.outcome is VisitOutcome.OK
        assert (report.entries, report.new_articles, report.failed_pages) == (1, 1, 0)
        assert article.url == f"{press.url}/a/1"
        assert article.text.count("\n\n") == 4
        assert article.text_from == "page"
        assert article.language == "und"
        assert article.published_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
        assert "Sujet" not in article.text
        assert "droits réservés" not in article.text
        assert press.headers["/feed"][0]["User-Agent"] == "marsad-test/1"
        assert "Referer" not in press.headers["/a/1"][0]
        assert "Cookie" not in press.headers["/a/1"][0]


async def test_full_text_in_the_feed_spares_the_page():
    async with local_press() as press, Stage() as stage:
        full = f"<content:encoded><![CDATA[<p>{PROSE * 3}</p><p>{PROSE}</p>]]></content:encoded>"
        press.pages["/feed"] = rss(item("/a/1", extra=full))
        await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert press.paths() == ["/feed"]
        assert article.text_from == "feed"
        assert article.text.count("\n\n") == 1


@pytest.mark.parametrize("said_there", [None, judge])
async def test_what_an_entry_says_of_its_pages_is_heeded(said_there: Judge | None):
    aside = f"<p class='encart'>Abonnez-vous: {PROSE}</p><p>{PROSE}</p></article>"
    told = "<article><b class='rubrique'>Défense</b>"
    text = page().replace("<article>", told).replace("</article>", aside)
    found = {}
    for chosen in (Selectors(), Selectors(drop=(".encart",), section=".rubrique")):
        async with local_press() as press, Stage(judge=said_there) as stage:
            press.pages |= {"/feed": rss(item("/a/1")), "/a/1": text}
            await stage.visit(source(press, selectors=chosen))
            [found[chosen]] = stage.desk.articles.values()
    without, heeded = found.values()
    assert "Abonnez-vous" in without.text
    assert "Abonnez-vous" not in heeded.text
    assert (without.section, heeded.section) == ("", "Défense")


async def test_a_page_that_fails_leaves_the_teaser_with_the_reason():
    async with local_press() as press, Stage() as stage:
        press.pages["/feed"] = rss(item("/gone", "A", "Le résumé."), item("/thin", "B", "Résumé."))
        press.pages["/thin"] = "<html><body><p>Trop court.</p></body></html>"
        report = await stage.visit(source(press))
        gone, thin = (stage.desk.articles[f"{press.url}/{name}"] for name in ("gone", "thin"))
        assert (gone.text, gone.text_from, gone.note) == ("Le résumé.", "summary", "HTTP 404")
        assert thin.note == "no article text in the page"
        assert report.failed_pages == 2
        assert report.outcome is VisitOutcome.OK


async def test_a_store_that_is_away_is_named_in_one_line(caplog: pytest.LogCaptureFixture):
    async def away(_urls: list[str]) -> set[str]:
        raise StoreError("database d: the server restarts")

    async with local_press() as press, Stage() as stage:
        press.pages["/feed"] = rss(item("/a/1"))
        stage.desk.unseen = away  # type: ignore[method-assign]
        report = await stage.visit(source(press))
    assert report.outcome is VisitOutcome.ERROR
    assert "the server restarts" in report.reason
    (said,) = [record for record in caplog.records if record.name == "crawler.visit"]
    assert said.exc_info is None
    assert "the server restarts" in said.getMessage()


async def test_an_unchanged_feed_is_known_by_its_validators_and_by_its_hash():
    async with local_press() as press, Stage() as stage:
        body = rss(item("/a/1"))

        async def feed(request: web.Request) -> web.StreamResponse:
            if request.headers.get("If-None-Match") == '"v1"':
                return web.Response(status=304)
            return web.Response(text=body, content_type="application/xml", headers={"ETag": '"v1"'})

        press.pages |= {"/feed": feed, "/plain": body, "/a/1": page()}
        for path, asked in (("/feed", True), ("/plain", False)):
            stage.desk.articles.clear()
            stage.workers.calls.clear()
            outlet = source(press, feeds=(press.url + path,))
            first = await stage.visit(outlet)
            stage.clock.pass_by(minutes=10)
            second = await stage.visit(outlet, first.state)
            assert second.outcome is VisitOutcome.NOT_MODIFIED
            assert stage.workers.calls.count("read_feed") == 1
            kept = [v.body_hash for v in second.state.validators]
            assert kept == [v.body_hash for v in first.state.validators]
            assert ("If-None-Match" in press.headers[path][1]) is asked


async def test_a_server_that_never_admits_a_change_is_asked_anew_after_a_day():
    async with local_press() as press, Stage() as stage:
        links = ["/a/1"]

        async def feed(request: web.Request) -> web.StreamResponse:
            if "If-None-Match" in request.headers:
                return web.Response(status=304)
            text = rss(*map(item, links))
            return web.Response(text=text, content_type="application/xml", headers={"ETag": '"v"'})

        press.pages |= {"/feed": feed, "/a/1": page(), "/a/2": page()}
        first = await stage.visit(source(press))
        links.append("/a/2")
        second = await stage.visit(source(press), first.state)
        assert second.outcome is VisitOutcome.NOT_MODIFIED
        stage.clock.pass_by(days=1, hours=1)
        third = await stage.visit(source(press), second.state)
        assert third.outcome is VisitOutcome.OK
        assert f"{press.url}/a/2" in stage.desk.articles


async def test_a_304_that_was_not_asked_for_is_a_failure():
    async with local_press() as press, Stage() as stage:
        press.pages["/feed"] = 304
        report = await stage.visit(source(press))
        assert (report.outcome, report.state.failures) == (VisitOutcome.HTTP, 1)
        assert "HTTP 304" in report.reason


async def test_failures_are_told_apart():
    async with local_press() as press, Stage(response_timeout="2s") as stage:
        press.pages |= {"/html": page(), "/empty": "", "/500": 500, "/none": rss(), "/json": "{}"}
        closed = "http://127.0.0.1:1/feed"
        cases = {
            press.url + "/html": (VisitOutcome.NOT_A_FEED, "HTML page"),
            press.url + "/empty": (VisitOutcome.NOT_A_FEED, "empty body"),
            press.url + "/json": (VisitOutcome.NOT_A_FEED, "no JSON Feed"),
            press.url + "/500": (VisitOutcome.HTTP, "HTTP 500"),
            press.url + "/404": (VisitOutcome.HTTP, "HTTP 404"),
            press.url + "/none": (VisitOutcome.EMPTY, ""),
        }
        for url, (outcome, reason) in cases.items():
            report = await stage.visit(source(press, feeds=(url,)))
            assert report.outcome is outcome, url
            assert reason in report.reason
            assert report.state.outcome is outcome
            assert report.state.validators == () or outcome is VisitOutcome.EMPTY
        report = await stage.visit(source(press, feeds=(closed,)))
        assert report.outcome is VisitOutcome.NETWORK
        assert "cannot be reached" in report.reason
        report = await stage.visit(source(press, feeds=()))
        assert report.outcome is VisitOutcome.NO_WAY_IN


async def test_the_first_failing_way_gives_place_to_the_next():
    async with local_press() as press, Stage() as stage:
        press.pages |= {
            "/feed": page(),
            "/map.xml": "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/"
            f"sitemap/0.9'><url><loc>{press.url}/news/old-1</loc><lastmod>2026-11-01</lastmod></url>"
            f"<url><loc>{press.url}/news/new-2</loc><lastmod>2026-11-24</lastmod></url></urlset>",
            "/national": "<a href='/news/x-3'>Un titre</a><a href='/tag/y'>Tag</a>",
            "/news/old-1": page("Vieux"),
            "/news/new-2": page("Neuf"),
            "/news/x-3": page("Trois"),
        }
        outlet = source(
            press,
            sitemaps=(f"{press.url}/map.xml",),
            sections=(f"{press.url}/national",),
            article_url=r"/news/.+-\d+$",
        )
        report = await stage.visit(outlet)
        assert report.outcome is VisitOutcome.OK
        assert [a.title for a in stage.desk.articles.values()] == ["Neuf", "Vieux"]
        press.pages["/map.xml"] = 500
        report = await stage.visit(outlet)
        assert report.new_articles == 1
        assert stage.desk.articles[f"{press.url}/news/x-3"].title == "Un titre"
        press.pages["/national"] = "<p>rien</p>"
        report = await stage.visit(outlet)
        assert report.outcome is VisitOutcome.NOT_A_FEED
        assert all(part in report.reason for part in ("/feed", "/map.xml", "/national"))


async def test_all_feeds_of_a_source_are_visited_and_one_may_fail():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/one": rss(item("/a/1")), "/two": rss(item("/a/1/"), item("/a/2"))}
        press.pages |= {"/a/1": page("Un"), "/a/2": page("Deux")}
        feeds = tuple(press.url + path for path in ("/one", "/gone", "/two"))
        report = await stage.visit(source(press, feeds=feeds))
        assert report.outcome is VisitOutcome.OK
        assert len(stage.desk.articles) == 2
        assert press.paths().count("/a/1") == 1


async def test_articles_are_filed_as_they_get_ready_and_the_report_with_the_last():
    async with local_press() as press, Stage() as stage:

        async def slow(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(0.5)
            return web.Response(text=page("Lente"), content_type="text/html")

        press.pages |= {"/feed": rss(*(item(f"/a/{n}", f"T{n}") for n in (1, 2, 3)))}
        press.pages |= {"/a/1": page("Un"), "/a/2": slow, "/a/3": page("Trois")}
        await stage.visit(source(press))
        (first_at, _, _), *_, (last_at, last, report) = stage.desk.filings
        assert [urls for _, urls, _ in stage.desk.filings] == [
            [f"{press.url}/a/{n}"] for n in (1, 2, 3)
        ]
        assert last_at - first_at > 0.4
        assert last == [f"{press.url}/a/3"]
        assert report.new_articles == 3
        assert report.state.last_article == stage.clock.now


async def test_one_visit_that_breaks_ends_alone():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": rss(item("/good")), "/bad": rss(item("/evil")), "/good": page()}
        stage.desk.fail = lambda url: url.endswith("/evil")
        good, bad = source(press, id="good"), source(press, id="bad", feeds=(f"{press.url}/bad",))
        assert stage.collector.submit(bad, fresh(bad))
        assert stage.collector.submit(good, fresh(good))
        assert not stage.collector.submit(good, fresh(good))
        assert stage.collector.visiting == {"good", "bad"}
        await stage.collector.drain()
        outcomes = {report.source_id: report.outcome for report in stage.desk.reports}
        assert outcomes == {"good": VisitOutcome.OK, "bad": VisitOutcome.ERROR}
        [reason] = [r.reason for r in stage.desk.reports if r.source_id == "bad"]
        assert reason == "RuntimeError: the desk is on fire"


async def test_a_parser_that_hangs_costs_one_document():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": rss(item("/a/1", "A", "Le résumé.")), "/a/1": page()}
        stage.workers.hang = {"read_page"}
        report = await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert article.note == "the page's parser took too long"
        assert report.outcome is VisitOutcome.OK
        stage.workers.hang = {"read_feed"}
        report = await stage.visit(source(press))
        assert report.outcome is VisitOutcome.PARSE
        assert report.state.validators == ()


async def test_a_page_is_judged_where_it_is_read():
    async with local_press() as press, Stage(judge=judge) as stage:
        press.pages |= {"/feed": rss(item("/a/1", "Un titre")), "/a/1": page("Un autre")}
        await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert stage.workers.calls == ["read_feed", "read_and_judge"]
        assert article.judged == judge(document_of(article))


@pytest.mark.parametrize("fault", [WorkerTimeoutError, WorkerCrashError])
async def test_a_text_that_breaks_the_judge_is_not_lost(fault):
    async with local_press() as press, Stage(judge=judge) as stage:
        press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
        stage.workers.hang, stage.workers.fault = {"read_and_judge"}, fault
        await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert stage.workers.calls == ["read_feed", "read_and_judge", "read_page"]
        assert (article.text_from, article.note, article.judged) == ("page", "", None)


async def test_a_judge_that_raises_leaves_it_to_the_desk_to_say_why():
    async with local_press() as press, Stage(judge=refuse) as stage:
        press.pages |= {"/feed": rss(item("/a/1")), "/a/1": page()}
        await stage.visit(source(press))
        [article] = stage.desk.articles.values()
        assert (article.text_from, article.note, article.judged) == ("page", "", None)


async def test_more_entries_than_a_visit_takes_come_again():
    async with local_press() as press, Stage(items_per_visit=2) as stage:
        press.pages |= {"/feed": rss(*(item(f"/a/{n}") for n in range(3)))}
        press.pages |= {f"/a/{n}": page(f"Titre {n}") for n in range(3)}
        first = await stage.visit(source(press))
        assert len(stage.desk.articles) == 2
        assert first.state.validators == ()
        await stage.visit(source(press), first.state)
        assert len(stage.desk.articles) == 3


async def test_a_page_that_asks_to_wait_is_left_for_the_next_visit():
    async with local_press() as press, Stage() as stage:

        async def busy(request: web.Request) -> web.StreamResponse:
            return web.Response(status=429, headers={"Retry-After": "3600"})

        press.pages |= {"/feed": rss(item("/a/1"), item("/a/2")), "/a/1": busy, "/a/2": page()}
        report = await stage.visit(source(press))
        assert stage.desk.articles == {}
        assert press.paths() == ["/feed", "/a/1"]
        assert report.state.validators == ()
        assert (report.state.next_due - stage.clock.now).total_seconds() >= 3600


async def test_stop_is_quick_and_tears_no_commit():
    async with local_press() as press:
        stage = Stage()
        await stage.collector.start()

        async def never(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(30)
            return web.Response()

        press.pages |= {"/feed": rss(item("/a/1"), item("/a/2")), "/a/1": page(), "/a/2": never}
        outlet = source(press)
        stage.collector.submit(outlet, fresh(outlet))
        while not stage.desk.articles:
            await asyncio.sleep(0.02)
        begin = time.monotonic()
        await stage.collector.stop(5)
        assert time.monotonic() - begin < 2
        assert stage.desk.reports == []
        assert list(stage.desk.articles) == [f"{press.url}/a/1"]


async def test_a_title_alone_is_filed_when_its_page_fails():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/national": "<a href='/n/x-1'>Un général à Alger</a><a href='/n/x-2'></a>"}
        outlet = source(press, feeds=(), sections=(f"{press.url}/national",), article_url=r"-\d$")
        report = await stage.visit(outlet)
        [article] = stage.desk.articles.values()
        assert (article.title, article.text, article.note) == ("Un général à Alger", "", "HTTP 404")
        assert report.state.validators == ()  # the one without a title is tried again


async def test_one_page_can_be_fetched_and_feeds_be_found():
    async with local_press() as press, Stage() as stage:
        head = (
            "<link rel='alternate' type='application/rss+xml' href='/comments/feed/'>"
            "<link rel='alternate' type='application/rss+xml' href='/feed/'>"
        )
        press.pages |= {
            "/": page("Une", head=head),
            "/feed/": rss(item("/a/1")),
            "/thin": "<p>x</p>",
        }
        assert (await stage.collector.fetch_page(f"{press.url}/")).title == "Une"
        for address in ("/", "/feed/"):
            found = await stage.collector.prospect(press.url + address)
            assert found.way.url == f"{press.url}/feed/"
        with pytest.raises(ExtractionError, match="no article text"):
            await stage.collector.fetch_page(f"{press.url}/thin")
        with pytest.raises(FetchError, match="HTTP 404"):
            await stage.collector.fetch_page(f"{press.url}/gone")
