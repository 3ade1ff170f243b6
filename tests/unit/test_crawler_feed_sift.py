from __future__ import annotations

import json
import time

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feed_sift import sift
from crawler.feeds import parse_feed

URL = "https://press.dz/feed/"


def item(number: int, words: str = "Le résumé.", extra: str = "") -> str:
    return (
        f"<item><title>Visite {number}</title><link>https://press.dz/a/{number}</link>"
        f"<description><![CDATA[<p>{words}</p>]]></description>{extra}</item>"
    )


def rss(*items: str, head: str = "<title>P</title><ttl>30</ttl>") -> bytes:
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


def atom(*numbers: int) -> bytes:
    entries = "".join(
        f"<entry><title>Visite {n}</title><link href='/a/{n}'/><summary>S</summary></entry>\n"
        for n in numbers
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://press.dz/'>{entries}</feed>".encode()


def rdf(*numbers: int) -> bytes:
    items = "".join(
        f"<item rdf:about='https://press.dz/a/{n}'><title>Visite {n}</title>"
        f"<link>https://press.dz/a/{n}</link></item>"
        for n in numbers
    )
    return (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns='http://purl.org/rss/1.0/'><channel><title>P</title><items><rdf:Seq/></items>"
        f"</channel>{items}</rdf:RDF>"
    ).encode()


def json_feed(*numbers: int) -> bytes:
    items = [
        {"id": str(n), "url": f"https://press.dz/a/{n}", "title": f"Visite {n}"} for n in numbers
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


FORMATS = {
    "rss": lambda *numbers: rss(*map(item, numbers)),
    "atom": atom,
    "rdf": rdf,
    "json": json_feed,
}


def links(feed) -> list[str]:
    return [entry.link.rpartition("/")[2] for entry in feed.entries]


@pytest.mark.parametrize("form", FORMATS)
def test_only_what_is_new_is_read_and_all_is_counted(form):
    make = FORMATS[form]
    first = parse_feed(make(3, 2, 1), URL)
    assert (links(first), first.known, len(first.items)) == (["3", "2", "1"], 0, 3)
    second = parse_feed(make(5, 4, 3, 2), URL, "", first.items)
    assert (links(second), second.known, second.listed) == (["5", "4"], 2, 4)
    assert second.items == parse_feed(make(5, 4, 3, 2), URL).items
    nothing = parse_feed(make(5, 4, 3), URL, "", second.items)
    assert (links(nothing), nothing.known, nothing.listed) == ([], 3, 3)
    assert second.kind == first.kind


def test_what_the_channel_says_is_still_heard():
    known = parse_feed(rss(item(1)), URL).items
    feed = parse_feed(rss(item(1), head="<title>Q</title><ttl>60</ttl>"), URL, "", known)
    assert (feed.title, feed.ttl_seconds) == ("Q", 3600)


def test_an_edited_item_is_read_again_and_a_new_comment_makes_none():
    known = parse_feed(
        rss(
            item(1),
            item(2, extra="<slash:comments>3</slash:comments>"),
            head="<x xmlns:slash='urn:s'/>",
        ).replace(b"<rss ", b"<rss xmlns:slash='urn:s' "),
        URL,
    ).items
    again = rss(item(1, "Corrigé."), item(2, extra="<slash:comments>44</slash:comments>"))
    feed = parse_feed(again.replace(b"<rss ", b"<rss xmlns:slash='urn:s' "), URL, "", known)
    assert [(e.link, e.summary) for e in feed.entries] == [("https://press.dz/a/1", "Corrigé.")]


UNSURE = {
    "an item in an item": rss(item(1, extra="<item></item>")),
    "an item in a marked section": rss(item(1, "a <item> b")),
    "the end of an item in a marked section": rss(item(1, "a </item> b")),
    "words between items": rss(item(1), "stray", item(2)),
    "a comment around an item": rss(item(1), "<!--", item(2), "-->", item(3)),
    "an end without a begin": rss("</item>", item(1)),
    "cut in an item": rss(item(1), item(2))[:-60],
}


@pytest.mark.parametrize("case", UNSURE)
def test_a_document_that_is_not_plain_is_parsed_whole(case):
    body = UNSURE[case]
    assert sift(body, ()) is None
    one = parse_feed(rss(item(1)), URL).items
    assert _read(body, one) == _read(body, ())


def _read(body: bytes, known: tuple[str, ...]) -> object:
    feed = parse_feed(body, URL, "", known)
    return feed.entries, feed.listed, bool(feed.bozo)


def test_a_broken_new_item_is_read_as_if_nothing_were_known():
    known = parse_feed(rss(item(1), item(2)), URL).items
    body = rss(item(3).replace("Visite", "Visite & <b>"), item(1), item(2))
    feed = parse_feed(body, URL, "", known)
    assert feed.bozo
    assert set(links(feed)) >= {"1", "2"}
    assert feed.known == 0


def test_an_encoding_that_must_be_guessed_is_guessed_from_all_of_it():
    arabic = "استقبل الفريق أول وفدا عسكريا"
    whole = rss(item(1, arabic), item(2, arabic)).decode().encode("cp1256", "replace")
    known = parse_feed(whole, URL).items
    more = (
        rss(item(3, arabic), item(1, arabic), item(2, arabic)).decode().encode("cp1256", "replace")
    )
    feed = parse_feed(more, URL, "", known)
    assert arabic in [entry.summary for entry in feed.entries]


def test_entities_in_a_new_item_s_document_are_refused_as_ever():
    known = parse_feed(rss(item(1)), URL).items
    bomb = b"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY x 'y'>]>" + rss(item(1), item(2))
    with pytest.raises(Exception, match="entities"):
        parse_feed(bomb, URL, "", known)


@given(st.lists(st.integers(0, 30), max_size=12), st.lists(st.integers(0, 30), max_size=12))
def test_known_or_not_the_new_entries_are_the_same(old, new):
    known = set(parse_feed(rss(*map(item, old)), URL).items)
    read = links(parse_feed(rss(*map(item, new)), URL, "", known))
    assert read == [n for n in dict.fromkeys(map(str, new)) if int(n) not in old]


def test_a_steady_poll_is_thirty_times_cheaper_than_feedparser():
    """Fifty items of full text, one of them new: the least of several runs, so that load is out."""
    text = "<p>Le ministre a reçu mardi à Alger une délégation conduite par le général.</p>" * 40
    old, new = (rss(*(item(n, text) for n in range(start + 50, start, -1))) for start in (0, 1))
    known = frozenset(parse_feed(old, URL).items)
    assert len(parse_feed(new, URL, "", known).entries) == 1
    ours = min(_cost(lambda: parse_feed(new, URL, "", known)) for _ in range(7))
    theirs = min(_cost(lambda: feedparser.parse(new)) for _ in range(3))
    assert theirs > 30 * ours


def _cost(work) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
