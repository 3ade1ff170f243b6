"""What may come over a sound network, B1 to B15, each served on loopback as it is.

The catalogue of faults that these tests are named after stands in docs/faults.md.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from datetime import UTC, datetime

import brotli
import pytest
from aiohttp import web
from crawler_stage import NOW, PROSE, Processes, Stage, fresh, item, local_press, page, rss, source

from domain.health import HealthState
from domain.source import VisitOutcome

OK, MEGABYTE = VisitOutcome.OK, 1024 * 1024


def served(body: bytes, kind: str = "application/xml", **headers: str):
    named = {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers=named)

    return answer


async def read(stage: Stage, press, body, **pages):
    """Serve ``body`` as the feed, visit it, and return the report."""
    press.pages |= {"/feed": body, **{f"/{name}": text for name, text in pages.items()}}
    return await stage.visit(source(press))


def zeros(codec: str) -> bytes:
    """A hundred megabytes in a few kilobytes."""
    whole = b"\0" * (100 * MEGABYTE)
    if codec == "gzip":
        return gzip.compress(whole, 9)
    if codec == "br":
        return brotli.compress(whole, quality=3)
    return zlib.compress(whole, 9)


@pytest.mark.parametrize("codec", ["gzip", "br", "deflate"])
async def test_b1_a_bomb_is_cut_while_it_unpacks_and_the_source_is_marked(codec, seen):
    async with local_press() as press, Stage() as stage:
        begin = time.process_time()
        report = await read(stage, press, served(zeros(codec), Content_Encoding=codec))
        assert report.outcome is VisitOutcome.NETWORK
        assert "larger than allowed when decompressed" in report.reason
        assert report.state.health.reason == report.reason
        spent = time.process_time() - begin
        assert spent < 10
        assert stage.desk.articles == {}
        seen(f"100 MB of {codec} cost {spent:.1f} s of CPU")


async def test_b1_a_bomb_in_a_bomb_is_cut_too():
    async with local_press() as press, Stage() as stage:
        body = gzip.compress(gzip.compress(b"\0" * (50 * MEGABYTE)))
        report = await read(stage, press, served(body, Content_Encoding="gzip, gzip"))
        assert not report.outcome.is_success
        assert stage.desk.articles == {}


async def test_b1_a_packed_sitemap_does_not_unpack_for_ever():
    async with local_press() as press, Stage() as stage:
        press.pages["/map.xml.gz"] = gzip.compress(b"<urlset>" + b" " * (80 * MEGABYTE))
        outlet = source(press, feeds=(), sitemaps=(f"{press.url}/map.xml.gz",))
        report = await stage.visit(outlet)
        assert report.outcome is VisitOutcome.NOT_A_FEED
        assert "larger than 50 MB" in report.reason


async def test_b2_a_feed_without_end_is_cut_at_eight_megabytes(seen):
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "application/xml"})
        await response.prepare(request)
        try:
            while sent < 200 * MEGABYTE:
                await response.write(b"<item>" * 50_000)
                sent += 300_000
        except ConnectionError:
            pass
        return response

    async with local_press() as press, Stage() as stage:
        report = await read(stage, press, endless)
        assert "larger than allowed" in report.reason
        assert sent < 40 * MEGABYTE  # what the sockets between hold
        seen(f"{sent / MEGABYTE:.0f} of 200 MB had left the server")


BOMBS = {
    "laughs": "<!DOCTYPE x [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)).replace("&a0;", "&a;")
    + "]>",
    "quadratic": f"<!DOCTYPE x [<!ENTITY a '{'x' * 50_000}'>]>",
    "file": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    "network": "<!DOCTYPE x [<!ENTITY a SYSTEM 'http://127.0.0.1:{port}/secret'>]>",
    "dtd": "<!DOCTYPE rss SYSTEM 'http://127.0.0.1:{port}/secret'>",
}


@pytest.mark.parametrize("kind", BOMBS)
async def test_b3_entities_expand_to_nothing_and_fetch_nothing(kind):
    async with local_press() as press, Stage() as stage:
        doctype = BOMBS[kind].replace("{port}", str(press.port))
        body = rss(item("/a/1", "&a;" * (1 if kind != "dtd" else 0) + "T", "&a9;" * 0 + "Résumé."))
        head, _, tail = body.partition("?>")
        begin = time.process_time()
        report = await read(stage, press, served(f"{head}?>{doctype}{tail}".encode()), secret="no")
        assert time.process_time() - begin < 2
        assert "/secret" not in press.paths()
        assert all("root:" not in a.title + a.text for a in stage.desk.articles.values())
        if kind != "dtd":
            assert report.outcome is VisitOutcome.NOT_A_FEED
            assert "entities" in report.reason


async def test_b4_deep_markup_costs_its_document_only(seen):
    deep = "<b>" * 400_000
    feed = rss(item("/a/1", "Profond", f"<![CDATA[{deep}]]>"), item("/a/2", "Deux", "Résumé."))
    workers = Processes(limit=10)
    try:
        async with local_press() as press, Stage(workers=workers) as stage:
            begin = time.monotonic()
            press.pages |= {"/a/1": f"<html><body>{deep}x</body></html>", "/a/2": page("Deux")}
            report = await read(stage, press, feed)
            assert report.outcome is OK
            assert stage.desk.articles[f"{press.url}/a/2"].text_from == "page"
            took = time.monotonic() - begin
            assert took < 25
            seen(f"the visit took {took:.1f} s, and the other article came")
    finally:
        workers.close()


BROKEN = {
    "stray ampersand": (rss(item("/a/1", "A & B"), item("/a/2")), {"/a/1", "/a/2"}),
    "junk after the root": (rss(item("/a/1")) + "<script>x</script>", {"/a/1"}),
    "blank line first": ("\n\n" + rss(item("/a/1")), {"/a/1"}),
    "unclosed": (rss(item("/a/1"), item("/a/2"))[:-16], {"/a/1", "/a/2"}),
    "cut in an item": (rss(item("/a/1"), item("/a/2"))[:-80], {"/a/1"}),
    "an item without a title": (
        rss(item("/a/1"), "<item><link>/a/2</link> & </item>"),
        {"/a/1"},
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_b5_of_broken_xml_what_is_whole_is_kept_and_no_validator(kind):
    body, expected = BROKEN[kind]
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/a/1": page("Un"), "/a/2": page("Deux")}
        report = await read(stage, press, served(body.encode(), ETag='"1"'))
        assert report.outcome is OK
        assert {url.removeprefix(press.url) for url in stage.desk.articles} == expected
        is_sound = kind == "blank line first"
        assert [v.etag for v in report.state.validators] == (['"1"'] if is_sound else [None])


OTHERS = {
    "html": ("<html><body>x</body></html>", "an HTML page"),
    "json": ('{"error": "quota"}', "JSON"),
    "empty": ("", "empty body"),
    "blank": (" \n ", "empty body"),
    "words": ("Service indisponible", "no feed"),
}


@pytest.mark.parametrize("kind", OTHERS)
async def test_b6_what_is_no_feed_is_a_failure_and_not_nothing_new(kind):
    body, words = OTHERS[kind]
    async with local_press() as press, Stage() as stage:
        report = await read(stage, press, served(body.encode(), "text/html"))
        assert report.outcome is VisitOutcome.NOT_A_FEED
        assert words in report.reason
        assert report.state.validators == ()


async def test_b6_a_feed_that_ran_empty_is_success_and_said():
    async with local_press() as press, Stage() as stage:
        first = await read(stage, press, rss(item("/a/1")), **{"a/1": page()})
        stage.clock.pass_by(hours=1)
        press.pages["/feed"] = rss()
        report = await stage.visit(source(press), first.state)
        assert report.outcome is VisitOutcome.EMPTY
        assert "was not before" in report.state.health.reason
        assert report.state.health.state is HealthState.OK
        newborn = await stage.visit(source(press, id="newborn"))
        assert newborn.state.health.reason == ""


async def test_b7_no_guid_no_link_no_nothing():
    items = (
        "<item><title>Avec lien</title><link>/a/1</link></item>"
        "<item><title>Sans lien</title><description>Le résumé.</description></item>"
        "<item><title>Sans lien</title><description>Le même.</description></item>"
        "<item><description>Sans rien</description></item><item/>"
    )
    async with local_press() as press, Stage() as stage:
        report = await read(stage, press, rss(items), **{"a/1": page()})
        assert report.entries == 5
        assert sorted(a.title for a in stage.desk.articles.values()) == ["Avec lien", "Sans lien"]
        again = await stage.visit(source(press))
        assert again.new_articles == 0
        other = await stage.visit(source(press, id="other"))
        assert other.new_articles == 1  # another source's article of the same title is another's
        named = [a for a in stage.desk.articles.values() if a.title == "Sans lien"]
        assert {a.text for a in named} == {"Le résumé."}
        assert all("no address" in a.note for a in named)


DATES = {
    "": None,
    "hier": None,
    "Tue, 24 Nov 2026 10:00:00": datetime(2026, 11, 24, 9, tzinfo=UTC),  # Algiers, not UTC
    "24 novembre 2026 à 10h00": datetime(2026, 11, 24, 9, tzinfo=UTC),
    "24 نوفمبر 2026": datetime(2026, 11, 23, 23, tzinfo=UTC),
    "12 جمادى الثانية 1448": None,  # a Hijri year is not this year
    "Thu, 01 Jan 1970 00:00:00 GMT": None,
    "Thu, 01 Jan 2099 00:00:00 GMT": None,
    "Tue, 24 Nov 2026 10:00:00 GMT": datetime(2026, 11, 24, 10, tzinfo=UTC),
}


@pytest.mark.parametrize("written", DATES)
async def test_b8_b9_dates_are_read_or_absent_and_never_today(written):
    body = f"<item><title>T</title><link>/a/1</link><pubDate>{written}</pubDate></item>"
    async with local_press() as press, Stage() as stage:
        await read(stage, press, rss(body), **{"a/1": page()})
        [article] = stage.desk.articles.values()
        assert article.published_at == DATES[written]
        assert article.first_seen == NOW


SAME = ("/a/1", "/a/1?utm_source=rss", "/a/1#top", "/a/1/", "/a/1?fbclid=x")


async def test_b10_one_article_however_it_is_linked_and_two_under_one_guid():
    guid = "<guid isPermaLink='false'>g</guid>"
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/a/1": page("Un"), "/a/2": page("Deux")}
        await read(stage, press, rss(*(item(link, extra=guid) for link in (*SAME, "/a/2"))))
        assert set(stage.desk.articles) == {f"{press.url}/a/1", f"{press.url}/a/2"}
        press.pages["/feed"] = rss(
            item("/a/1", extra="<guid>other</guid>"), item("/a/3", extra=guid)
        )
        press.pages["/a/3"] = page("Trois")
        report = await stage.visit(source(press))
        assert report.new_articles == 1


async def test_b11_an_edited_item_is_no_new_article_and_a_deleted_one_is_kept():
    async with local_press() as press, Stage() as stage:
        pages = {"a/1": page("Un"), "a/2": page("Deux")}
        first = await read(stage, press, rss(item("/a/1"), item("/a/2")), **pages)
        press.pages["/feed"] = rss(item("/a/2", "Titre corrigé"))
        stage.clock.pass_by(hours=1)
        second = await stage.visit(source(press), first.state)
        assert second.outcome is OK
        assert len(stage.desk.articles) == 2


ARABIC = "استقبل الفريق أول السعيد شنقريحة وفدا عسكريا بمقر وزارة الدفاع الوطني"
CHARSETS = [
    ("cp1256", "utf-8", "application/xml"),
    ("cp1256", "", "application/xml"),
    ("cp1256", "", "application/xml; charset=iso-8859-1"),
    ("cp1256", "iso-8859-6", "application/xml; charset=utf-8"),
    ("iso-8859-6", "iso-8859-6", "application/xml"),
    ("utf-8", "windows-1256", "application/xml"),
    ("utf-8-sig", "", "text/xml"),
    ("utf-16", "utf-16", "application/xml"),
]


@pytest.mark.parametrize(("really", "declared", "header"), CHARSETS)
async def test_b12_arabic_comes_out_right_whatever_is_declared(really, declared, header):
    text = rss(item("/a/1", ARABIC, f"{ARABIC}. {ARABIC}."))
    encoding = f" encoding='{declared}'" if declared else ""
    text = text.replace(" encoding='UTF-8'", encoding)
    markup = page(ARABIC).replace("charset='utf-8'", f"charset='{declared or 'utf-8'}'")
    async with local_press() as press, Stage() as stage:
        body = served(text.encode(really, "ignore"), header)
        press.pages["/a/1"] = served(
            markup.replace(PROSE, f"{ARABIC}. ").encode(really, "xmlcharrefreplace"), "text/html"
        )
        await read(stage, press, body)
        [article] = stage.desk.articles.values()
        assert article.title == ARABIC
        assert ARABIC in article.text
        assert not set("ÇáÌÊÙØ") & set(article.text)


async def test_b12_utf_8_that_was_read_as_latin_1_is_repaired():
    mojibake = ARABIC.encode().decode("cp1252", "replace")
    if "\ufffd" in mojibake:
        mojibake = ARABIC.encode().decode("latin-1")
    async with local_press() as press, Stage() as stage:
        await read(stage, press, served(rss(item("/a/1", mojibake)).encode()))
        [article] = stage.desk.articles.values()
        assert article.title == ARABIC


async def test_b13_controls_and_halves_of_letters_are_gone_and_joiners_stay():
    dirty = "Une\u0000 visite\u0007 \u202egnp\u202c \u2067x\u2069 \ufdd0fin 🇩🇿 می\u200cخواهم"
    items = [{"id": "1", "url": "/a/1", "title": dirty + "\ud800", "summary": dirty}]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})
    async with local_press() as press, Stage() as stage:
        await read(stage, press, served(body.encode(), "application/feed+json"))
        [article] = stage.desk.articles.values()
        for text in (article.title, article.text):
            assert not set(text) & set("\0\x07\u202e\u202c\u2067\u2069\ufdd0\ud800")
            assert "🇩🇿" in text
            assert "می\u200cخواهم" in text
            text.encode()


async def test_b14_a_title_of_a_megabyte_and_ten_thousand_authors():
    creators = "".join(f"<author>Auteur {n}</author>" for n in range(10_000))
    title = "é" * 400_000 + "\u0301" * 9
    async with local_press() as press, Stage() as stage:
        begin = time.process_time()
        report = await read(
            stage, press, rss(item("/a/1", title, "R", creators)), **{"a/1": page()}
        )
        [article] = stage.desk.articles.values()
        assert report.outcome is OK
        assert len(article.title) <= 500
        assert article.title.endswith("…")
        assert len(article.authors) <= 10
        assert time.process_time() - begin < 5


async def test_b15_links_are_opened_only_where_they_can_be():
    async with local_press() as press, local_press() as other, Stage() as stage:

        async def moved(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": "/deep/er/feed"})

        press.pages |= {"/feed": moved, "/deep/er/a/1": page("Un")}
        other.pages["/b"] = page("Ailleurs")
        press.pages["/deep/er/feed"] = rss(
            item("a/1", "Relatif"),
            item(f"{other.url}/b", "Ailleurs"),
            item("javascript:alert(1)", "Script", "Le résumé du script."),
            item("data:text/html,x", "Data"),
        )
        await stage.visit(source(press))
        found = {a.title: a for a in stage.desk.articles.values()}
        assert set(found) == {"Relatif", "Ailleurs", "Script", "Data"}
        assert found["Relatif"].url == f"{press.url}/deep/er/a/1"
        assert found["Ailleurs"].url == f"{other.url}/b"
        assert found["Script"].url.startswith("urn:marsad:press:")
        assert found["Script"].text == "Le résumé du script."


async def test_a_feed_of_bombs_beside_good_ones_delays_none_of_them():
    """Every kind of bad body at once, read by real processes, and ten good sources."""
    deep = rss(item("/x", "Profond", f"<![CDATA[{'<b>' * 300_000}]]>"))
    bad = [
        served(zeros("gzip"), Content_Encoding="gzip"),
        served(deep.encode()),
        served(b"\0" * 7 * MEGABYTE),
        served(("<rss><channel>" + "<item><title>x</title>" * 60_000).encode()),
    ]
    workers = Processes(limit=15)
    try:
        async with local_press() as press, Stage(workers=workers) as stage:
            outlets = []
            for number, body in enumerate(bad):
                press.pages[f"/bad/{number}"] = body
                outlets.append(
                    source(press, id=f"bad-{number}", feeds=(f"{press.url}/bad/{number}",))
                )
            for number in range(10):
                press.pages[f"/good/{number}"] = rss(item(f"/g/{number}"))
                press.pages[f"/g/{number}"] = page(f"Titre {number}")
                feed = f"{press.url}/good/{number}"
                outlets.append(source(press, id=f"good-{number}", feeds=(feed,)))
            for outlet in outlets:
                stage.collector.submit(outlet, fresh(outlet))
            async with asyncio.timeout(60):
                await stage.collector.drain()
            reports = {report.source_id: report for report in stage.desk.reports}
            assert all(reports[f"good-{n}"].outcome is OK for n in range(10))
            assert not any(reports[f"bad-{n}"].new_articles for n in (0, 2, 3))
    finally:
        workers.close()
