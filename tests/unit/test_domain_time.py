"""Days and spans at the ends of the calendar, which archives name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.article import Document
from domain.time import day_in, moved
from matcher.judge import Matcher

HOME = ZoneInfo("Africa/Algiers")
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
TEXT = "Le général américain Langley a visité Alger mardi pour la coopération militaire."


def test_a_day_is_that_of_the_zone_as_far_as_the_calendar_goes() -> None:
    assert day_in(HOME, datetime(2026, 3, 14, 23, 30, tzinfo=UTC)) == date(2026, 3, 15)
    assert day_in(HOME, LAST) == date(9999, 12, 31)


def test_a_moment_is_moved_as_far_as_the_calendar_goes() -> None:
    day = timedelta(days=1)
    assert moved(FIRST, day) == datetime(1, 1, 2, tzinfo=UTC)
    assert moved(FIRST, -day) == FIRST
    assert moved(LAST, day) >= LAST


@pytest.mark.parametrize("published", [FIRST, LAST])
def test_a_text_of_an_impossible_day_is_judged(published: datetime) -> None:
    matcher = Matcher.load(("defence-cooperation",))
    document = Document(id="1", title="Visite", text=TEXT, published_at=published)
    assert matcher.judge(document).matches[0].partners == ("US",)
