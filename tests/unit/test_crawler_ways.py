"""The order of the ways in, section pages, page turning, sitemaps: pure parts."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archives import address, template_problem
from crawler.sections import parse_section
from crawler.sitemaps import parse_sitemap
from crawler.standing import PATIENCE, after_failure, in_order, is_resting, rest_after
from crawler.turning import usual_next_page
from crawler.ways import Kind, ways_of
from domain.errors import FeedError
from domain.source import Source, Validators

NOW = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
DAY = date(2026, 11, 26)
HOME = "https://press.dz/"


def outlet(**ways: object) -> Source:
    return Source(id="x", name="X", url=HOME, language="fr", country="DZ", **ways)


def test_ways_come_in_groups_best_first():
    source = outlet(
        feeds=("https://press.dz/feed", "https://press.dz/ar/feed"),
        fallback_feeds=("https://twin.dz/feed",),
        sitemaps=("https://press.dz/news.xml",),
        sections=("https://press.dz/nation",),
        archives=("https://press.dz/{date:%Y/%m/%d}/", "https://press.dz/feed?paged={page}"),
        article_url="-",
    )
    groups = ways_of(source, DAY)
    assert [[way.kind for way in group] for group in groups] == [
        [Kind.FEED, Kind.FEED],
        [Kind.FEED],
        [Kind.SITEMAP],
        [Kind.SECTION],
        [Kind.ARCHIVE, Kind.ARCHIVE],
    ]
    assert [way.url for way in groups[-1]] == [
        "https://press.dz/2026/11/26/",
        "https://press.dz/2026/11/25/",
    ]
    assert ways_of(outlet(sections=("https://press.dz/nation",)), DAY) == []


def test_a_way_that_fails_again_and_again_gives_place_and_comes_back():
    source = outlet(
        feeds=("https://press.dz/feed",), sections=("https://press.dz/n",), article_url="-"
    )
    groups = ways_of(source, DAY)
    [feed], _ = groups
    standing, now, led = None, NOW, []
    for _ in range(6):  # the feed is dead, the section answers
        order = in_order(groups, {feed.url: standing} if standing else {}, now)
        led.append(order[0][0].kind)
        if order[0] == [feed]:
            standing = after_failure(standing, feed.url, now)
        now += timedelta(minutes=20)
    assert led == [Kind.FEED] * 3 + [Kind.SECTION] * 2 + [Kind.FEED]  # an hour's rest
    assert in_order(groups, {feed.url: standing}, now)[-1] == [feed]  # still tried, but last
    assert in_order(groups, {feed.url: standing}, now + timedelta(hours=2))[0] == [feed]


def test_a_rest_grows_to_a_day_and_a_server_may_ask_for_more_within_it():
    rests = [rest_after(n) for n in range(1, 12)]
    assert rests[:PATIENCE] == [timedelta(0)] * PATIENCE
    assert rests == sorted(rests)
    assert rests[-1] == rest_after(10_000) == timedelta(hours=24)
    asked = after_failure(None, "u", NOW, timedelta(hours=5))
    assert asked.rests_until == NOW + timedelta(hours=5)
    assert after_failure(None, "u", NOW, timedelta(days=9)).rests_until == NOW + timedelta(days=1)
    kept = Validators(url="u", etag='"1"', body_hash="h", failures=4)
    assert after_failure(kept, "u", NOW).etag == '"1"'


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=3), max_size=5))
def test_no_way_is_ever_left_out(plan: list[list[bool]]):
    source = outlet(feeds=tuple(f"https://press.dz/{n}" for n in range(sum(map(len, plan)))))
    ways = iter([way for group in ways_of(source, DAY) for way in group])
    groups = [[(next(ways), rests) for rests in group] for group in plan]
    known = {
        way.url: Validators(url=way.url, rests_until=NOW + timedelta(hours=1))
        for group in groups
        for way, rests in group
        if rests
    }
    order = in_order([[way for way, _ in group] for group in groups], known, NOW)
    flat = [way for group in order for way in group]
    assert sorted(way.url for way in flat) == sorted(w.url for g in groups for w, _ in g)
    resting = [is_resting(known.get(way.url), NOW) for way in flat]
    assert resting == sorted(resting)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("https://x.dz/{date:%Y-%m-%d}", None),
        ("https://x.dz/?p={page}", None),
        ("https://x.dz/{date:%Y}/{page}", None),
        ("https://x.dz/", "needs"),
        ("https://x.dz/{date}", "its form"),
        ("https://x.dz/{date.__class__}", "unknown"),
        ("https://x.dz/{0}", "unknown"),
        ("https://x.dz/{", "no valid template"),
    ],
)
def test_archive_templates(template, problem):
    found = template_problem(template)
    assert (found is None) if problem is None else (problem in found)


def test_an_archive_address():
    assert address("https://x.dz/{date:%d-%m-%Y}?p={page}", DAY, 3) == "https://x.dz/26-11-2026?p=3"


SECTION = """
<html><body><nav><a href="/nation/">Nation</a></nav>
<article class="card"><a href="/nation/une-visite-101"><img></a>
  <h3><a href="/nation/une-visite-101">Une visite à Alger</a></h3>
  <time datetime="2026-11-24T10:00+01:00">hier</time>
  <a href="/nation/une-visite-101">Lire la suite</a>
  <a href="/nation/une-visite-101#c">3 commentaires</a></article>
