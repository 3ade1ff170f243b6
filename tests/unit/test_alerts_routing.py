"""Who is told of what, how and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alerting import NOW, article, match
from hypothesis import given
from hypothesis import strategies as st

from alerts.reach import unreachable
from alerts.routing import next_time, plan, walk
from alerts.settings import RouteSettings
from domain.notice import Mode

DAY = timedelta(hours=24)


def route(*channels: str, **facts: Any) -> RouteSettings:
    return RouteSettings.model_validate({"channels": channels or ("mail",), **facts})


def told(*routes: RouteSettings, **facts: Any) -> list[tuple[str, str]]:
    given_ = {"matches": (match(),), "now": NOW, "max_age": DAY, "article": article()}
    named = {**given_, **facts}
    planned = plan(named.pop("article"), named.pop("matches"), routes, **named)
    return [(p.channel, p.mode.value) for p in planned]


def test_several_rules_and_routes_to_one_channel_are_one_delivery():
    rules = (match("a"), match("b"))
    assert told(route(), route(rules=["a"]), route(rules=["b"]), matches=rules) == [
        ("mail", "immediate")
    ]


def test_each_channel_and_mode_is_a_delivery_of_its_own():
    both = route("mail", "slack", mode="both", at="07:30")
    assert sorted(told(both)) == [
        ("mail", "digest"),
        ("mail", "immediate"),
        ("slack", "digest"),
        ("slack", "immediate"),
    ]


def test_the_first_route_of_a_mode_ends_the_walk():
    first, second = route("us-desk", partners=["IT"]), route("all")
    assert told(first, second) == [("us-desk", "immediate")]
    assert told(first, second, matches=(match(partners=("RU",)),)) == [("all", "immediate")]


def test_continue_passes_on():
    first = route("us-desk", partners=["IT"], **{"continue": True})
    assert told(first, route("all"), route("never")) == [
        ("us-desk", "immediate"),
        ("all", "immediate"),
    ]


def test_one_rule_at_once_and_in_the_digest_as_two_routes():
    rules = {"rules": ["defence-cooperation"]}
    at_once = route("mail", "slack", **rules, min_score=0.5)
    daily = route("mail", **rules, mode="digest", at="07:30")
    expected = [("mail", "immediate"), ("slack", "immediate"), ("mail", "digest")]
    assert told(at_once, daily) == expected
    weak = match(score=0.4)
    assert told(at_once, daily, matches=(weak,)) == [("mail", "digest")]


def test_a_mode_taken_before_leaves_the_other_open():
    both = route("all", mode="both", at="07:30")
    assert told(route("first"), both) == [("first", "immediate"), ("all", "digest")]
    assert told(both, route("late", mode="digest", at="18:00")) == [
        ("all", "immediate"),
        ("all", "digest"),
    ]


def test_each_rule_finds_its_own_desk():
    desks = [route("a-desk", rules=["a"]), route("rest")]
    assert sorted(told(*desks, matches=(match("a"), match("b")))) == [
        ("a-desk", "immediate"),
        ("rest", "immediate"),
    ]


def test_a_delivery_names_every_rule_that_led_to_it():
    (planned,) = plan(article(), (match("a"), match("b")), (route(),), now=NOW, max_age=DAY)
    assert (planned.rules, planned.route) == (("a", "b"), "route 1")


def test_a_walk_says_why():
    routes = (
        route(rules=["other"]),
        route(partners=["US", "FR"]),
        route(min_score=0.95),
        route(name="Italy", partners=["IT"], **{"continue": True}),
        route("slack", mode="both", at="07:30"),
        route(),
    )
    steps = list(walk(article(), match(), routes))
    assert [s.reason for s in steps] == [
        "passes it by: rule defence-cooperation, wanted other",
        "passes it by: partner IT, wanted US or FR",
        "passes it by: score 0.90 is below min_score 0.95",
        "takes it, immediate; goes on",
        "takes it, immediate and digest",
        "would take it, but it was taken before: immediate by route 5",
    ]
    assert [s.route for s in steps][2:4] == ["route 3", "Italy"]
    assert [bool(s.modes) for s in steps] == [False, False, False, True, True, False]


@pytest.mark.parametrize(
    ("wide", "narrow", "is_dead"),
    [
        ({}, {}, True),
        ({"continue": True}, {}, False),
        ({}, {"mode": "digest", "at": "07:30"}, False),
        ({}, {"mode": "both", "at": "07:30"}, False),
        ({"mode": "both", "at": "18:00"}, {"mode": "both", "at": "07:30"}, True),
        ({"min_score": 0.5}, {}, False),
        ({"min_score": 0.5}, {"min_score": 0.5, "partners": ["US"]}, True),
        ({"partners": ["US"]}, {"partners": ["US", "IT"]}, False),
        ({"partners": ["US", "IT"]}, {"partners": ["US"]}, True),
        ({"rules": ["a"]}, {}, False),
        ({"rules": ["b", "a"]}, {}, True),  # all the rules there are
        ({"activities": ["visit"]}, {"activities": ["visit"], "outlets": ["tsa"]}, True),
    ],
)
def test_a_route_behind_a_wider_one_is_dead(wide: Any, narrow: Any, is_dead: bool):
    found = list(unreachable([route(**wide), route(**narrow)], {"rules": ["a", "b"]}))
    assert [number for number, _ in found] == ([1] if is_dead else [])
    assert all("route 1 before it" in why for _, why in found)


_VALUES = {"rules": ["a", "b"], "partners": ["US", "IT"], "activities": ["visit", "cyber"]}
_filters = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["immediate", "both"]),
        "continue": st.booleans(),
        "min_score": st.sampled_from([0.0, 0.5, 0.9]),
        **{key: st.lists(st.sampled_from(values), unique=True) for key, values in _VALUES.items()},
    },
)
_matches = st.builds(
    match,
    st.sampled_from(_VALUES["rules"]),
    score=st.sampled_from([0.4, 0.5, 0.95]),
    partners=st.lists(st.sampled_from(_VALUES["partners"]), unique=True).map(tuple),
    activities=st.lists(st.sampled_from(_VALUES["activities"]), unique=True).map(tuple),
)


@given(st.lists(_filters, max_size=4), _matches)
def test_what_is_called_dead_takes_nothing(filters: list[dict[str, Any]], found: Any):
    routes = [route(**{"at": "07:30", **each}) for each in filters]
    dead = {number for number, _ in unreachable(routes, {"rules": _VALUES["rules"]})}
    took = {s.number for s in walk(article(), found, routes) if s.modes}
    assert not dead & took


def test_nothing_is_told_of_what_does_not_match():
    assert told(route(), matches=()) == []


@pytest.mark.parametrize(
    ("age", "limit", "is_told"),
    [
        (DAY, DAY, True),
        (DAY + timedelta(seconds=1), DAY, False),
        (timedelta(days=4000), timedelta(0), True),
        (-timedelta(days=2), DAY, True),  # a date in the future hides nothing
        (None, DAY, True),
    ],
)
def test_age_is_counted_at_first_sight(age: timedelta | None, limit: timedelta, is_told: bool):
    published = None if age is None else NOW - age
    seen = article(published_at=published, first_seen=NOW)
    # a slow judge does not make an article old
    late = NOW + timedelta(days=3)
    assert bool(told(route(), article=seen, max_age=limit, now=late)) is is_told


@pytest.mark.parametrize(
    ("filters", "is_told"),
    [
        ({}, True),
        ({"rules": ["defence-cooperation"]}, True),
        ({"rules": ["other"]}, False),
        ({"min_score": 0.9}, True),
        ({"min_score": 0.91}, False),
        ({"languages": ["fr", "en"]}, True),
        ({"languages": ["ar"]}, False),
        ({"partners": ["IT", "US"]}, True),
        ({"partners": ["US"]}, False),
        ({"activities": ["exercise"]}, True),
        ({"activities": ["cyber"]}, False),
        ({"outlets": ["paper"]}, True),
        ({"outlets": ["elsewhere"]}, False),
        ({"tags": ["dz", "x"]}, True),
        ({"tags": ["abroad"]}, False),
    ],
)
def test_filters(filters: dict[str, Any], is_told: bool):
    assert bool(told(route(**filters), source_tags=("dz", "online"))) is is_told


def test_one_match_must_pass_every_filter_alone():
    weak = match("a", score=0.4, partners=("US",))
    strong = match("b", score=0.9, partners=("IT",))
    assert told(route(min_score=0.5, partners=["US"]), matches=(strong, weak)) == []


def test_the_earlier_of_two_digests_to_one_channel_counts():
    early, late = (route(mode="digest", at=at, **{"continue": True}) for at in ("11:00", "18:00"))
    (planned,) = plan(article(), (match(),), (late, early), now=NOW, max_age=DAY)
    assert planned.mode is Mode.DIGEST
    assert planned.due_at == datetime(2026, 3, 14, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "at", "due"),
    [
        ("2026-03-14T06:29", "Africa/Algiers", "07:30", "2026-03-14T06:30"),
        ("2026-03-14T06:30", "Africa/Algiers", "07:30", "2026-03-15T06:30"),  # now is too late
        ("2026-03-14T23:30", "Africa/Algiers", "00:15", "2026-03-15T23:15"),
        ("2026-03-28T12:00", "Europe/Paris", "07:30", "2026-03-29T05:30"),  # clocks go forward
        ("2026-03-29T00:30", "Europe/Paris", "02:30", "2026-03-29T01:30"),  # a time that is not
        ("2026-10-24T23:00", "Europe/Paris", "02:30", "2026-10-25T00:30"),  # a time that is twice
        ("2026-10-25T00:31", "Europe/Paris", "02:30", "2026-10-26T01:30"),  # is used once
        ("2026-10-25T01:15", "Europe/Paris", "02:30", "2026-10-26T01:30"),  # 02:15 once more
        ("2026-10-25T01:30", "Europe/Paris", "02:30", "2026-10-26T01:30"),
        ("2026-03-29T01:15", "Europe/Paris", "02:30", "2026-03-29T01:30"),  # 03:15, not yet told
        ("2026-12-31T23:00", "Pacific/Auckland", "07:30", "2027-01-01T18:30"),
    ],
)
def test_the_next_set_time(now: str, zone: str, at: str, due: str):
    found = next_time(route(mode="digest", at=at, timezone=zone), _utc(now))
    assert found == _utc(due)
    assert found.utcoffset() == timedelta(0)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["Africa/Algiers", "Europe/Paris", "America/New_York", "Asia/Kathmandu"]),
    st.times(),
)
def test_the_next_time_is_ahead_and_within_a_day(moment: datetime, zone: str, at: Any):
    now = moment.replace(tzinfo=UTC)
    setting = route(mode="digest", at=f"{at.hour:02}:{at.minute:02}", timezone=zone)
    due = next_time(setting, now)
    assert now < due <= now + timedelta(hours=25)
    local = due.astimezone(ZoneInfo(zone))
    # an hour that the change of clocks leaves out is told an hour late, never not at all
    assert (local.hour - at.hour) % 24 in (0, 1)
    assert local.minute == at.minute
