"""What is filed is kept, whole and once; sources are remembered. On both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from storage_promises import (
    MINUTE,
    NOW,
    TEXT,
    claim,
    filing,
    match,
    outlet,
    report,
    rows,
)

from domain.filing import Filing
from domain.notice import Mode, PlannedDelivery
from domain.source import FetchState, Validators, VisitOutcome
from storage.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
        yield opened


def test_the_same_articles_filed_by_many_threads_are_stored_once(store: Store) -> None:
    batch = [filing(str(n)) for n in range(40)]

    def work(seed: int) -> tuple[int, int, int]:
        mine = random.Random(seed).sample(batch, len(batch))
        done = [store.file(mine[at : at + 10], None, NOW) for at in range(0, 40, 10)]
        return (
            sum(d.articles for d in done),
            sum(d.hits for d in done),
            sum(d.deliveries for d in done),
        )

    with ThreadPoolExecutor(6) as pool:
        totals = list(pool.map(work, range(6)))
    assert tuple(map(sum, zip(*totals, strict=True))) == (40, 40, 40)
    for table in ("articles", "v_hits", "v_alerts"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(40,)]


def test_a_repeated_url_in_one_batch_is_filed_once_and_the_first_counts(store: Store) -> None:
    filed = store.file([filing("a", title="One"), filing("a", title="Two")], None, NOW)
    assert (filed.articles, filed.hits, filed.deliveries) == (1, 1, 1)
    assert rows(store, "SELECT title FROM articles") == [("One",)]


DIRTY = "a\x00b\ud800c\x85\x1b[31m\x07 militaire \U0001f1e9 عسكري\u0640\u064b fin\x00"


def test_evidence_offsets_survive_characters_that_sql_cannot_hold(store: Store) -> None:
    found = match(DIRTY, "militaire", "عسكري")
    planned = (PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=NOW),)
    article = filing("d", text=DIRTY, title="T\x00\udfff").article
    store.file([Filing(article=article, matches=(found,), deliveries=planned)], None, NOW)
    (taken,) = claim(store)
    for proof in taken.notice.matches[0].evidence:
        assert taken.notice.text[proof.start : proof.end] == proof.text
    assert "\x00" not in taken.notice.text + taken.notice.title


def test_control_characters_do_not_reach_a_terminal_through_the_store(store: Store) -> None:
    store.file([filing("e", title="a\x1b[31mb\x9b", text="x\x07y")], None, NOW)
    ((title, text),) = rows(store, "SELECT title, text FROM articles")
    assert not {c for c in f"{title}{text}" if ord(c) < 32 or 127 <= ord(c) < 160}


def test_an_unseen_url_with_such_characters_is_known_once_filed(store: Store) -> None:
    bad = "https://tsa.example/\x00\ud800"
    assert store.unseen([bad]) == {bad}
    store.file([filing("z", url=bad)], None, NOW)
    assert store.unseen([bad]) == set()


def test_the_longest_address_that_the_crawler_lets_through_is_filed(store: Store) -> None:
    noise = random.Random(1)
    long = "https://tsa.example/" + "".join(noise.choices("abcdef0123456789%", k=2028))
    store.file([filing("ok"), filing("long", url=long)], None, NOW)
    assert "https://tsa.example/ok" not in store.unseen(["https://tsa.example/ok"])


def test_unseen_takes_no_url_and_ten_thousand(store: Store) -> None:
    store.file([filing("1")], None, NOW)
    assert store.unseen([]) == set()
    many = [f"https://tsa.example/{n}" for n in range(70_000)]
    assert store.unseen(many) == set(many) - {many[1]}


def test_a_notice_says_what_was_filed(store: Store) -> None:
    one, two = match(TEXT, "Alger", rule="a", score=0.6), match(TEXT, "général", rule="b")
    planned = (PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=NOW),)
    article = filing("n").article
    store.file([Filing(article=article, matches=(one, two), deliveries=planned)], None, NOW)
    (taken,) = claim(store)
    assert taken.notice.matches == (two, one)  # best first
    assert (taken.notice.text, taken.notice.outlet) == (TEXT, "Tsa")
    assert taken.notice.published_at == NOW - MINUTE
    assert taken.attempts == 0


def test_articles_of_one_title_within_three_days_share_a_story(store: Store) -> None:
    day = timedelta(days=1)
    same = [
        filing("1", title="Exercice naval à Oran"),
        filing("2", title="EXERCICE  naval, à Oran !", source_id="elkhabar", first_seen=NOW + day),
        filing("3", title="Autre chose"),
    ]
    store.file(same, None, NOW)
    late = NOW + 30 * day
    again = filing("4", title=same[0].article.title, first_seen=late, published_at=late)
    store.file([again], None, late)
    found = rows(store, "SELECT title, articles FROM v_stories ORDER BY story_id")
    assert sorted(n for _, n in found) == [1, 1, 2]


def test_a_state_comes_back_as_it_was_given(store: Store) -> None:
    given = FetchState(
        source_id="tsa",
        next_due=NOW + 5 * MINUTE,
        last_visit=NOW,
        last_success=NOW,
        last_article=NOW,
        failures=2,
        outcome=VisitOutcome.NETWORK,
        reason="timed out",
        interval_seconds=300.5,
        validators=(Validators(url="https://tsa.example/feed", etag='W/"x"', body_hash="ab"),),
    )
    store.file([], report("tsa", given, outcome=VisitOutcome.NETWORK, reason="timed out"), NOW)
    (held,) = (state for state in store.fetch_states() if state.source_id == "tsa")
    assert held == given
    assert [s.source_id for s in store.due_sources(NOW, 10)] == ["elkhabar"]
    later = store.due_sources(NOW + 5 * MINUTE, 10)
    assert {s.source_id for s in later} == {"tsa", "elkhabar"}
    assert len(store.due_sources(NOW + 5 * MINUTE, 1)) == 1


def test_a_source_that_leaves_the_config_keeps_its_history(store: Store) -> None:
    store.file([filing("1")], report("tsa"), NOW)
    store.sync_sources([outlet("elkhabar")], NOW)
    assert [s.source_id for s in store.fetch_states()] == ["elkhabar"]
    states = dict(rows(store, "SELECT source_id, state FROM v_sources"))  # type: ignore[arg-type]
    assert states["tsa"] == "removed"
    assert rows(store, "SELECT count(*) FROM v_hits") == [(1,)]
    store.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
    assert {s.source_id for s in store.fetch_states()} == {"tsa", "elkhabar"}


def test_a_source_that_robots_forbid_is_refused(store: Store) -> None:
    store.file([], report("tsa", outcome=VisitOutcome.ROBOTS, reason="robots.txt"), NOW)
    states = dict(rows(store, "SELECT source_id, state FROM v_sources"))  # type: ignore[arg-type]
    assert states == {"tsa": "refused", "elkhabar": "new"}
