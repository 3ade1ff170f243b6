"""Filing: one commit, twice the same is once, and what comes back is what went in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storage_stage import NOW, TEXT, article, hit, match, planned, source, visit

from domain.asking import HitQuery
from domain.errors import StoreError
from domain.filing import Filed, Filing
from domain.notice import PlannedDelivery
from domain.source import VisitOutcome
from domain.story import StoryUpdate
from storage import Store


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return list(store.query(sql).rows)


def test_filing_twice_is_filing_once(store: Store) -> None:
    assert store.file([hit(1), hit(2)], None, NOW) == Filed(articles=2, hits=2, deliveries=2)
    assert store.file([hit(1), hit(2), hit(3)], None, NOW) == Filed(
        articles=1, hits=1, deliveries=1
    )
    assert rows(store, "SELECT count(*) FROM hits") == [(3,)]


def test_an_address_twice_in_one_batch_is_one_article(store: Store) -> None:
    doubled = Filing(article=article(1), matches=(match(), match()), deliveries=(planned(),) * 2)
    assert store.file([doubled, doubled], None, NOW) == Filed(articles=1, hits=1, deliveries=1)


def test_an_article_comes_back_as_it_went_in(store: Store) -> None:
    sent = article(1, authors=("نادية", "O'Neil, B."), guid="g", text_from="feed", note="HTTP 403")
    store.file([Filing(article=sent), Filing(article=article(2, published_at=None))], None, NOW)
    found = list(store.articles())
    assert found[0][1] == sent
    assert found[1][1].published_at is None
    assert list(store.articles(after=found[0][0])) == found[1:]
    assert list(store.articles(since=NOW + timedelta(days=1))) == []


def test_a_refused_row_leaves_nothing_of_its_batch(store: Store) -> None:
    broken = match(score=None)
    batch = [hit(1), Filing(article=article(2), matches=(broken,))]
    with pytest.raises(StoreError) as caught:
        store.file(batch, visit(), NOW)
    assert "\n" not in str(caught.value)
    assert TEXT not in str(caught.value)
    assert rows(store, "SELECT count(*) FROM articles") == [(0,)]
    assert store.fetch_states() == []


def test_same_title_is_one_story_within_three_days(store: Store) -> None:
    for number, (title, days) in enumerate(
        [("Visite à Alger !", 0), ("visite à  ALGER", 2), ("Visite à Alger", 9), ("", 0), ("", 0)]
    ):
        seen = NOW + timedelta(days=days)
        store.file([hit(number, title=title, first_seen=seen)], None, seen)
    assert rows(store, "SELECT articles, outlets FROM v_stories ORDER BY story_id") == [
        (2, 1), (1, 1), (1, 1), (1, 1),
    ]  # fmt: skip
    story = rows(store, "SELECT first_seen, last_seen FROM v_stories WHERE articles = 2")
    assert story == [("2026-03-14T09:30:00Z", "2026-03-16T09:30:00Z")]


def test_an_article_without_hit_has_no_story(store: Store) -> None:
    store.file([Filing(article=article(1))], None, NOW)
    assert rows(store, "SELECT count(*) FROM stories") == [(0,)]
    assert store.check() == []


def test_the_end_of_a_visit_is_kept(store: Store) -> None:
    store.sync_sources([source()], NOW)
    store.file([hit(1)], visit(), NOW)
    state = store.fetch_states()[0]
    told = visit().state
    assert told is not None
    assert (state.next_due, state.validators) == (told.next_due, told.validators)
    assert (state.interval_seconds, state.last_article) == (3600.0, NOW)
    store.file([], visit(VisitOutcome.HTTP, state=None), NOW)
    state = store.fetch_states()[0]
    assert (state.failures, state.outcome, state.reason) == (1, VisitOutcome.HTTP, "HTTP 503")
    assert state.validators == told.validators
    assert rows(store, "SELECT state, visits, visits_failed FROM sources") == [("failing", 2, 1)]


def test_the_log_keeps_the_last_thirty_visits_of_a_source(store: Store) -> None:
    for number in range(33):
        store.file([], visit(entries=number), NOW)
    store.file([], visit(key="other"), NOW)
    kept = "SELECT count(*), min(entries) FROM visits WHERE source_id = 'aps'"
    assert rows(store, kept) == [(30, 3)]
    assert rows(store, "SELECT count(*) FROM visits WHERE source_id = 'other'") == [(1,)]


def test_labels_are_what_people_read(database_url: str) -> None:
    with Store.open(database_url, labels=lambda kind, value: {"US": "USA"}.get(value, "")) as store:
        store.file([hit(1)], None, NOW)
        labels = rows(store, "SELECT value, label FROM v_hit_facets WHERE kind = 'partner'")
        assert sorted(labels) == [("FR", "FR"), ("US", "USA")]
        assert next(store.hits(HitQuery())).partners == ("FR", "US")


def test_whom_to_tell_is_decided_when_the_story_is_known(store: Store) -> None:
    """The planner sees each article's place: the second of one batch knows of the first."""
    seen: list[tuple[int, bool, bool]] = []

    def plan(filing: Filing, update: StoryUpdate) -> tuple[PlannedDelivery, ...]:
        seen.append((update.articles, update.is_first, update.is_material))
        return filing.deliveries if update.is_material else ()

    batch = [hit(number, title="Visite à Alger") for number in (1, 2)]
    assert store.file(batch, None, NOW, plan=plan).deliveries == 1
    assert store.file([hit(3, title="Visite à Alger")], None, NOW, plan=plan).deliveries == 0
    assert seen == [(1, True, True), (2, False, False), (3, False, False)]
