"""Who is told, how and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.routing import next_time, plan
from alerts.settings import RouteSettings
from domain.article import Article
from domain.match import Match
from domain.notice import Mode

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)


def article(published: datetime | None = NOW, language: str = "fr") -> Article:
    return Article(
        url="https://a.example/1",
        source_id="tell",
        title="t",
        text="x",
        language=language,
        first_seen=NOW,
        published_at=published,
    )


def match(rule: str = "r", score: float = 0.8) -> Match:
    return Match(rule=rule, score=score, threshold=0.5, partners=("IT",), activities=("visit",))


def route(**keys: object) -> RouteSettings:
    return RouteSettings.model_validate({"channels": ["desk"], **keys})


def told(
    routes: list[RouteSettings], *, a: Article | None = None, matches=None, max_age=DAY, tags=()
):
    planned = plan(
        a or article(),
        [match()] if matches is None else matches,
        routes,
        now=NOW,
        max_age=max_age,
        source_tags=tags,
    )
    return [(p.channel, p.mode, p.due_at) for p in planned]


def test_a_hit_is_told_at_once() -> None:
    assert told([route()]) == [("desk", Mode.IMMEDIATE, NOW)]


def test_no_match_tells_nobody() -> None:
    assert told([route()], matches=[]) == []


def test_several_rules_and_routes_make_one_delivery_a_channel() -> None:
    routes = [route(), route(channels=["desk", "slack"])]
    assert [p[0] for p in told(routes, matches=[match("a"), match("b")])] == ["desk", "slack"]


@pytest.mark.parametrize(
    ("published", "max_age", "is_told"),
    [
        (NOW - timedelta(hours=23), DAY, True),
        (NOW - timedelta(hours=25), DAY, False),
        (NOW - timedelta(days=900), timedelta(0), True),
        (None, DAY, True),
        (NOW + timedelta(days=2), DAY, True),
    ],
)
def test_old_articles_are_stored_not_told(published, max_age, is_told: bool) -> None:
    assert bool(told([route()], a=article(published), max_age=max_age)) is is_told


@pytest.mark.parametrize(
    ("keys", "is_told"),
    [
        ({"rules": ["r"]}, True),
        ({"rules": ["other"]}, False),
        ({"min_score": 0.8}, True),
        ({"min_score": 0.81}, False),
        ({"languages": ["ar"]}, False),
        ({"partners": ["IT", "US"]}, True),
        ({"partners": ["US"]}, False),
        ({"activities": ["exercise"]}, False),
        ({"outlets": ["tell"]}, True),
        ({"outlets": ["other"]}, False),
        ({"tags": ["dz"]}, True),
        ({"tags": ["abroad"]}, False),
    ],
)
def test_filters(keys: dict[str, object], is_told: bool) -> None:
    assert bool(told([route(**keys)], tags=("dz",))) is is_told


def test_both_modes() -> None:
    found = told([route(mode="both", at="07:30")])
    assert [p[1] for p in found] == [Mode.IMMEDIATE, Mode.DIGEST]


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Africa/Algiers", "2026-11-20T06:29:00", "2026-11-20T06:30:00"),
        ("Africa/Algiers", "2026-11-20T06:30:00", "2026-11-21T06:30:00"),
        ("Africa/Algiers", "2026-11-20T23:59:00", "2026-11-21T06:30:00"),
        ("Europe/Paris", "2026-03-28T10:00:00", "2026-03-29T05:30:00"),  # summer time begins
        ("Europe/Paris", "2026-10-24T10:00:00", "2026-10-25T06:30:00"),  # and ends
    ],
)
def test_the_next_digest(zone: str, now: str, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    due = next_time(route(mode="digest", at="07:30", timezone=zone), moment)
    assert due == datetime.fromisoformat(expected).replace(tzinfo=UTC)
