"""The alerts section: what it takes, what it refuses, and that no secret comes out of it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.channel_settings import EmailSettings
from alerts.channels import make_channel
from alerts.settings import AlertSettings, RouteSettings
from domain.notice import Mode

SECRET = "s3cr3t-t0ken-01234"
MAIL = {
    "type": "email",
    "host": "mail.example",
    "sender": "marsad@desk.example",
    "recipients": ["a@desk.example"],
}
CHANNELS: dict[str, dict[str, Any]] = {
    "email": {**MAIL, "username": "marsad", "password": SECRET},
    "slack": {"type": "slack", "webhook_url": f"https://hooks.example/services/T0/B0/{SECRET}"},
    "slack-bot": {"type": "slack", "bot_token": f"xoxb-{SECRET}", "channel": "C0123456"},
    "webhook": {"type": "webhook", "url": f"https://hook.example/{SECRET}", "secret": SECRET},
    "file": {"type": "file", "path": "alerts.jsonl"},
    "apprise": {"type": "apprise", "url": f"json://user:{SECRET}@host.example/"},
    "console": {"type": "console"},
}


def settings(**facts: Any) -> AlertSettings:
    return AlertSettings.model_validate(facts)


def fault(**facts: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(**facts)
    return str(caught.value)


def test_the_section_of_the_documentation_loads():
    loaded = settings(
        max_age="24h",
        channels={
            "desk-mail": {**MAIL, "port": 25, "security": "none"},
            "desk-slack": CHANNELS["slack"],
            "desk-other": CHANNELS["apprise"],
        },
        routes=[
            {
                "rules": ["defence-cooperation"],
                "channels": ["desk-mail", "desk-slack"],
                "mode": "immediate",
                "min_score": 0.5,
            },
            {
                "rules": ["defence-cooperation"],
                "channels": ["desk-mail"],
                "mode": "digest",
                "at": "07:30",
                "timezone": "Africa/Algiers",
            },
        ],
    )
    assert loaded.max_age == timedelta(hours=24)
    assert loaded.routes[1].at == time(7, 30)
    assert [r.modes for r in loaded.routes] == [(Mode.IMMEDIATE,), (Mode.DIGEST,)]
    assert loaded.unknown_channels() == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0", timedelta(0)),
        (0, timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("1.5h", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
    ],
)
def test_durations(written: object, meant: timedelta):
    assert settings(max_age=written).max_age == meant


@pytest.mark.parametrize("written", ["soon", "-1h", "24", 24, "", "1w", None, "h"])
def test_what_is_no_duration_is_refused(written: object):
    assert "write 90s, 30m, 24h or 7d" in fault(max_age=written)


@pytest.mark.parametrize("written", ["99999999999d", f"{'9' * 400}d", "1000000000d"])
def test_a_duration_without_end_is_refused(written: str):
    assert "is too long; write 0 for no limit" in fault(max_age=written)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"mode": "digest"}, "a digest needs at"),
        ({"mode": "both"}, "a digest needs at"),
        ({"mode": "digest", "at": "25:00"}, "no time of day"),
        ({"mode": "digest", "at": 730}, "no time of day"),
        ({"timezone": "Africa/Alger"}, "no time zone"),
        ({"timezone": "../etc/passwd"}, "no time zone"),
        ({"timezone": "Africa"}, "no time zone"),  # a folder of zones
        ({"timezone": "x" * 5000}, "no time zone"),
        ({"timezone": ""}, "no time zone"),
        ({"min_score": 1.1}, "less than or equal to 1"),
        ({"mode": "hourly"}, "immediate"),
        ({"channel": ["m"]}, "not permitted"),
        ({"channels": []}, "at least 1"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(route: dict[str, Any], words: str):
    text = fault(routes=[{"channels": ["m"], **route}])
    assert words in text


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ({**MAIL, "sender": "marsad"}, "no mail address"),
        ({**MAIL, "recipients": ["a@b", "x\ny@b"]}, "no mail address"),
        ({**MAIL, "sender": "a@b\r\nBcc: c@d"}, "no mail address"),
        ({**MAIL, "sender": "Marsad <a@b>"}, "no mail address"),
        ({**MAIL, "sender": "marsad<a@b>"}, "no mail address"),
        ({**MAIL, "recipients": ["a@b,c@d"]}, "no mail address"),
        ({**MAIL, "recipients": ["a@@b"]}, "no mail address"),
        ({**MAIL, "recipients": ["é@b.example"]}, "no mail address"),
        ({**MAIL, "recipients": []}, "at least 1"),
        ({**MAIL, "port": 0}, "greater than or equal to 1"),
        ({**MAIL, "security": "ssl"}, "starttls"),
        ({**MAIL, "password": SECRET}, "go together"),
        ({**MAIL, "username": "marsad"}, "go together"),
        ({**MAIL, "username": "", "password": SECRET}, "at least 1"),
        ({**MAIL, "username": "marsad", "password": ""}, "at least 1"),
        ({"type": "slack", "webhook_url": f"ftp://{SECRET}"}, "begins with https://"),
        ({"type": "slack", "webhook_url": f"https://h/ {SECRET}"}, "begins with https://"),
        ({"type": "slack"}, "either webhook_url, or bot_token with channel"),
        ({"type": "slack", "bot_token": f"xoxb-{SECRET}"}, "go together"),
        ({"type": "slack", "bot_token": SECRET, "channel": "C012"}, "begins with xoxb-"),
        ({"type": "slack", "bot_token": f"xoxb-{SECRET}", "channel": "desk"}, "#desk"),
        ({"type": "webhook", "url": "https://h.example/", "secret": "short"}, "16 bytes"),
        ({"type": "webhook", "url": "https://h.example/", "secret": f"whsec_{SECRET}"}, "base64"),
        ({"type": "webhook", "url": f"https://u:{SECRET}@h/", "secret": SECRET}, "no user name"),
        ({"type": "webhook", "url": f"https://h:99999/{SECRET}", "secret": SECRET}, "begins with"),
        ({"type": "webhook", "url": f"file:///{SECRET}", "secret": SECRET}, "begins with"),
        ({"type": "file", "path": ""}, "at least 1"),
        ({"type": "apprise", "url": SECRET}, "service://token"),
        ({"type": "apprise", "url": f"telegrm://{SECRET}"}, "no service telegrm://"),
        ({"type": "pager", "password": SECRET}, "console"),
        ({"type": "slack", "url": SECRET}, "not permitted"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused_without_its_secret(
    channel: dict[str, Any], words: str
):
    text = fault(channels={"c": channel})
    assert words in text
    assert SECRET not in text


def test_a_route_to_nowhere_is_named_with_its_nearest_channel():
    loaded = settings(
        channels={"desk-mail": MAIL, "desk-slack": CHANNELS["slack"]},
        routes=[{"channels": ["desk-mail"]}, {"channels": ["desk-slack", "desk-mial"]}],
    )
    assert loaded.unknown_channels() == [
        ("routes", 1, 1, "no channel 'desk-mial'; did you mean 'desk-mail'?")
    ]


def test_a_line_break_after_a_webhook_is_no_part_of_it():
    url = CHANNELS["slack"]["webhook_url"]
    loaded = settings(channels={"s": {"type": "slack", "webhook_url": f"{url}\n"}})
    channel = loaded.channels["s"]
    assert channel.type == "slack"
    assert channel.webhook_url.get_secret_value() == url


def test_settings_are_frozen():
    loaded = settings(channels={"m": MAIL})
    with pytest.raises(ValidationError):
        loaded.max_age = timedelta(0)


@pytest.mark.parametrize("kind", CHANNELS)
def test_no_channel_shows_its_secret(kind: str):
    loaded = settings(channels={"c": CHANNELS[kind]})
    channel = make_channel("c", loaded.channels["c"])
    shown = [repr(loaded), str(loaded), str(loaded.model_dump()), loaded.model_dump_json()]
    shown += [repr(loaded.channels["c"]), repr(channel), str(channel)]
    assert SECRET not in "".join(shown)


@given(st.text(min_size=8, alphabet=st.characters(min_codepoint=33, max_codepoint=126)))
def test_whatever_the_password_it_is_not_shown(password: str):
    mail = EmailSettings.model_validate({**MAIL, "username": "u", "password": password})
    shown = repr(mail) + str(mail) + mail.model_dump_json()
    assert password not in shown.replace("**********", "")


def test_a_route_filters_nothing_unless_told_to():
    route = RouteSettings(channels=("m",))
    assert (route.rules, route.languages, route.partners, route.min_score) == ((), (), (), 0.0)
