"""Slack's webhook and Apprise against a real web server: only "ok" is accepted, nothing leaks."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from alerting import NOW, Clock, MemoryOutbox, delivery
from pydantic import SecretStr
from sinks import Hook, serving, web_hook

from alerts.channel_settings import AppriseSettings, SlackSettings
from alerts.channels.apprise import AppriseChannel
from alerts.channels.slack import SlackChannel
from alerts.dispatcher import Dispatcher
from alerts.guarding import Guard
from alerts.messages import Composer
from alerts.posting import Poster
from alerts.retry import RetryPolicy
from alerts.secrets import Redactor, login_forms
from domain.notice import SendOutcome, SendResult

ANY_HOST = Guard(allow_private=True)
PIECES = ("secret-token", "services/T000", "/B000")


def channel(url: str, timeout: int = 2) -> SlackChannel:
    settings = SlackSettings.model_validate({"type": "slack", "webhook_url": url})
    return SlackChannel("slack", settings, Composer(), Poster(ANY_HOST, timeout=timeout))


async def send(url: str) -> SendOutcome:
    return await channel(url).send([delivery()], digest=False)


async def answered(answer: web.Response) -> SendOutcome:
    async with web_hook() as hook:
        hook.answers = [answer]
        return await send(hook.url)


def assert_silent(*said: object) -> None:
    for text in map(str, said):
        assert not [piece for piece in PIECES if piece in text], text


@pytest.fixture(autouse=True)
def leaks(caplog: pytest.LogCaptureFixture) -> Any:
    """Fail any test under which a log line holds a piece of the address."""
    # The test's own web server, and the HTTP client under Apprise, which marsad.logs quiets.
    for name in ("aiohttp", "urllib3"):
        caplog.set_level(logging.WARNING, name)
    caplog.set_level(logging.DEBUG)
    yield
    assert_silent(*(record.getMessage() for record in caplog.get_records("call")))


async def test_a_message_arrives_with_its_blocks_and_its_reference():
    async with web_hook() as hook:
        assert await send(hook.url) == SendOutcome(result=SendResult.ACCEPTED)
    (payload,) = hook.payloads
    assert "Exercice naval algéro-italien n° 1" in payload["text"]
    assert payload["unfurl_links"] is False
    assert "M-" in str(payload["blocks"])


@pytest.mark.parametrize(
    ("status", "body", "result", "is_wide"),
    [
        (200, "no_channel", SendResult.RETRY, False),
        (200, "", SendResult.RETRY, False),
        (200, "<html>captive portal</html>", SendResult.RETRY, False),
        (204, "", SendResult.RETRY, False),
        (302, "", SendResult.RETRY, True),
        (400, "invalid_payload", SendResult.REFUSED, False),
        (403, "action_prohibited", SendResult.RETRY, True),
        (404, "channel_not_found", SendResult.RETRY, True),
        (410, "channel_is_archived", SendResult.RETRY, True),
        (413, "too large", SendResult.REFUSED, False),
        (500, "rollup_error", SendResult.RETRY, False),
        (503, "", SendResult.RETRY, False),
    ],
)
async def test_answers(status: int, body: str, result: SendResult, is_wide: bool):
    outcome = await answered(web.Response(status=status, text=body))
    assert (outcome.result, outcome.channel_wide) == (result, is_wide)
    assert f"HTTP {status}" in outcome.reason
    assert body.partition(" ")[0] in outcome.reason
    assert outcome.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "30"}, 30.0),
        ({"Retry-After": "-3"}, 1.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "soon"}, 30.0),
        ({}, 30.0),
    ],
)
async def test_too_many_requests_is_honoured(header: dict[str, str], seconds: float):
    outcome = await answered(web.Response(status=429, text="rate_limited", headers=header))
    assert (outcome.result, outcome.retry_after) == (SendResult.RETRY, seconds)
    assert not outcome.channel_wide


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int):
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/elsewhere":
            return web.Response(text="ok")
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(answer) as port:
        outcome = await send(f"http://127.0.0.1:{port}/services/T000/B000/secret-token")
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert asked == ["/services/T000/B000/secret-token"]


async def test_silence_is_possibly_sent():
    async with web_hook() as hook:
        hook.answers = [5.0]
        outcome = await channel(hook.url, timeout=1).send([delivery()], digest=False)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, False)
    assert outcome.reason == "timed out; possibly sent"


async def test_a_server_that_hangs_up_is_possibly_sent():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await send(f"http://127.0.0.1:{port}/services/T000/B000/secret-token")
    server.close()
    assert outcome.result is SendResult.RETRY
    assert outcome.reason.endswith("possibly sent")
    assert_silent(outcome)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/services/T000/B000/secret-token",
        "https://127.0.0.1:{port}/services/T000/B000/secret-token",
        "http://nowhere.invalid/services/T000/B000/secret-token",
    ],
)
async def test_nobody_there_keeps_the_queue_and_the_secret(address: str):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        outcome = await send(address.format(port=holder.getsockname()[1]))
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert_silent(outcome)


async def test_an_answer_without_end_or_with_our_address_stays_short():
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=500, text=f"{request.url} {request.path} " + "x" * 10**6)

    async with serving(answer) as port:
        outcome = await send(f"http://127.0.0.1:{port}/services/T000/B000/secret-token")
    assert outcome.result is SendResult.RETRY
    assert len(outcome.reason) < 200
    assert_silent(outcome)


async def test_an_answer_in_no_charset_is_an_answer():
    body = web.Response(status=404, body=b"\xff\xfe no", headers={"Content-Type": "a/b; charset=x"})
    outcome = await answered(body)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)


@pytest.mark.parametrize("path", ["/secret-token\u0301", "/secret-token%", "/secret-token\x7f"])
async def test_an_address_that_no_client_takes_says_no_secret(path: str):
    settings = SlackSettings.model_construct(
        type="slack", webhook_url=SecretStr(f"http://127.0.0.1:1{path}")
    )
    target = SlackChannel("s", settings, Composer(), Poster(ANY_HOST, timeout=1))
    outcome = await target.send([delivery()], digest=False)
    assert outcome.result is SendResult.RETRY
    assert_silent(outcome)


async def test_a_storm_of_429_delivers_everything_once_in_order():
    async with web_hook() as hook:
        busy = [web.Response(status=429, headers={"Retry-After": "60"}) for _ in range(2)]
        hook.answers = [*busy]
        outbox, clock = MemoryOutbox(), Clock()
        outbox.put(*(delivery(n, channel="slack") for n in (1, 2)))
        target = channel(hook.url)
        target.gap = 0.0
        sender = Dispatcher(
            {"slack": target}, outbox, clock=clock, rng=Random(1), policy=RetryPolicy(jitter=0.0)
        )
        for _ in range(8):
            await sender.drain_once()
            clock.pass_by(timedelta(seconds=30))
    assert outbox.states() == ["sent", "sent"]
    assert ["n° 1" in p["text"] for p in hook.payloads] == [True, False]
    assert hook.answers == []


async def test_messages_to_one_webhook_keep_a_second_between_them():
    times: list[float] = []

    class Timed(Hook):
        async def answer(self, request: web.Request) -> web.StreamResponse:
            times.append(asyncio.get_running_loop().time())
            return await super().answer(request)

    hook = Timed()
    async with serving(hook.answer) as hook.port:
        outbox = MemoryOutbox()
        outbox.put(*(delivery(n, channel="slack") for n in (1, 2)))
        sender = Dispatcher({"slack": channel(hook.url)}, outbox, clock=lambda: NOW, rng=Random(1))
        assert await sender.drain_once() == {"accepted": 2}
    assert times[1] - times[0] >= 1.0


def apprise(url: str) -> AppriseChannel:
    settings = AppriseSettings.model_validate({"type": "apprise", "url": url})
    return AppriseChannel("other", settings, Composer(), ANY_HOST)


async def test_apprise_delivers_text_that_calls_nobody():
    got: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response(text="fine")

    async with serving(answer) as port:
        target = apprise(f"json://127.0.0.1:{port}/services/T000/B000/secret-token")
        outcome = await target.send([delivery()], digest=False)
    assert outcome.result is SendResult.ACCEPTED
    assert got[0]["title"] == "Algeria – Italy (IT): visit, exercise"
    assert "Exercice naval algéro-italien n° 1" in got[0]["message"]
    assert "https://paper.example/1?a=1&b=2" in got[0]["message"]


@pytest.mark.parametrize("status", [400, 500])
async def test_apprise_that_fails_is_retried_and_says_no_secret(status: int):
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=str(request.url))

    async with serving(answer) as port:
        target = apprise(f"json://127.0.0.1:{port}/services/T000/B000/secret-token")
        outcome = await target.send([delivery()], digest=False)
    assert outcome.result is SendResult.RETRY
    assert_silent(outcome, repr(target), vars(target))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_apprise_sends_to_nobody_else(status: int):
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        is_first = request.path != "/elsewhere"
        headers = {"Location": f"http://localhost:{request.url.port}/elsewhere"}
        return web.Response(status=status if is_first else 200, headers=headers)

    async with serving(answer) as port:
        target = apprise(f"json://127.0.0.1:{port}/services/T000/B000/secret-token")
        outcome = await target.send([delivery()], digest=False)
    assert outcome.result is SendResult.RETRY
    assert len(asked) == 1
    assert_silent(outcome)


async def test_a_service_that_apprise_does_not_know_keeps_the_queue():
    settings = AppriseSettings.model_construct(
        type="apprise", url=SecretStr("nosuchservice://secret-token/x")
    )
    target = AppriseChannel("other", settings, Composer())
    outcome = await target.send([delivery()], digest=False)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert_silent(outcome)


class TestRedaction:
    URL = "https://hooks.example/services/T0123456/B0123456/abcdefghijkl?x=tokentoken"

    @pytest.mark.parametrize(
        "text",
        [
            URL,
            URL.partition("hooks.example")[2],
            "path /services/T0123456/B0123456/abcdefghijkl refused",
            "token abcdefghijkl of B0123456",
            "https%3A%2F%2Fhooks.example%2Fservices%2FT0123456%2FB0123456%2Fabcdefghijkl",
        ],
    )
    def test_takes_out_the_address_and_its_pieces(self, text: str) -> None:
        said = Redactor(self.URL)(text)
        for piece in ("T0123456", "B0123456", "abcdefghijkl", "tokentoken"):
            assert piece not in said

    def test_leaves_words_alone(self) -> None:
        said = Redactor(self.URL)("hooks.example: HTTP 404: no_service in services")
        assert said == "hooks.example: HTTP 404: no_service in services"

    def test_cuts_after_it_took_out(self) -> None:
        secret = "p4ssw0rd-of-the-desk"
        for length in range(60):
            assert "p4ss" not in Redactor(secret)("x" * length + secret, 60)

    def test_takes_out_what_others_write_of_a_password(self) -> None:
        secret = 'pä ss/wörd"\\x'
        redact = Redactor(secret)
        for form in (json.dumps(secret)[1:-1], ascii(secret)[1:-1], quote(secret)):
            assert redact(f"no {form} here") == "no [secret] here"

    def test_takes_out_what_a_login_looks_like(self) -> None:
        forms = login_forms("marsad", "p4ssw0rd")
        redact = Redactor("p4ssw0rd", *forms)
        for form in ("p4ssw0rd", *forms):
            assert form not in redact(f"535 bad credentials: {form}")
