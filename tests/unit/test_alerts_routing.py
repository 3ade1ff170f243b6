"""Who is told of what, how and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alerting import NOW, article, match
from hypothesis import given
from hypothesis import strategies as st

from alerts.routing import next_time, plan
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
    early, late = (route(mode="digest", at=at) for at in ("11:00", "18:00"))
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
