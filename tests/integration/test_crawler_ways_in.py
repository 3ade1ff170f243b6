"""Ways in against a real server: one that fails gives place, and comes back when it heals."""

from __future__ import annotations

import gzip

from aiohttp import web
from crawler_stage import Stage, item, local_press, page, rss, source

from domain.source import VisitOutcome


def listing(*links: str, bar: str = "") -> str:
    items = "".join(
        f"<article><h2><a href='{link}'>Titre de {link}</a></h2></article>" for link in links
    )
    return f"<html><body>{items}{bar}</body></html>"


async def test_a_dead_feed_gives_place_to_the_section_and_comes_back():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": 404, "/n": listing("/a-1"), "/a-1": page(), "/a-2": page()}
        outlet = source(press, sections=(f"{press.url}/n",), article_url=r"/a-\d+$")
        report = await stage.visit(outlet)
        assert (report.outcome, report.new_articles) == (VisitOutcome.OK, 1)
        for _ in range(2):
            stage.clock.pass_by(minutes=10)
            report = await stage.visit(outlet, report.state)
        press.seen.clear()
        stage.clock.pass_by(minutes=10)
        report = await stage.visit(outlet, report.state)
        assert press.paths() == ["/n"]  # the feed rests
        press.pages["/feed"] = rss(item("/a-2"))
        stage.clock.pass_by(hours=1)
        report = await stage.visit(outlet, report.state)
        assert f"{press.url}/a-2" in stage.desk.articles
        press.seen.clear()
        stage.clock.pass_by(minutes=10)
        await stage.visit(outlet, report.state)
        assert press.paths() == ["/feed"]  # it leads again


async def test_a_resting_way_is_tried_when_all_others_fail():
    async with local_press() as press, Stage() as stage:
        press.pages |= {"/feed": 500, "/n": listing("/a-1"), "/a-1": page()}
        outlet = source(press, sections=(f"{press.url}/n",), article_url=r"/a-\d+$")
        report = await stage.visit(outlet)
        for _ in range(3):
            stage.clock.pass_by(minutes=10)
            report = await stage.visit(outlet, report.state)
        press.pages |= {"/n": 500, "/feed": rss(item("/a-2")), "/a-2": page()}
        stage.clock.pass_by(minutes=10)
        report = await stage.visit(outlet, report.state)
        assert report.outcome is VisitOutcome.OK
        assert f"{press.url}/a-2" in stage.desk.articles


async def test_pages_of_a_section_are_turned_back_to_what_is_known():
    async with local_press() as press, Stage() as stage:
        numbers = list(range(1, 10))

        async def section(request: web.Request) -> web.Response:
            at = int(request.query.get("page", "1"))
            shown = sorted(numbers, reverse=True)[(at - 1) * 3 : at * 3]
            bar = f"<div class='pagination'><a href='/n?page={at + 1}'>{at + 1}</a></div>"
            return web.Response(
                text=listing(*(f"/a-{n}" for n in shown), bar=bar), content_type="text/html"
            )

        press.pages |= {f"/n?page={n}": section for n in range(1, 9)} | {"/n": section}
        press.pages |= {f"/a-{n}": page(f"Titre {n}") for n in range(1, 20)}
        outlet = source(press, feeds=(), sections=(f"{press.url}/n",), article_url=r"/a-\d+$")
        first = await stage.visit(outlet)
        assert (first.new_articles, first.entries) == (9, 9)
        numbers += [10, 11, 12, 13]
        press.seen.clear()
        stage.clock.pass_by(hours=1)
        second = await stage.visit(outlet, first.state)
        assert second.new_articles == 4
        assert press.paths()[:2] == ["/n", "/n?page=2"]
        assert "/n?page=3" not in press.paths()


async def test_a_sitemap_index_is_read_with_its_gzipped_children_and_cheaply_again():
    def urlset(*links: str) -> str:
        rows = "".join(f"<url><loc>{link}</loc></url>" for link in links)
        return f"<?xml version='1.0'?><urlset>{rows}</urlset>"

    async with local_press() as press, Stage() as stage:
        names = ("one.xml", "two.xml.gz", "broken.xml")
        rows = "".join(f"<sitemap><loc>{press.url}/{name}</loc></sitemap>" for name in names)
        press.pages |= {
            "/index.xml": f"<?xml version='1.0'?><sitemapindex>{rows}</sitemapindex>",
            "/one.xml": urlset(f"{press.url}/a-1"),
            "/two.xml.gz": gzip.compress(urlset(f"{press.url}/a-2").encode()),
            "/broken.xml": 500,
            "/a-1": page("Une"),
            "/a-2": page("Deux"),
        }
        outlet = source(press, feeds=(), sitemaps=(f"{press.url}/index.xml",))
        first = await stage.visit(outlet)
        assert (first.outcome, first.new_articles) == (VisitOutcome.OK, 2)
        stage.workers.calls.clear()
        stage.clock.pass_by(hours=1)
        second = await stage.visit(outlet, first.state)
        assert second.outcome is VisitOutcome.NOT_MODIFIED
        assert stage.workers.calls == [
            "read_sitemap"
        ]  # the index alone: its children are as before


async def test_an_index_that_names_itself_ends():
    async with local_press() as press, Stage() as stage:
        loop = f"<sitemap><loc>{press.url}/index.xml</loc></sitemap>"
        press.pages["/index.xml"] = f"<?xml version='1.0'?><sitemapindex>{loop}</sitemapindex>"
        await stage.visit(source(press, feeds=(), sitemaps=(f"{press.url}/index.xml",)))
        assert len(press.paths()) == 2


async def test_an_archive_by_day_is_the_last_way():
    async with local_press() as press, Stage() as stage:
        press.pages |= {
            "/2026-11-25": listing("/a-1"),
            "/2026-11-24": listing("/a-2"),
            "/a-1": page(),
            "/a-2": page(),
        }
        archive = press.url + "/{date:%Y-%m-%d}"
        outlet = source(press, archives=(archive,), article_url=r"/a-\d+$")
        report = await stage.visit(outlet)
        assert (report.outcome, report.new_articles) == (VisitOutcome.OK, 2)
