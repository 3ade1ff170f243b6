from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from crawler.pacing import Ending, Hints, next_state, retry_after
from crawler.settings import CrawlSettings
from domain.source import FetchState, Validators, VisitOutcome

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SETTINGS = CrawlSettings.model_validate({"poll_every": {"min": "5m", "max": "6h"}})
OLD = FetchState(source_id="x", next_due=NOW)
SUCCESS = Ending(outcome=VisitOutcome.OK)


def after(old: FetchState, ending: Ending, seed: int = 0) -> FetchState:
    return next_state(old, ending, now=NOW, settings=SETTINGS, rng=Random(seed))


def wait(state: FetchState) -> timedelta:
    return state.next_due - NOW


def test_the_first_visit_is_followed_soon():
    state = after(OLD, SUCCESS)
    assert state.interval_seconds == 300
    assert timedelta(minutes=5) <= wait(state) <= timedelta(minutes=6)


def test_silence_stretches_the_pause_to_the_longest_and_news_shortens_it_to_the_shortest():
    state = OLD
    for _ in range(40):
        state = after(state, SUCCESS)
    assert state.interval_seconds == 6 * 3600
    for _ in range(40):
        state = after(state, Ending(outcome=VisitOutcome.OK, new_articles=3))
    assert state.interval_seconds == 300
    assert state.last_article == NOW


@pytest.mark.parametrize(
    "outcome", [VisitOutcome.NETWORK, VisitOutcome.HTTP, VisitOutcome.ROBOTS, VisitOutcome.ERROR]
)
def test_failures_back_off_and_never_give_up(outcome):
    state, waits = replace(OLD, interval_seconds=600.0), []
    for number in range(60):
        state = after(state, Ending(outcome=outcome, reason="why"), seed=number)
        waits.append(wait(state))
    assert state.failures == 60
    assert state.reason == "why"
    assert state.interval_seconds == 600.0
    assert waits[0] < waits[2] < waits[4]
    assert timedelta(hours=5) < waits[-1] < timedelta(hours=27)
    healed = after(state, SUCCESS)
    assert (healed.failures, healed.reason, healed.last_success) == (0, "", NOW)


def test_what_time_seldom_mends_is_asked_less_often():
    gone = Ending(outcome=VisitOutcome.HTTP, hints=Hints(status=404))
    busy = Ending(outcome=VisitOutcome.HTTP, hints=Hints(status=503))
    assert wait(after(OLD, gone)) > 2 * wait(after(OLD, busy))


def test_jitter_spreads_and_never_undercuts_the_shortest_pause():
    waits = {wait(after(OLD, Ending(outcome=VisitOutcome.NETWORK), seed=n)) for n in range(50)}
    assert len(waits) > 20
    assert min(waits) >= timedelta(minutes=5)


def test_the_server_is_asked_no_sooner_than_it_wishes():
    wish = Ending(outcome=VisitOutcome.HTTP, hints=Hints(retry_after=timedelta(hours=9)))
    assert wait(after(OLD, wish)) == timedelta(hours=9)
    absurd = Ending(outcome=VisitOutcome.HTTP, hints=Hints(retry_after=timedelta(days=9)))
    assert wait(after(OLD, absurd)) == timedelta(hours=24)
    fresh = Ending(outcome=VisitOutcome.OK, hints=Hints(fresh_for=timedelta(hours=1)))
    assert wait(after(OLD, fresh)) == timedelta(hours=1)
    stale = Ending(outcome=VisitOutcome.OK, hints=Hints(fresh_for=timedelta(days=30)))
    assert wait(after(OLD, stale)) == timedelta(hours=6)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("Wed, 25 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("999999999999", timedelta(hours=24)),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("Wed, 25 Nov 2020 13:00:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after(header, expected):
    assert retry_after(header, NOW) == expected


def test_validators_are_what_the_visit_kept():
    kept = (Validators(url="https://a.dz/feed", etag='"1"'),)
    assert after(OLD, replace(SUCCESS, validators=kept)).validators == kept
    assert after(OLD, SUCCESS).validators == ()
