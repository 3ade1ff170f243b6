from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pacing import Ending, Hints, is_due, next_state, pause_after, retry_after
from crawler.rhythm import learn
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
    state, now = OLD, NOW
    for _ in range(2000):
        state = next_state(state, SUCCESS, now=now, settings=SETTINGS, rng=Random(1))
        now = state.next_due
    assert state.interval_seconds > 3 * 3600
    assert now - NOW > timedelta(days=200)
    for _ in range(40):
        found = tuple(now - timedelta(minutes=n) for n in range(5))
        news = Ending(outcome=VisitOutcome.OK, new_articles=5, moments=found)
        state = next_state(state, news, now=now, settings=SETTINGS, rng=Random(1))
        now = state.next_due
    assert state.interval_seconds == 300
    assert state.last_article == state.last_visit


def paced(moments, now, settings=SETTINGS):
    """Return the pause after a first look that found articles of these moments."""
    rhythm = learn(None, moments, now)
    return pause_after(rhythm, now, settings.poll_every.min, settings.poll_every.max)


def nightly(now):
    """Thirty editions of twenty articles, each from midnight to two in Algiers."""
    midnight = now.replace(hour=23, minute=0)
    return [midnight - timedelta(days=d, minutes=-6 * n) for d in range(1, 31) for n in range(20)]


def test_a_source_is_asked_often_at_its_own_hours_and_seldom_at_others():
    day = NOW.replace(hour=10)
    by_night = paced(nightly(NOW), NOW.replace(hour=23, minute=30))
    assert by_night < timedelta(minutes=15)
    assert paced(nightly(NOW), day) > 3 * by_night


def test_a_quiet_hour_before_a_busy_one_does_not_carry_the_pause_over_it():
    before = NOW.replace(hour=21, minute=30)
    assert before + paced(nightly(NOW), before) < NOW.replace(hour=23, minute=35)


def test_friday_is_not_thursday():
    thursdays = [
        NOW - timedelta(days=7 * n + 6, minutes=15 * m) for n in range(6) for m in range(9)
    ]
    assert {(m + timedelta(hours=1)).weekday() for m in thursdays} == {3}
    thursday, friday = NOW + timedelta(days=1), NOW + timedelta(days=2)
    assert paced(thursdays, thursday) < paced(thursdays, friday) / 2


def test_news_just_seen_makes_more_of_it_likely():
    usual = [NOW - timedelta(hours=5 * n + 5) for n in range(60)]
    burst = [NOW - timedelta(minutes=n) for n in range(6)]
    assert paced(usual + burst, NOW) < paced(usual, NOW) / 1.5


@given(
    st.lists(st.integers(min_value=-3 * 10**6, max_value=10**8), max_size=40),
    st.lists(st.integers(min_value=-(10**6), max_value=10**7), min_size=1, max_size=6),
)
def test_whatever_was_published_and_however_the_clock_jumps_the_pause_is_within_its_bounds(
    ages, jumps
):
    state, now = OLD, NOW
    moments = tuple(NOW - timedelta(seconds=age) for age in ages)
    for jump in jumps:
        now += timedelta(seconds=jump)
        ending = Ending(outcome=VisitOutcome.OK, moments=moments)
        state = next_state(state, ending, now=now, settings=SETTINGS, rng=Random(1))
        assert timedelta(minutes=5) <= state.next_due - now <= timedelta(hours=6.6)
        assert state.last_visit == now


def test_k7_k14_a_night_asleep_is_one_visit_and_a_clock_set_back_freezes_nothing():
    state = after(OLD, SUCCESS)
    morning = NOW + timedelta(hours=9)
    assert is_due(state, morning)
    awake = next_state(state, SUCCESS, now=morning, settings=SETTINGS, rng=Random(0))
    assert not is_due(awake, morning + timedelta(seconds=2))
    yesterday = NOW - timedelta(days=1)
    assert is_due(state, yesterday)
    again = next_state(state, SUCCESS, now=yesterday, settings=SETTINGS, rng=Random(0))
    assert not is_due(again, yesterday + timedelta(seconds=2))
    assert again.next_due < yesterday + timedelta(hours=7)


def test_what_is_gone_for_good_is_looked_for_once_a_week():
    state = OLD
    for number in range(40):
        gone = Ending(outcome=VisitOutcome.HTTP, reason="HTTP 410", hints=Hints(status=410))
        state = after(state, gone, seed=number)
    assert timedelta(days=6) < wait(state) < timedelta(days=8)


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
