from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from crawler.health import WayReading, judge_ways, settled, silence, with_health
from crawler.pacing import Ending, Hints, next_state
from crawler.rhythm import learn
from crawler.settings import CrawlSettings
from domain.health import HealthState, Impostor
from domain.source import FetchState, Source, VisitOutcome

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = "https://www.paper.dz/feed"
OUTLET = Source(
    id="paper",
    name="Paper",
    url="https://www.paper.dz/",
    language="fr",
    country="DZ",
    feeds=(FEED,),
)
SETTINGS = CrawlSettings()
OK = WayReading(url=FEED, outcome=VisitOutcome.OK)


class Life:
    """A source from visit to visit."""

    def __init__(self, *moments: datetime) -> None:
        self.now = NOW
        self.state = FetchState(source_id="paper", next_due=NOW)
        self.visit(OK, *moments)

    def visit(self, reading: WayReading, *moments: datetime, taken=frozenset()) -> HealthState:
        hints = Hints(status=reading.status)
        ending = Ending(
            outcome=reading.outcome, reason=reading.reason, moments=moments, hints=hints
        )
        new = next_state(self.state, ending, now=self.now, settings=SETTINGS, rng=Random(1))
        self.state = with_health(self.state, new, OUTLET, (reading,), taken=taken)
        return self.state.health.state

    def after(self, span: timedelta, reading: WayReading = OK, **facts) -> HealthState:
        self.now += span
        return self.visit(reading, **facts)


def refusal(reason: str = "HTTP 500", **facts) -> WayReading:
    return replace(OK, **{"outcome": VisitOutcome.HTTP, "reason": reason, **facts})


def daily() -> list[datetime]:
    """Five weeks of a paper: six editions a week, none on Friday."""
    days = [NOW - DAY * n for n in range(35)]
    return [d - HOUR - timedelta(minutes=7 * n) for d in days if d.weekday() != 4 for n in range(9)]


def monthly() -> list[datetime]:
    return [
        NOW - HOUR - DAY * 30 * month - timedelta(minutes=n) for month in range(3) for n in range(9)
    ]


def test_silence_is_judged_by_the_sources_own_rhythm():
    for moments, quiet, silent in ((daily(), 2.9, 5.0), (monthly(), 40.0, 70.0)):
        rhythm = learn(None, moments, NOW)
        assert silence(rhythm, NOW)[0] is HealthState.OK
        assert silence(rhythm, NOW + DAY * quiet * 0.6)[0] is HealthState.OK
        assert silence(rhythm, NOW + DAY * quiet)[0] is HealthState.QUIET
        state, reason = silence(rhythm, NOW + DAY * silent)
        assert state is HealthState.SILENT
        assert "no article for" in reason
        assert "longest pause" in reason


def test_a_source_is_not_called_quiet_before_its_rhythm_is_known():
    rhythm = learn(None, [NOW - timedelta(minutes=9 * n) for n in range(10)], NOW)
    assert silence(rhythm, NOW + DAY * 3) == (HealthState.OK, "")
    assert silence(rhythm, NOW + DAY * 8)[0] is HealthState.QUIET
    assert "not known yet" in silence(rhythm, NOW + DAY * 40)[1]


def test_a_pinned_article_is_no_pause():
    rhythm = learn(None, [*daily()[:30], NOW - DAY * 80], NOW)
    assert rhythm.longest_pause < 3 * 86400


def test_an_outage_makes_no_habit_of_outages():
    life = Life(*daily())
    usual = life.state.rhythm.longest_pause
    assert life.after(DAY * 12) is HealthState.SILENT
    life.visit(OK, life.now)
    assert life.state.rhythm.longest_pause <= 2 * usual
    assert life.state.health.state is HealthState.OK


def test_a_silent_source_that_was_alive_is_sure_at_once_and_one_never_seen_alive_after_a_day():
    life = Life(*daily())
    assert life.after(DAY * 9) is HealthState.SILENT
    assert life.state.health.is_sure
    dead = Life(NOW - DAY * 500)
    assert dead.state.health.state is HealthState.SILENT
    assert not dead.state.health.is_sure
    dead.after(DAY * 1.1)
    assert dead.state.health.is_sure


def test_a_failure_is_shown_at_once_told_after_three_and_over_with_the_next_success():
    life = Life(NOW)
    sure = []
    for _ in range(4):
        assert life.after(HOUR, refusal()) is HealthState.FAILING
        sure.append(life.state.health.is_sure)
    assert sure == [False, False, True, True]
    assert life.state.health.since == NOW + HOUR
    assert life.state.health.reason == "HTTP 500"
    assert life.after(HOUR) is HealthState.OK
    assert life.state.health.reason == ""


@pytest.mark.parametrize(
    "facts",
    [
        {"status": 403, "reason": "HTTP 403"},
        {"status": 451, "reason": "HTTP 451"},
        {"status": 503, "impostor": Impostor.CHALLENGE},
        {"outcome": VisitOutcome.NOT_A_FEED, "impostor": Impostor.CHALLENGE},
        {"outcome": VisitOutcome.NOT_A_FEED, "impostor": Impostor.LOGIN},
        {"outcome": VisitOutcome.ROBOTS, "reason": "robots.txt forbids /feed"},
    ],
)
def test_who_does_not_want_us_is_refused_not_failing(facts):
    assert Life(NOW).after(HOUR, refusal(**facts)) is HealthState.REFUSED


