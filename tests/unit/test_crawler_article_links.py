from __future__ import annotations

import re

import pytest

from crawler.article_links import Link, article_pattern

TITLE = "Le ministre inaugure une école"


@pytest.mark.parametrize(
    "form",
    [
        "https://x.dz/2026/11/{n}-titre-de-l-article/",
        "https://x.dz/national/le-titre-{n}{n}{n}",
        "https://x.dz/{n}{n}{n}-un-titre.html",
        "https://x.dz/fr/node/{n}{n}",
        "https://x.dz/article/{n}{n}{n}{n}",
        "https://x.dz/index.php?news={n}{n}",
        "https://x.dz/le-ministre-inaugure-une-ecole-{n}/",
    ],
)
def test_the_links_that_read_like_headlines_are_found(form: str):
    articles = [Link(url=form.format(n=n), title=f"{TITLE} {n}") for n in range(1, 7)]
    menu = [Link(url=f"https://x.dz/rubrique{n}", title="Sports") for n in range(30)]
    pattern = article_pattern([*menu, *articles])
    found = [link.url for link in (*menu, *articles) if re.search(pattern, link.url)]
    assert found == [link.url for link in articles]


def test_a_menu_of_numbers_is_no_list_of_articles():
    menu = [Link(url=f"https://x.dz/tag/sujet-{n}00", title="Sujet") for n in range(30)]
    some = [Link(url=f"https://x.dz/tag/autre-{n}00", title=TITLE) for n in range(5)]
    assert article_pattern([*menu, *some]) == ""
    assert article_pattern(some[:3]) == ""


def test_the_pattern_of_a_known_system_wins_where_it_finds_as_much():
    links = [Link(url=f"https://x.dz/fr/node/{n}", title=f"{TITLE} {n}") for n in range(10)]
    assert article_pattern(links, r"/fr/node/\d+$") == r"/fr/node/\d+$"
    assert article_pattern(links, r"/none/") == r"/node/\d+$"
