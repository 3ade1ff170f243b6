"""The figures of a digest's chart, on each database."""

from __future__ import annotations

from datetime import timedelta

from alerting import NOW, article, match

from domain.filing import Filing
from domain.notice import Mode, PlannedDelivery
from domain.source import Source
from marsad.telling import StoredWeek
from storage import Store

HOUR = timedelta(hours=1)


def file(store: Store, number: int, age: timedelta, *rules: str) -> None:
    when = NOW - age
    one = article(url=f"https://paper.example/{number}", published_at=when, title=f"Titre {number}")
    matches = tuple(match(rule) for rule in rules)
    store.file([Filing(article=one, matches=matches, deliveries=())], None, NOW)


def test_an_article_of_two_rules_counts_once_and_one_of_none_not_at_all(store: Store) -> None:
    source = Source(id="paper", name="P", url="https://paper.example/", language="fr", country="DZ")
    store.sync_sources([source], NOW)
    file(store, 1, HOUR, "a", "b")
    file(store, 2, HOUR * 2, "a")
    file(store, 3, HOUR * 3)
    file(store, 4, HOUR * 26, "a")
    file(store, 5, HOUR * 24 * 8, "a")
    assert store.articles_with_hits([NOW - HOUR * 27, NOW - HOUR * 25, NOW]) == [1, 2]
    week = StoredWeek(store)(NOW)
    assert [count for _, count in week] == [0, 0, 0, 0, 0, 1, 2]
    assert [str(day) for day, _ in week][::6] == ["2026-03-08", "2026-03-14"]


def test_the_chart_of_a_route_counts_its_own_hits(store: Store) -> None:
    source = Source(id="paper", name="P", url="https://paper.example/", language="fr", country="DZ")
    store.sync_sources([source], NOW)
    for number, route in enumerate(("desk", "desk", "navy", ""), 1):
        one = article(url=f"https://paper.example/{number}", title=f"Titre {number}")
        told = [
            PlannedDelivery(channel=name, mode=Mode.DIGEST, due_at=NOW, route=route)
            for name in ("mail", "slack")
            if route
        ]
        store.file([Filing(article=one, matches=(match(),), deliveries=tuple(told))], None, NOW)
    week = StoredWeek(store)
    assert [week(NOW, routes)[-1][1] for routes in ((), ("desk",), ("desk", "navy"))] == [4, 2, 3]