<article class="card"><a href="//www.press.dz/nation/accord-102?utm_source=x">
  <span>Politique</span><h2>Un accord</h2></a></article>
<a href="https://facebook.example/nation/une-page-103">ailleurs</a>
<a href="https://sport.press.dz/nation/un-match-104">Un match</a>
{bar}</body></html>"""


def read(bar: str = "", url: str = "https://press.dz/nation/", **more):
    body = SECTION.replace("{bar}", bar).encode()
    return parse_section(body, url, r"-\d+$", hosts={"press.dz"}, **more)


def test_a_section_lists_the_outlets_own_articles_with_their_titles():
    page = read()
    assert [(e.link, e.title) for e in page.entries] == [
        ("https://press.dz/nation/une-visite-101", "Une visite à Alger"),
        ("https://www.press.dz/nation/accord-102", "Un accord"),
        ("https://sport.press.dz/nation/un-match-104", "Un match"),
    ]
    assert page.entries[0].published_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert page.entries[1].published_at is None
    assert page.next_page is None


@pytest.mark.parametrize(
    ("bar", "url", "expected"),
    [
        ('<a rel="next" href="?page=2">2</a>', "https://press.dz/nation", "?page=2"),
        ('<link rel="next" href="/nation/page/2/">', "https://press.dz/nation/", "/nation/page/2/"),
        (
            '<a class="next page-numbers" href="/nation/page/3/">→</a>',
            "https://press.dz/nation/page/2/",
            "/nation/page/3/",
        ),
        (
            '<div class="pagination"><a href="?page=1">1</a><a href="?page=2">2</a>'
            '<a href="?page=9">9</a></div>',
            "https://press.dz/nation?page=1",
            "?page=2",
        ),
        (
            '<ul class="pagination"><li><a href="?start=20">2</a></li>'
            '<li><a href="?start=40">التالي</a></li></ul>',
            "https://press.dz/nation?start=20",
            "?start=40",
        ),
        (
            '<div class="pagination"><a href="?page=1">السابقة</a><a href="?page=3">3</a></div>',
            "https://press.dz/nation?page=2",
            "?page=3",
        ),
        (
            '<div class="pagination"><a href="?page=1">1</a></div>',
            "https://press.dz/nation?page=2",
            None,
        ),
        ('<a rel="next" href="https://elsewhere.example/2">2</a>', "https://press.dz/nation", None),
        ('<a class="next" href="#">suivant</a>', "https://press.dz/nation", None),
    ],
)
def test_the_page_behind_a_section(bar, url, expected):
    found = read(bar, url).next_page
    base = url.partition("?")[0]
    full = (
        None
        if expected is None
        else (f"{base}{expected}" if expected.startswith("?") else f"https://press.dz{expected}")
    )
    assert found == full


@pytest.mark.parametrize(
    ("family", "section", "here", "expected"),
    [
        ("wordpress", "https://x.dz/a/", "https://x.dz/a/", "https://x.dz/a/page/2/"),
        ("wordpress", "https://x.dz/a", "https://x.dz/a/page/2/", "https://x.dz/a/page/3/"),
        ("dz-vendor", "https://x.dz/nation", "https://x.dz/nation", "https://x.dz/nation?page=2"),
        ("dz-vendor", "https://x.dz/n", "https://x.dz/n?page=2", "https://x.dz/n?page=3"),
        ("joomla-k2", "https://x.dz/dz/n", "https://x.dz/dz/n", "https://x.dz/dz/n?start=20"),
        ("drupal", "https://x.dz/fr", "https://x.dz/fr?page=1", "https://x.dz/fr?page=2"),
        ("aps", "https://x.dz/fr", "https://x.dz/fr", None),
        ("", "https://x.dz/fr", "https://x.dz/fr", None),
        ("dz-vendor", "https://x.dz/n?c=4", "https://x.dz/n?c=4", None),
    ],
)
def test_the_usual_next_page_of_a_family(family, section, here, expected):
    assert usual_next_page(section, here, family) == expected


def test_a_section_without_an_article_is_no_list():
    with pytest.raises(FeedError, match="no article"):
        parse_section(b"<a href='/x'>x</a>", HOME, r"\d{9}")
    with pytest.raises(FeedError, match="too deep"):
        parse_section(b"<div>" * 200_000, HOME, r"\d")


def urlset(*rows: str) -> bytes:
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        f"{''.join(rows)}</urlset>"
    ).encode()


def row(link: str, lastmod: str = "", news: str = "") -> str:
    stamp = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<url><loc>{link}</loc>{stamp}{news}</url>"


NEWS = (
    "<news:news><news:publication_date>2026-11-24T09:00:00Z</news:publication_date>"
    "<news:title>Titre</news:title></news:news>"
)


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress], ids=["plain", "gzip"])
def test_a_plain_sitemap_is_held_to_the_pattern_a_news_sitemap_is_not(pack):
    body = pack(
        urlset(
            row("https://x.dz/"),
            row("https://x.dz/a-1", "2026-11-20"),
            row("https://x.dz/b-2", "2026-11-22"),
            row("https://x.dz/sans-numero", news=NEWS),
        )
    )
    found = parse_sitemap(body, HOME, article_url=r"-\d+$")
    assert [e.link for e in found.entries] == [
        "https://x.dz/sans-numero",
        "https://x.dz/b-2",
        "https://x.dz/a-1",
    ]
    assert found.listed == 4
    assert len(parse_sitemap(body, HOME).entries) == 4


def index(*rows: tuple[str, str]) -> bytes:
    body = "".join(
        f"<sitemap><loc>{link}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</sitemap>"
        for link, day in rows
    )
    return f"<?xml version='1.0'?><sitemapindex>{body}</sitemapindex>".encode()


def test_an_index_gives_news_first_then_the_newest_and_no_tags():
    found = parse_sitemap(
        index(
            ("https://x.dz/post-sitemap1.xml", "2024-01-01"),
            ("https://x.dz/post-sitemap2.xml", "2026-11-24"),
            ("https://x.dz/category-sitemap.xml", "2026-11-25"),
            ("https://x.dz/page-sitemap.xml", "2026-11-25"),
            ("https://x.dz/news-sitemap.xml", ""),
            ("javascript:alert(1)", ""),
        ),
        HOME,
    )
    assert [child.url.rpartition("/")[2] for child in found.children] == [
        "news-sitemap.xml",
        "post-sitemap2.xml",
        "post-sitemap1.xml",
    ]


def test_an_undated_series_is_read_from_both_ends():
    names = [f"https://x.dz/s{n}.xml" for n in range(1, 5)]
    found = parse_sitemap(index(*((name, "") for name in names)), HOME)
    assert [child.url for child in found.children] == [names[3], names[0], names[1], names[2]]
