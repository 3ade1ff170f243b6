from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.feeds import parse_feed
from domain.errors import FeedError

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))
URL = "https://press.dz/feed/"
WHEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


def rss(items: str, head: str = "<?xml version='1.0' encoding='UTF-8'?>") -> bytes:
    return (
        f"{head}<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Presse</title>"
        f"<link>https://press.dz/</link><ttl>30</ttl>{items}</channel></rss>"
    ).encode()


ITEM = (
    "<item><title>Une visite</title><link>https://press.dz/a/1</link><guid>g1</guid>"
    "<description>Le résumé.</description><dc:creator>A. Auteur</dc:creator>"
    "<pubDate>Tue, 24 Nov 2026 10:00:00 +0100</pubDate></item>"
)
FORMATS = {
    "rss": rss(ITEM),
    "rss 0.91 without a namespace": b"<rss version='0.91'><channel><title>P</title><item>"
    b"<title>Une visite</title><link>https://press.dz/a/1</link>"
    b"<description>Le r\xc3\xa9sum\xc3\xa9.</description></item></channel></rss>",
    "rdf": b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
    b"xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
    b"<channel><title>P</title></channel><item><title>Une visite</title>"
    b"<link>https://press.dz/a/1</link><description>Le r\xc3\xa9sum\xc3\xa9.</description>"
    b"<dc:date>2026-11-24T10:00:00+01:00</dc:date></item></rdf:RDF>",
    "atom": b"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://press.dz/'><title>P</title>"
    b"<entry><title type='html'>Une &lt;b&gt;visite&lt;/b&gt;</title><id>g1</id>"
    b"<link rel='self' href='/x'/><link href='a/1'/><author><name>A. Auteur</name></author>"
    b"<published>2026-11-24T09:00:00Z</published><updated>2026-11-25T09:00:00Z</updated>"
    b"<summary type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Le r\xc3\xa9sum\xc3\xa9."
    b"</p></div></summary></entry></feed>",
    "json": b'{"version": "https://jsonfeed.org/version/1.1", "title": "P", "items": [{"id": "g1", '
    b'"url": "https://press.dz/a/1", "title": "Une visite", "summary": "Le r\xc3\xa9sum\xc3\xa9.", '
    b'"date_published": "2026-11-24T10:00:00+01:00", "authors": [{"name": "A. Auteur"}]}]}',
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_the_same(name):
    feed = parse_feed(FORMATS[name], URL)
    [entry] = feed.entries
    assert feed.bozo == ""
    assert feed.listed == 1
    assert (entry.link, entry.title, entry.summary) == (
        "https://press.dz/a/1",
        "Une visite",
        "Le résumé.",
    )
    assert entry.text == ""
    if "0.91" not in name:
        assert entry.published_at == WHEN
    if name in ("rss", "atom", "json"):
        assert entry.authors == ("A. Auteur",)
        assert entry.guid == "g1"


def test_a_feed_may_ask_to_be_left_alone():
    assert parse_feed(rss(ITEM), URL).ttl_seconds == 1800


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xef\xbb\xbf  ", "no feed"),
        (b"<!DOCTYPE html><html><body>Bienvenue</body></html>", "HTML"),
        (b"<!-- x --><html><head></head></html>", "HTML"),
        (b"<?xml version='1.0'?><opml><body/></opml>", "no feed"),
        (b"<?xml version='1.0'?><urlset><url><loc>https://a.dz/</loc></url></urlset>", "no feed"),
        (b"{}", "JSON"),
        (b'{"items": []}', "JSON"),
        (b"[1, 2", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"plain words", "no feed"),
        (b"\x00\x01\x02\x03", "no feed"),
        (b"<rss version='2.0'>", "no entry is whole"),
        (b"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY x 'y'>]><rss><channel/></rss>", "entities"),
    ],
)
def test_what_is_no_feed_is_an_error(body, reason):
    with pytest.raises(FeedError, match=reason) as caught:
        parse_feed(body, URL)
    assert caught.value.url == URL


def test_a_valid_feed_may_be_empty():
    feed = parse_feed(rss(""), URL)
    assert (feed.entries, feed.listed, feed.bozo) == ((), 0, "")