@pytest.mark.parametrize(
    "facts",
    [
        {"status": 404, "reason": "HTTP 404"},
        {"outcome": VisitOutcome.NETWORK, "reason": "paper.dz cannot be resolved (NXDOMAIN)"},
    ],
)
def test_what_is_missing_is_gone_after_a_week_of_it(facts):
    life = Life(NOW)
    assert life.after(HOUR, refusal(**facts)) is HealthState.FAILING
    for _ in range(6):
        assert life.after(DAY, refusal(**facts)) is HealthState.FAILING
    assert life.after(DAY, refusal(**facts)) is HealthState.GONE
    assert "for 7 days and more" in life.state.health.reason
    assert life.after(DAY, refusal(**facts)) is HealthState.GONE
    assert life.state.next_due < life.now + DAY * 2
    assert not life.after(DAY).is_trouble


def test_410_is_gone_at_once_and_a_parked_domain_after_three_looks():
    assert Life(NOW).after(HOUR, refusal("HTTP 410", status=410)) is HealthState.GONE
    parked = refusal(outcome=VisitOutcome.NOT_A_FEED, impostor=Impostor.PARKED)
    life = Life(NOW)
    states = [life.after(HOUR, parked) for _ in range(3)]
    assert states == [HealthState.FAILING, HealthState.FAILING, HealthState.GONE]


def moved(target: str) -> WayReading:
    return replace(OK, moved_to=target)


NEW_PLACE = "https://paper.dz/rss.xml"


def test_a_permanent_redirect_seen_over_a_day_moves_the_address_and_says_so():
    life = Life(NOW)
    assert life.after(HOUR, moved(NEW_PLACE)) is HealthState.OK
    assert life.after(HOUR, moved(NEW_PLACE)) is HealthState.OK
    assert life.after(HOUR, moved(NEW_PLACE)) is HealthState.OK  # thrice, but within a day
    assert settled(OUTLET, life.state.ways) == OUTLET
    assert life.after(DAY, moved(NEW_PLACE)) is HealthState.MOVED
    assert settled(OUTLET, life.state.ways).feeds == (NEW_PLACE,)
    assert NEW_PLACE in life.state.health.reason
    assert "put it into the config" in life.state.health.reason
    there = replace(OK, url=NEW_PLACE)
    assert life.after(HOUR, there) is HealthState.MOVED
    assert settled(OUTLET, life.state.ways).feeds == (NEW_PLACE,)


def test_redirects_that_differ_or_stop_move_nothing():
    life = Life(NOW)
    for number in range(8):
        life.after(DAY, moved(f"{NEW_PLACE}?{number % 2}"))
    assert settled(OUTLET, life.state.ways) == OUTLET
    for answer in (moved(NEW_PLACE), moved(NEW_PLACE), OK, moved(NEW_PLACE)):
        life.after(DAY, answer)
    assert settled(OUTLET, life.state.ways) == OUTLET


@pytest.mark.parametrize(
    ("target", "taken", "words"),
    [
        ("https://buyer.example/feed", frozenset(), "another domain"),
        (NEW_PLACE, frozenset({NEW_PLACE}), "of another source"),
    ],
)
def test_a_move_to_strangers_is_told_and_not_followed_blindly(target, taken, words):
    life = Life(NOW)
    for _ in range(4):
        life.after(DAY, moved(target), taken=taken)
    assert life.state.health.state is HealthState.MOVED
    assert words in life.state.health.reason
    assert settled(OUTLET, life.state.ways) == OUTLET


def test_a_new_address_that_fails_gives_place_to_the_old_one():
    life = Life(NOW)
    for _ in range(3):
        life.after(DAY, moved(NEW_PLACE))
    assert settled(OUTLET, life.state.ways).feeds == (NEW_PLACE,)
    for _ in range(3):
        life.after(HOUR, refusal(url=NEW_PLACE))
    assert settled(OUTLET, life.state.ways) == OUTLET
    assert life.after(HOUR) is HealthState.OK


def test_one_broken_way_of_several_is_named_while_the_source_is_well():
    outlet = replace(OUTLET, feeds=(FEED, FEED + "2"))
    state, now = FetchState(source_id="paper", next_due=NOW), NOW
    for number in range(4):
        now = NOW + HOUR * number
        new = next_state(
            state, Ending(outcome=VisitOutcome.OK), now=now, settings=SETTINGS, rng=Random(1)
        )
        readings = (OK, refusal("HTTP 404", url=FEED + "2", status=404))
        state = with_health(state, new, outlet, readings)
    assert state.health.state is HealthState.OK
    assert f"{FEED}2 is failing since 2026-11-25: HTTP 404" in state.health.reason
    assert [way.failures for way in state.ways] == [0, 4]


def test_ways_that_left_the_config_are_forgotten_and_unread_ones_kept():
    ways = judge_ways((), OUTLET, (refusal(),), NOW)
    assert [way.url for way in ways] == [FEED]
    assert judge_ways(ways, OUTLET, (), NOW + HOUR) == ways
    assert judge_ways(ways, replace(OUTLET, feeds=()), (), NOW) == ()
