"""Channels against real far sides that accept, refuse, stall and lie."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
from aiohttp import web
from pydantic import SecretStr
from sinks import mail_server, serving

from alerts.channels import make_channel
from alerts.channels import slack as slack_module
from alerts.sample import sample_delivery
from alerts.settings import AppriseSettings, EmailSettings, SlackSettings
from domain.notice import SendOutcome, SendResult

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DESK = "desk@example.org"


def email_settings(port: int, **keys: object) -> EmailSettings:
    return EmailSettings.model_validate(
        {
            "type": "email",
            "host": "127.0.0.1",
            "port": port,
            "sender": "marsad@desk.example",
            "recipients": [DESK, "second@example.org"],
            **keys,
        }
    )


def slack(port: int) -> SlackSettings:
    url = SecretStr(f"http://127.0.0.1:{port}/T0/verysecret")
    return SlackSettings(type="slack", webhook_url=url)


async def send(settings: object) -> SendOutcome:
    channel = make_channel("it", settings)  # type: ignore[arg-type]
    try:
        return await channel.send([sample_delivery("it", NOW)], digest=False)
    finally:
        await channel.close()


async def test_a_mail_arrives_whole_and_keeps_its_id() -> None:
    async with mail_server() as box:
        for _ in range(2):
            outcome = await send(email_settings(box.port))
            assert outcome.result is SendResult.ACCEPTED
    assert len(set(box.ids())) == 1
    mail = box.mails[0]
    assert {p.get_content_type() for p in mail.walk()} >= {"text/plain", "text/html"}
    assert "dialogue militaire" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert box.recipients[0] == [DESK, "second@example.org"]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("451 try later", SendResult.RETRY),
        ("421 closing", SendResult.RETRY),
        ("552 too large", SendResult.REFUSED),
        ("554 no", SendResult.REFUSED),
    ],
)
async def test_an_answer_after_the_message(answer: str, result: SendResult) -> None:
    async with mail_server() as box:
        box.after_data = [answer]
        outcome = await send(email_settings(box.port))
    assert outcome.result is result
    assert answer[:3] in outcome.reason


async def test_one_of_two_recipients_refused_is_a_partial_success() -> None:
    async with mail_server() as box:
        box.refusals[DESK] = "550 no such user"
        outcome = await send(email_settings(box.port))
    assert outcome.result is SendResult.ACCEPTED
    assert DESK in outcome.reason
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("answer", "result"), [("550 no", SendResult.REFUSED), ("450 busy", SendResult.RETRY)]
)
async def test_every_recipient_refused(answer: str, result: SendResult) -> None:
    async with mail_server() as box:
        box.refusals = {DESK: answer, "second@example.org": answer}
        outcome = await send(email_settings(box.port))
    assert outcome.result is result


async def test_a_wrong_login_is_the_channels_fault_and_tells_no_password() -> None:
    async with mail_server(("user", "right")) as box:
        good = await send(email_settings(box.port, username="user", password=SecretStr("right")))
        wrong = await send(email_settings(box.port, username="user", password=SecretStr("hunter2")))
        none = await send(email_settings(box.port))
    assert good.result is SendResult.ACCEPTED
    for outcome in (wrong, none):
        assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert "hunter2" not in wrong.reason


async def test_a_server_that_is_down_is_tried_again() -> None:
    outcome = await send(email_settings(1))
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)


@pytest.mark.parametrize(
    ("status", "body", "result", "is_wide"),
    [
        (200, "ok", SendResult.ACCEPTED, False),
        (200, "<html>login</html>", SendResult.RETRY, False),
        (500, "rollup_error", SendResult.RETRY, False),
        (404, "channel_not_found", SendResult.RETRY, True),
        (410, "channel_is_archived", SendResult.RETRY, True),
        (403, "invalid_token", SendResult.RETRY, True),
        (400, "invalid_payload", SendResult.REFUSED, False),
    ],
)
async def test_a_webhooks_answers(
    status: int, body: str, result: SendResult, is_wide: bool
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    async with serving(answer) as port:
        settings = slack(port)
        outcome = await send(settings)
    assert (outcome.result, outcome.channel_wide) == (result, is_wide)
    assert "verysecret" not in outcome.reason


async def test_retry_after_is_handed_on() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "30"}, text="rate_limited")

    async with serving(answer) as port:
        settings = slack(port)
        outcome = await send(settings)
    assert (outcome.result, outcome.retry_after) == (SendResult.RETRY, 30.0)


async def test_no_secret_in_reasons_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    other = AppriseSettings(type="apprise", url=SecretStr("json://user:verysecret@127.0.0.1:1/"))
    outcomes = [await send(slack(1)), await send(other)]
    assert all(o.result is SendResult.RETRY for o in outcomes)
    assert "verysecret" not in "".join(o.reason for o in outcomes)
    assert "verysecret" not in repr([slack(1), other])
    assert "verysecret" not in caplog.text


async def test_apprise_delivers() -> None:
    bodies = []

    async def answer(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return web.Response(text="ok")

    async with serving(answer) as port:
        target = SecretStr(f"json://127.0.0.1:{port}/hook")
        outcome = await send(AppriseSettings(type="apprise", url=target))
    assert outcome.result is SendResult.ACCEPTED
    assert "dialogue militaire" in bodies[0]["message"]


def test_slack_has_a_limit_of_time() -> None:
    assert slack_module.TIMEOUT <= 30
