"""The Atom feed by a validator's rules, on hits that mean it no good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from feed_rules import breaches

from domain.asking import HitRow
from marsad.web.feed import atom

ROOT, PATH = "http://127.0.0.1:8040/", "feed.xml?text=%D8%AA%D8%B9%D8%A7%D9%88%D9%86&limit=2"
NOW = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
HIT = HitRow(
    hit_id=1,
    rule="defence-cooperation",
    score=0.91,
    matched_at=NOW,
    published_at=NOW - timedelta(hours=2),
    outlet="tsa",
    language="fr",
    country="DZ",
    title="Exercice naval & <b>conjoint</b>",
    url="https://tsa.example/1?a=1&b=<2>",
    partners=("IT", "nato"),
    activities=("exercise",),
    persons=(),
    organisations=(),
    story_id=None,
    snippet="Les deux marines <script>alert(1)</script> ]]> &amp; se préparent",
    alerted_at=None,
)
HOSTILE = replace(
    HIT,
    hit_id=2,
    title="\x00\x1b\u202e \ud800\ufffe",
    url="https://tsa.example/100%?q[]=é\\^`{}|\"'",
    language="und",
    outlet="nobody knows",
    partners=("", "\x0b"),
    snippet="\x0c\udfff" * 9,
    published_at=datetime(33, 1, 1, tzinfo=UTC),
)
ODD = [
    HIT,
    HOSTILE,
    replace(HIT, hit_id=3, url="javascript:alert(1)", language="ar", title="تعاون عسكري"),
    replace(HIT, hit_id=4, url="https://[::1]:8/a b", title=" ", published_at=None),
    replace(HIT, hit_id=5, url="https://tsa.example/" + "x" * 3000, rule="energy-diplomacy"),
    replace(HIT, hit_id=8, url="https://[::1]?q[0]=%"),
    replace(HIT, hit_id=6, url="https://مثال.example/تعاون"),
    replace(HIT, hit_id=7, url="https://tsa.example/5", matched_at=NOW.replace(microsecond=7)),
]


@pytest.mark.parametrize("rows", [ODD, [], ODD[:2]])
def test_the_feed_breaks_no_rule_of_atom(rows: list[HitRow]):
    body = atom(rows, ROOT, PATH, {"tsa": "TSA <Algérie>", "nobody knows": " "}, more="feed.xml?a")
    assert breaches(body, ROOT + PATH) == []
    feed = feedparser.parse(body)
    assert not feed.bozo
    assert feed.version == "atom10"
    assert len(feed.entries) == len(rows)
    assert feed.feed.author == "marsad"
    assert [link.rel for link in feed.feed.links] == ["self", "alternate", "next"]


def test_what_stands_in_an_entry():
    entry = feedparser.parse(atom([HIT], ROOT, PATH, {"tsa": "TSA <Algérie>"})).entries[0]
    assert entry.title_detail.type == entry.summary_detail.type == "text/plain"
    assert entry.title == HIT.title
    assert entry.summary == HIT.snippet
    assert entry.link == "https://tsa.example/1?a=1&b=%3C2%3E"
    assert entry.author == "TSA <Algérie>"
    assert entry.published == "2026-03-14T07:26:00Z"
    assert [tag.term for tag in entry.tags] == ["IT", "nato", "exercise"]
    assert entry.title_detail.language == "fr"


def test_an_entry_keeps_its_id_and_another_hit_has_another():
    first, again = (feedparser.parse(atom([HIT], ROOT, p, {})).entries[0].id for p in (PATH, "x"))
    assert first == again
    other = replace(HIT, rule="energy-diplomacy")
    assert feedparser.parse(atom([other], ROOT, PATH, {})).entries[0].id != first


@pytest.mark.parametrize(
    ("taken", "given", "says"),
    [
        (b"<updated>2026-03-14T09:26:00Z</updated>", b"", "feed: 0 of updated"),
        (b"2026-03-14T09:26:00Z", b"2026-03-14 09:26", "no RFC 3339"),
        (b'rel="self"', b'rel="related"', "no link rel=self"),
        (b"<name>marsad</name>", b"<name />", "without a name"),
        (b"urn:uuid:", b"", "no absolute IRI"),
        (b"https://tsa.example", b"/tsa", "no absolute IRI"),
        (b"<summary>", b'<summary type="text/plain">', "type 'text/plain'"),
        (b"<summary>", b"<summary><b />", "markup"),
        (b'term="IT"', b"", "without a term"),
    ],
)
def test_a_breach_is_seen(taken: bytes, given: bytes, says: str):
    body = atom([HIT], ROOT, PATH, {})
    assert taken in body
    assert any(says in said for said in breaches(body.replace(taken, given, 1), ROOT + PATH))
