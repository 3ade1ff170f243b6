from __future__ import annotations

import pytest

from crawler.urls import canonical_url, resolve_link, url_key

HOME = "https://www.algerie360.com/"
ONE = "https://www.algerie360.com/une-visite?x=1"


@pytest.mark.parametrize(
    "variant",
    [
        "https://www.algerie360.com/une-visite/?x=1",
        "http://www.algerie360.com/une-visite/?x=1",
        "https://algerie360.com/une-visite?x=1",
        "HTTPS://WWW.Algerie360.COM/une-visite?x=1",
        "https://www.algerie360.com:443/une-visite?x=1",
        "http://algerie360.com:80/une-visite?x=1",
        "https://www.algerie360.com/une-visite?utm_source=a360&x=1&utm_medium=launenews",
        "https://www.algerie360.com/une-visite?x=1&fbclid=abc#comments",
        "https://www.algerie360.com/une-visite/amp/?x=1",
        "https://www.algerie360.com/une-visite/amp?x=1",
        "https://amp.algerie360.com/une-visite?x=1",
        "https://www.algerie360.com/une-visite?amp=1&x=1",
        "//www.algerie360.com/une-visite?x=1",
        "/une-visite?x=1",
        " /une-visite?x=1 \n",
        "https://www.algerie360.com//une-visite/?x=1",
    ],
)
def test_all_spellings_of_an_article_are_one(variant):
    url = canonical_url(variant, "https://www.algerie360.com/feed/", HOME)
    assert url == ONE
    assert canonical_url(url, url, HOME) == url
    assert url_key(url) == url_key("http://algerie360.com/une-visite?x=1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/%d8%a7%d9%84", "/%D8%A7%D9%84"),
        ("/ال", "/%D8%A7%D9%84"),
        ("/caf%C3%A9", "/café"),
        ("/%7Euser", "/~user"),
    ],
)
def test_percent_escapes_compare_decoded(one, other):
    assert canonical_url(one, HOME, HOME) == canonical_url(other, HOME, HOME)


def test_reserved_escapes_and_cut_words_stay_as_they_are():
    assert canonical_url("/a%2fb", HOME, HOME) == "https://www.algerie360.com/a%2Fb"
    assert canonical_url("/%d8%a7%d9", HOME, HOME) == "https://www.algerie360.com/%D8%A7%D9"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:a@b.dz",
        "ftp://a.dz/x",
        "http://",
        "http://[x/",
    ],
)
def test_what_no_browser_should_open_is_dropped(link):
    assert resolve_link(link, HOME) is None


def test_a_link_resolves_against_the_final_address():
    assert resolve_link("../b?y=2", "https://x.dz/feeds/all/rss") == "https://x.dz/feeds/b?y=2"


@pytest.mark.parametrize(
    ("link", "home", "expected"),
    [
        # the operator says that this outlet has no https
        (
            "https://www.lequotidien-oran.com/?news=1",
            "http://lequotidien-oran.com/",
            "http://lequotidien-oran.com/?news=1",
        ),
        ("http://elsewhere.com/x/", HOME, "https://elsewhere.com/x"),
        ("http://127.0.0.1:8080/x/", HOME, "http://127.0.0.1:8080/x"),
        ("http://localhost/x", HOME, "http://localhost/x"),
    ],
)
def test_a_canonical_address_stays_clickable(link, home, expected):
    assert canonical_url(link, link, home) == expected


def test_different_articles_stay_different():
    links = ["/?p=1", "/?p=2", "/a", "/a/b", "/A", "https://autre.dz/a"]
    assert len({canonical_url(link, HOME, HOME) for link in links}) == len(links)


def test_the_trackers_go_the_rest_of_the_query_stays_in_order():
    link = "/index.php?b=2&utm_campaign=x&a=1&gclid=z&c="
    assert resolve_link(link, HOME) == "https://www.algerie360.com/index.php?b=2&a=1&c="
