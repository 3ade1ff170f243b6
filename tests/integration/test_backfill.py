"""A source's past: archives by day and page, sitemaps, sections; stopped, gone on, told or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from command_line import Run, make_run, one_line
from crawler_stage import Press, Stage, item, local_press, page, rss, source
from test_sources_new import Site

from crawler.backfilling import NoArchiveError, Span, Tally
from domain.backfill import BackfillStep
from domain.source import Source
from marsad.cluster.past import PartOverError

SPAN = Span(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 11, tzinfo=UTC))
PATTERN = r"/\d{4}/\d{2}/"


class Steps:
    """A shelf of steps, and a watcher."""

    def __init__(self) -> None:
        self.kept: dict[str, BackfillStep] = {}
        self.shares: list[float] = []

    async def steps(self) -> dict[str, BackfillStep]:
        return dict(self.kept)

    async def keep(self, step: BackfillStep) -> None:
        self.kept[step.url] = step

    def listed(self, url: str, articles: int) -> None:
        """See nothing."""

    def read(self) -> None:
        """See nothing."""

    def done(self, step: BackfillStep, share: float) -> None:
        self.shares.append(share)


def story(press: Press, day: int, number: int = 0, *, month: int = 11) -> str:
    """Publish an article of a day; return its path."""
    path = f"/2026/{month:02d}/un-titre-de-{day}-{number}"
    stamp = f"2026-{month:02d}-{day:02d}T10:00:00+01:00"
    head = f"<meta property='article:published_time' content='{stamp}'>"
    press.pages[path] = page(f"Titre {month} {day} {number}", head=head)
    return path


def cards(*paths: str, more: str = "") -> str:
    links = "".join(f"<li><a href='{p}'>Un titre assez long {p[-5:]}</a></li>" for p in paths)
    return f"<html><body><ul>{links}</ul>{more}</body></html>"


async def walk(stage: Stage, outlet: Source, steps: Steps | None = None) -> Tally:
    memory = steps or Steps()
    return await stage.collector.backfill(outlet, SPAN, memory, memory)


def days(stage: Stage) -> list[int]:
    return sorted(a.published_at.day for a in stage.desk.articles.values() if a.published_at)


class Briefly(Steps):
    """A shelf that has time for one step."""

    async def keep(self, step: BackfillStep) -> None:
        await super().keep(step)
        raise PartOverError


async def test_a_part_ends_with_its_step_and_the_next_goes_on():
    async with local_press() as press, Stage() as stage:
        for number in range(3):
            paths = [story(press, 9 - number, n) for n in range(2)]
            more = f"<a class='next' href='/nat?page={number + 2}'>»</a>"
            press.pages["/nat" if not number else f"/nat?page={number + 1}"] = cards(
                *paths, more=f"<div class='pagination'>{more}</div>" if number < 2 else ""
            )
        outlet = source(press, feeds=(), sections=(f"{press.url}/nat",), article_url=PATTERN)
        steps = Briefly()
        for number in range(1, 4):
            with pytest.raises(PartOverError):
                await walk(stage, outlet, steps)
            assert len(steps.kept) == number
        assert days(stage) == [7, 7, 8, 8, 9, 9]
        assert (await walk(stage, outlet, steps)).is_whole


async def test_pages_of_a_section_are_turned_until_they_are_too_old():
    async with local_press() as press, Stage() as stage:
        for number in range(12):
            day = 13 - 2 * number  # 13, 11, 9, ... then October
            month, day = (11, day) if day > 0 else (10, day + 31)
            paths = [story(press, day, n, month=month) for n in range(2)]
            more = (
                f"<div class='pagination'><a class='next' href='/nat?page={number + 2}'>»</a></div>"
            )
            press.pages["/nat" if not number else f"/nat?page={number + 1}"] = cards(
                *paths, more=more
            )
        outlet = source(press, feeds=(), sections=(f"{press.url}/nat",), article_url=PATTERN)
        steps = Steps()
        tally = await walk(stage, outlet, steps)
        assert days(stage) == [1, 1, 3, 3, 5, 5, 7, 7, 9, 9]
        assert (tally.new, tally.is_reached, tally.is_whole) == (10, True, True)
        asked = [p for p in press.paths() if p.startswith("/nat")]
        assert len(asked) == 8  # the first page of October is the last
        assert steps.shares == sorted(steps.shares)
        assert steps.shares[-1] == 1.0


async def test_an_archive_by_day_asks_for_each_day_once():
    async with local_press() as press, Stage() as stage:
        for day in range(1, 12):
            press.pages[f"/2026/11/{day:02d}/"] = cards(story(press, day))
        outlet = source(
            press,
            feeds=(),
            archives=(press.url + "/{date:%Y/%m/%d}/",),
            article_url=r"/un-titre",
        )
        tally = await walk(stage, outlet)
        assert days(stage) == list(range(1, 11))
        assert tally.is_reached
        again = await walk(stage, outlet)
        assert again.new == 0
        assert sum("un-titre" in p for p in press.paths()) == 10 + 2  # the eleventh is too young


async def test_an_archive_by_page_may_be_a_feed_with_whole_texts():
    async with local_press() as press, Stage() as stage:
        for number in range(1, 6):
            text = f"<content:encoded>{'Le texte entier de la nouvelle. ' * 40}</content:encoded>"
            day = 12 - 3 * number if number < 4 else 30
            month = "Nov" if number < 4 else "Oct"
            entry = item(f"/2026/a-{number}", f"T{number}", extra=text)
            entry = entry.replace("24 Nov", f"{day} {month}")
            press.pages[f"/feed/?paged={number}"] = rss(entry)
        archive = f"{press.url}/feed/?paged={{page}}"
        outlet = source(press, feeds=(), archives=(archive,), article_url=r"/a-\d")
        tally = await walk(stage, outlet)
        assert days(stage) == [3, 6, 9]
        assert tally.is_reached
        assert not any("/2026/a-" in p for p in press.paths())  # the feed had them whole
        assert "/feed/?paged=5" not in press.paths()


def sitemap(press: Press, *rows: tuple[str, str]) -> str:
    urls = "".join(f"<url><loc>{press.url}{p}</loc><lastmod>{d}</lastmod></url>" for p, d in rows)
    return f"<?xml version='1.0'?><urlset>{urls}</urlset>"


async def test_the_sitemaps_of_an_index_are_walked_but_for_those_too_old():
    async with local_press() as press, Stage() as stage:
        rows = [
            (story(press, day, n), f"2026-11-{day:02d}") for day in range(1, 13) for n in range(3)
        ]
        edited = story(press, 20, month=9), "2026-11-05"  # old, and touched since
        rows.append(edited)
        press.pages["/posts-9.xml"] = sitemap(press, *rows[:20], edited)
        press.pages["/posts-10.xml"] = sitemap(press, *rows[20:36])
        index = "".join(
            f"<sitemap><loc>{press.url}/{name}.xml</loc><lastmod>{date}</lastmod></sitemap>"
            for name, date in (
                ("posts-9", "2026-11-08"),
                ("posts-10", "2026-11-12"),
                *((f"posts-{n}", f"2025-0{n}-01") for n in range(1, 9)),
            )
        )
        press.pages["/robots.txt"] = f"User-agent: *\nSitemap: {press.url}/index.xml\n"
        press.pages["/index.xml"] = f"<?xml version='1.0'?><sitemapindex>{index}</sitemapindex>"
        tally = await walk(stage, source(press, feeds=(), article_url=PATTERN))
        assert days(stage) == sorted([day for day in range(1, 11) for _ in range(3)])
        assert tally.is_reached
        assert not any(p.startswith("/posts-1.") for p in press.paths())


async def test_a_walk_that_was_stopped_goes_on_where_it_was():
    async with local_press() as press, Stage() as stage:
        busy = [True]

        async def third(request: web.Request) -> web.StreamResponse:
            if busy[0]:
                return web.Response(status=503, headers={"Retry-After": "600"})
            return web.Response(text=cards(story(press, 4)), content_type="text/html")

        for number, day in ((1, 10), (2, 7), (4, 1), (5, 30)):
            path = story(press, day, month=11 if day < 30 else 10)
            press.pages[f"/p/{number}"] = cards(path)
        press.pages["/p/3"] = third
        archive = f"{press.url}/p/{{page}}"
        outlet = source(press, feeds=(), archives=(archive,), article_url=PATTERN)
        steps = Steps()
        first = await walk(stage, outlet, steps)
        assert (first.is_whole, days(stage)) == (False, [7, 10])
        busy[0] = False
        stage.clock.pass_by(minutes=11)
        before = len(press.paths())
        second = await walk(stage, outlet, steps)
        assert (second.is_whole, second.new, days(stage)) == (True, 4, [1, 4, 7, 10])
        assert [p for p in press.paths()[before:] if p.startswith("/p/")] == [
            "/p/3",
            "/p/4",
            "/p/5",
        ]


async def test_a_source_without_an_archive_is_said_so():
    async with local_press() as press, Stage() as stage:
        with pytest.raises(NoArchiveError, match="no archive, sitemap or section"):
            await walk(stage, source(press))
        with pytest.raises(NoArchiveError, match="HTTP 404"):
            await walk(stage, source(press, sitemaps=(f"{press.url}/none.xml",)))


# --- as a command


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("MARSAD_CONFIG", "MARSAD_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    return make_run(capsys, monkeypatch)


def configure(site: Site, ways: str) -> None:
    Path("config.yaml").write_text(
        "database: sqlite:///press.db\n"
        "crawler: {include: [], delay: 0s, allow_private_networks: true}\n"
        f"sources:\n- {{id: tell, name: Tell, url: '{site.url}/', language: fr, country: DZ,\n"
        f"   {ways}}}\n"
        f"- {{id: other, name: Other, url: '{site.url}/', language: fr, country: DZ,"
        f" feeds: ['{site.url}/feed']}}\n"
        "alerts:\n  channels: {desk: {type: console}}\n  routes: [{channels: [desk]}]\n",
        "utf-8",
    )


HIT = (
    "Le général d'armée Saïd Chanegriha a reçu à Alger le chef d'état-major de la défense "
    "italienne pour renforcer la coopération militaire bilatérale entre l'Algérie et l'Italie. "
)


def test_the_command_files_what_it_finds_and_tells_only_what_is_fresh(run: Run, site: Site) -> None:
    configure(site, f"sections: ['{site.url}/nat'], article_url: '/a-[0-9]+$'")
    now = datetime.now(UTC)
    dates = {n: now - timedelta(days=days_) for n, days_ in ((1, 0.1), (2, 5), (3, 9), (4, 40))}
    for number, date in dates.items():
        head = f"<meta property='article:published_time' content='{date.isoformat()}'>"
        body = page(f"Visite {number}", head=head).replace("<p>", f"<p>{HIT}", 2)
        site.pages[f"/a-{number}"] = body
    site.pages["/a-5"] = page("Visite 5").replace("<p>", f"<p>{HIT}", 2)  # without a date
    site.pages["/nat"] = cards(*(f"/a-{n}" for n in (1, 2, 3, 5, 4)))
    ran = run("backfill", "tell", "--since", "30d")
    assert ran.code == 0, ran
    assert "articles/min" in ran.err
    assert "4 new articles, 4 hits" in ran.err
    with closing(sqlite3.connect("press.db")) as connection:
        told = connection.execute(
            "SELECT a.url FROM deliveries d JOIN articles a USING (article_id)"
        ).fetchall()
        stored = connection.execute("SELECT count(*) FROM articles").fetchone()
        finished = connection.execute("SELECT count(finished) FROM backfills").fetchone()
    assert [url for (url,) in told] == [f"{site.url}/a-1"]
    assert (stored, finished) == ((4,), (1,))


def test_what_cannot_be_collected_is_said_in_one_line(run: Run, site: Site) -> None:
    configure(site, f"feeds: ['{site.url}/feed']")
    one_line(run("backfill", "nobody", "--since", "30d"), 2, "nobody")
    one_line(run("backfill", "tell", "--since", "soon"), 2, "soon")
    one_line(run("backfill", "tell", "--since", "2026-01-02", "--until", "2026-01-01"), 2, "before")
    one_line(run("backfill", "tell", "--since", "30d"), 1, "tell: no archive, sitemap or section")
