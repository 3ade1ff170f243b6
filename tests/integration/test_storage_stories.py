"""Stories in the store: joined, merged, found by an old number; all in the article's commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from storage_stage import NOW, article, hit, match, planned

from domain.asking import HitQuery
from domain.errors import StoreError
from domain.filing import Filing
from domain.story import Placement, StoryMember, StoryUpdate, Trace
from storage import Store


class Named:
    """Places by the names alone: one story for each, and one for all that an article has."""

    window = 7

    def day_of(self, moment: datetime) -> date:
        return moment.date()

    def place(self, trace: Trace, day: date, members: Sequence[StoryMember]) -> Placement:
        found = {m.story_id for m in members if set(m.trace.names) & set(trace.names)}
        return Placement(stories=tuple(sorted(found)), likeness=0.9 if found else 0, why="names")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url, placer=Named()) as opened:
        yield opened


def trace(*names: str) -> Trace:
    return Trace(
        language="fr",
        sketch=(1, 2),
        terms=((7, 0.6), (9, 0.8)),
        names=names,
        places=(),
        numbers=(),
        partners=("US",),
        activities=("visit",),
        dates=match().dates,
        keys=tuple(sum(map(ord, name)) for name in names),
    )


def traced(number: int, *names: str, **facts: object) -> Filing:
    return replace(hit(number, title=f"T{number}", **facts), trace=trace(*names))


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.query(sql).rows]


STORIES = "SELECT story_id, articles FROM v_stories ORDER BY story_id"


def test_an_article_joins_the_story_that_it_is_alike(store: Store) -> None:
    store.file([traced(1, "a"), traced(2, "b"), traced(3, "a")], None, NOW)
    assert rows(store, STORIES) == [(1, 2), (2, 1)]


def test_what_lies_outside_the_window_is_not_looked_at(store: Store) -> None:
    later = NOW + timedelta(days=9)
    store.file([traced(1, "a")], None, NOW)
    store.file([traced(2, "a", published_at=later, first_seen=later)], None, later)
    assert rows(store, STORIES) == [(1, 1), (2, 1)]


def test_an_article_that_comes_late_finds_a_story_of_after_its_day(store: Store) -> None:
    store.file([traced(1, "a")], None, NOW)
    before = NOW - timedelta(days=2)
    store.file([traced(2, "a", published_at=before)], None, NOW)
    assert rows(store, STORIES) == [(1, 2)]


def test_a_late_article_makes_two_stories_one_and_the_old_number_answers(store: Store) -> None:
    store.file([traced(1, "a"), traced(2, "b")], None, NOW)
    seen: list[StoryUpdate] = []

    def plan(filing: Filing, update: StoryUpdate) -> tuple[()]:
        seen.append(update)
        return ()

    store.file([traced(3, "a", "b")], None, NOW, plan=plan)
    assert rows(store, STORIES) == [(1, 3)]
    assert [(u.story_id, u.articles, u.merged, u.is_material) for u in seen] == [
        (1, 3, (2,), False)
    ]
    old, kept = (list(store.hits(HitQuery(story_id=n, limit=9))) for n in (2, 1))
    assert [h.hit_id for h in old] == [h.hit_id for h in kept] != []
    assert rows(store, "SELECT old_id, story_id FROM v_story_merges") == [(2, 1)]
    told = rows(store, "SELECT DISTINCT story_id FROM v_alerts")
    assert told == [(1,)]  # what was told of the story that is gone is told of this one


def test_a_merged_number_is_never_given_again_and_follows_a_second_merge(store: Store) -> None:
    store.file([traced(1, "a"), traced(2, "b"), traced(3, "c")], None, NOW)
    store.file([traced(4, "b", "c")], None, NOW)
    store.file([traced(5, "d")], None, NOW)
    assert rows(store, STORIES) == [(1, 1), (2, 3), (4, 1)]
    store.file([traced(6, "a", "b")], None, NOW)
    assert rows(store, STORIES) == [(1, 5), (4, 1)]
    merged = "SELECT old_id, story_id FROM v_story_merges ORDER BY old_id"
    assert rows(store, merged) == [(2, 1), (3, 1)]
    assert store.check() == []


def test_what_an_article_adds_is_kept_beside_it(store: Store) -> None:
    store.file([traced(1, "a")], None, NOW)
    facts = match(partners=("FR", "RU"), activities=("agreement", "visit"))
    later = replace(traced(2, "a"), matches=(facts,), officials=("dz-mdn",))
    store.file([later], None, NOW)
    added = "SELECT position, new_partners, new_activities, new_officials, why FROM story_articles"
    assert rows(store, f"{added} ORDER BY article_id") == [
        (1, "FR,US", "dialogue,visit", "", ""),
        (2, "RU", "agreement", "dz-mdn", "names"),
    ]
    kept = "SELECT partners, activities, officials, articles FROM stories"
    assert rows(store, kept) == [("FR,RU,US", "agreement,dialogue,visit", "dz-mdn", 2)]


def test_nothing_of_a_story_stays_when_the_commit_fails(store: Store) -> None:
    def broken(filing: Filing, update: StoryUpdate) -> tuple[()]:
        raise StoreError("no")

    store.file([traced(1, "a"), traced(2, "b")], None, NOW)
    with pytest.raises(StoreError):
        store.file([traced(3, "a", "b")], None, NOW, plan=broken)
    assert rows(store, STORIES) == [(1, 1), (2, 1)]
    assert rows(store, "SELECT count(*) FROM story_traces") == [(2,)]
    assert store.file([traced(3, "a", "b")], None, NOW).articles == 1
    assert rows(store, STORIES) == [(1, 3)]


def test_a_story_of_before_traces_is_joined_by_its_title(store: Store) -> None:
    plain = Filing(article=article(1, title="Visite"), matches=(match(),), deliveries=(planned(),))
    store.file([plain], None, NOW)
    store.file([replace(traced(2, "a"), article=article(2, title="VISITE"))], None, NOW)
    assert rows(store, STORIES) == [(1, 2)]


def test_a_merged_story_is_acknowledged_by_its_old_number(store: Store) -> None:
    store.file([traced(1, "a"), traced(2, "b"), traced(3, "a", "b")], None, NOW)
    assert store.duty.acknowledge(2, "desk", NOW) is True
    assert store.duty.acknowledge(1, "desk", NOW) is False