BROKEN = {
    "stray ampersand": rss(ITEM.replace("Le résumé.", "A & B <b>x")),
    "leading blank line": b"\n\n" + rss(ITEM),
    "junk before": b"PHP Warning: x\n" + rss(ITEM),
    "junk after": rss(ITEM) + b"<script>x</script>",
    "html entity": rss(ITEM.replace("Le résumé.", "caf&eacute;")),
    "control letter": rss(ITEM.replace("Le", "L\x01e")),
    "unclosed": rss(ITEM)[:-15],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_feed_keeps_what_is_whole(name):
    feed = parse_feed(BROKEN[name], URL)
    assert [(e.title, e.link) for e in feed.entries] == [("Une visite", "https://press.dz/a/1")]


@pytest.mark.parametrize("cut", [40, 90, 160, 200])
def test_the_half_item_of_a_truncated_feed_is_dropped(cut):
    second = ITEM.replace("/a/1", "/a/2").replace("Le résumé.", "Le résumé entier de la visite.")
    whole = rss(ITEM + second)
    feed = parse_feed(whole[: whole.rfind(b"<item>") + cut], URL)
    assert [entry.link for entry in feed.entries] == ["https://press.dz/a/1"]
    assert "not well-formed" in feed.bozo


def test_a_broken_feed_wants_link_and_title():
    items = ITEM + "<item><link>https://press.dz/2</link><description>x</description></item>& "
    assert len(parse_feed(rss(items), URL).entries) == 1


def test_what_has_no_address_is_told_under_a_name_that_nothing_opens():
    links = ("javascript:alert(1)", "data:text/html,x", "")
    items = "".join(
        f"<item><title>T{n}</title><link>{link}</link></item>" for n, link in enumerate(links)
    )
    untold = "<item><link>javascript:alert(1)</link><description>x</description></item>"
    opened = "<item><title>T</title><link>/a/2?utm_source=rss#top</link></item>"
    *named, last = parse_feed(rss(items + untold + opened), URL).entries
    assert last.link == "https://press.dz/a/2"
    assert [entry.title for entry in named] == ["T0", "T1", "T2"]
    assert len({entry.link for entry in named}) == 3
    assert all(entry.link.startswith("urn:marsad:") for entry in named)
    again = parse_feed(rss(items), URL).entries
    assert [entry.link for entry in again] == [entry.link for entry in named]


def test_a_permalink_guid_stands_in_for_a_missing_link():
    item = "<item><title>T</title><guid isPermaLink='true'>https://press.dz/9</guid></item>"
    hidden = item.replace("true", "false")
    assert [e.link for e in parse_feed(rss(item), URL).entries] == ["https://press.dz/9"]
    assert [e.link[:11] for e in parse_feed(rss(hidden), URL).entries] == ["urn:marsad:"]


def test_a_link_that_stands_twice_is_one_entry():
    assert len(parse_feed(rss(ITEM + ITEM), URL).entries) == 1


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("A &amp;amp; B", "A & B"),
        ("l&amp;#8217;armée", "l’armée"),
        ("&lt;b&gt;Une&lt;/b&gt; visite", "Une visite"),
        ("3 &lt; 4", "3 < 4"),
        ("Une\n  visite\u202e", "Une visite"),
        ("<![CDATA[L&rsquo;état &amp; moi]]>", "L’état & moi"),
        ("Ø§Ù„Ø¬ÙŠØ´", "الجيش"),
    ],
)
def test_titles_come_out_plain(markup, plain):
    [entry] = parse_feed(rss(ITEM.replace("Une visite", markup)), URL).entries
    assert entry.title == plain


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("&lt;p&gt;Un.&lt;/p&gt;&lt;p&gt;Deux.&lt;/p&gt;", "Un.\n\nDeux."),
        ("Un.&amp;lt;BR&amp;gt;Deux.", "Un.\nDeux."),
        ("<![CDATA[<p>Un&nbsp;mot.</p><script>x()</script>]]>", "Un mot."),
        (
            "<![CDATA[<p>Un.</p><p>L’article <a href='x'>Une visite</a> est apparu en premier sur "
            "<a href='y'>Presse</a>.</p>]]>",
            "Un.",
        ),
        ("<![CDATA[<p>One.</p>\n<p>The post <a>X</a> appeared first on <a>Y</a>.</p>]]>", "One."),
        ("<![CDATA[<p>One.</p><p>The post <a>X</a> first appeared on .</p>]]>", "One."),
    ],
)
def test_teasers_come_out_plain_without_the_tail(markup, plain):
    [entry] = parse_feed(rss(ITEM.replace("Le résumé.", markup)), URL).entries
    assert entry.summary == plain


LONG = "Une phrase assez longue pour compter comme du texte. " * 20


@pytest.mark.parametrize(
    ("description", "content", "is_full"),
    [
        ("Court.", f"<p>{LONG}</p><p>{LONG}</p>", True),
        ("Court.", f"<p>{LONG}[…]</p>", False),
        ("Court.", f"<p>{LONG}... Lire la suite</p>", False),
        ("Court.", "<p>Court aussi.</p>", False),
        (LONG, f"<p>{LONG}</p>", False),
        (LONG * 2, "", True),
        (f"{LONG}", "", False),
    ],
)
def test_whether_the_feed_holds_the_whole_text(description, content, is_full):
    extra = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
    item = ITEM.replace("Le résumé.", description).replace("</item>", f"{extra}</item>")
    [entry] = parse_feed(rss(item), URL).entries
    assert bool(entry.text) is is_full


def test_dates_that_cannot_be_true_are_absent_with_the_reason():
    for date, note in (("Thu, 01 Jan 1970 00:00:00 GMT", "too old"), ("demain", "not understood")):
        [entry] = parse_feed(
            rss(ITEM.replace("Tue, 24 Nov 2026 10:00:00 +0100", date)), URL
        ).entries
        assert entry.published_at is None
        assert note in entry.date_note
    [entry] = parse_feed(
        rss(ITEM.replace("Tue, 24 Nov 2026 10:00:00 +0100", "10:00 | 24-11-2026")), URL
    ).entries
    assert entry.published_at == WHEN


def test_limits_hold():
    item = ITEM.replace("Une visite", "x" * 100_000).replace("Le résumé.", "y" * 100_000 + "…")
    [entry] = parse_feed(rss(item), URL).entries
    assert len(entry.title) == 500
    assert len(entry.summary) == 4000


@pytest.mark.shared
@pytest.mark.parametrize(
    "folder", ["feedparser", "feedvalidator", "reader", "xml-attacks", "scrapy-compressed"]
)
def test_no_file_of_the_corpora_raises_anything_else(folder):
    root = SHARED / "data" / folder
    if not root.is_dir():
        pytest.skip(f"no {root} beside the checkout")
    read = refused = 0
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        begin = time.process_time()
        try:
            feed = parse_feed(path.read_bytes(), f"https://corpus.example/{path.name}")
        except FeedError:
            refused += 1
        else:
            read += 1
            schemes = ("http://", "https://", "urn:marsad:")
            assert all(e.link.startswith(schemes) for e in feed.entries)
            assert not any("\x00" in e.title + e.summary + e.text for e in feed.entries)
        assert time.process_time() - begin < 5, path
    assert read + refused > 0
