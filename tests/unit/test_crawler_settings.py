from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from crawler.settings import CrawlSettings


def test_the_section_of_the_manual_is_read():
    settings = CrawlSettings.model_validate(
        {
            "user_agent": "marsad (+https://example.org/contact)",
            "poll_every": {"min": "5m", "max": "6h"},
            "delay": "1s",
            "allow_private_networks": False,
            "include": ["dz"],
        }
    )
    assert settings.poll_every.max == timedelta(hours=6)
    assert settings.delay == timedelta(seconds=1)
    assert settings.include == ("dz",)
    assert settings.feed_max_bytes == 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30),
        ("5m", 300),
        ("6h", 21600),
        ("2d", 172800),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        (0, 0),
    ],
)
def test_durations(text, expected):
    assert CrawlSettings(delay=text).delay == timedelta(seconds=expected)


@pytest.mark.parametrize(
    "wrong",
    [
        {"delay": "5 minutes"},
        {"delay": 5},
        {"delay": True},
        {"delay": "-5s"},
        {"poll_every": {"min": "6h", "max": "5m"}},
        {"poll_every": {"min": "0s"}},
        {"redirects": 500},
        {"user_agent": "a\r\nX: y"},
        {"usr_agent": "x"},
        {"poll_every": {"minimum": "5m"}},
    ],
)
def test_mistakes_are_refused(wrong):
    with pytest.raises(ValidationError):
        CrawlSettings.model_validate(wrong)
