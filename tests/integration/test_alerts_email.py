"""E-mail against a real SMTP server: what each of its answers means for the alert."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP
from alerting import NOW, delivery
from certificate import Certificate
from sinks import Mailbox, mail_server

from alerts.channel_settings import EmailSettings
from alerts.channels.email import EmailChannel, verdict
from alerts.messages import Composer, message_key
from alerts.secrets import login_forms
from domain.notice import SendOutcome, SendResult

PASSWORD = "corr3ct-horse"
ACCEPTED = SendResult.ACCEPTED


def channel(port: int, tls: ssl.SSLContext | None = None, **facts: Any) -> EmailChannel:
    given = {
        "type": "email",
        "host": "127.0.0.1",
        "port": port,
        "sender": "marsad@desk.example",
        "recipients": ["one@desk.example", "two@desk.example"],
    }
    settings = EmailSettings.model_validate({**given, **facts})
    return EmailChannel("mail", settings, Composer(), lambda: NOW, tls=tls, timeout=1.0)


async def send(port: int, **facts: Any) -> SendOutcome:
    return await channel(port, **facts).send([delivery()], digest=False)


async def test_a_mail_arrives_under_its_stable_id():
    async with mail_server() as box:
        for _ in range(2):
            outcome = await send(box.port)
            assert outcome == SendOutcome(result=ACCEPTED, receipt=box.ids()[0])
    assert box.ids() == [f"<{message_key([delivery()])}@desk.example>"] * 2
    assert box.recipients == [["one@desk.example", "two@desk.example"]] * 2
    assert box.mails[0]["Subject"].endswith(" · Exercice naval algéro-italien n° 1")


async def test_a_digest_arrives_as_one_mail():
    async with mail_server() as box:
        told = [delivery(n) for n in range(1, 1001)]
        assert (await channel(box.port).send(told, digest=True)).result is ACCEPTED
    assert [mail["Subject"] for mail in box.mails] == [
        "[marsad] Digest · Italy (IT) 1000 · 1000 articles, 1000 stories"
    ]


async def test_one_recipient_refused_is_accepted_with_its_reason():
    async with mail_server() as box:
        box.refusals["two@desk.example"] = "550 no such person"
        outcome = await send(box.port)
    assert outcome.result is ACCEPTED
    assert outcome.reason == "refused for two@desk.example: 550 no such person"
    assert box.recipients == [["one@desk.example"]]


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        (("550 gone", "551 moved"), SendResult.REFUSED),
        (("450 greylisted", "550 gone"), SendResult.RETRY),
        (("451 later", "452 full"), SendResult.RETRY),
    ],
)
async def test_every_recipient_refused(answers: tuple[str, str], result: SendResult):
    async with mail_server() as box:
        box.refusals = dict(zip(("one@desk.example", "two@desk.example"), answers, strict=True))
        outcome = await send(box.port)
    assert (outcome.result, outcome.channel_wide) == (result, False)
    assert answers[0] in outcome.reason


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("451 try again", SendResult.RETRY),
        ("421 too busy", SendResult.RETRY),
        ("452 no room", SendResult.RETRY),
        ("554 looks like spam", SendResult.REFUSED),
        ("552 too big", SendResult.REFUSED),
    ],
)
async def test_what_is_said_after_the_last_byte_is_of_this_mail(answer: str, result: SendResult):
    async with mail_server() as box:
        box.after_data = [answer]
        outcome = await send(box.port)
        assert (outcome.result, outcome.channel_wide) == (result, False)
        assert answer in outcome.reason
        assert (await send(box.port)).result is ACCEPTED


async def test_a_sender_that_is_refused_keeps_the_queue():
    async with mail_server() as box:
        box.sender_refusal = "550 5.7.1 not yours"
        outcome = await send(box.port)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)


async def test_a_login_is_used():
    async with mail_server(login=("marsad", PASSWORD)) as box:
        assert (await send(box.port, username="marsad", password=PASSWORD)).result is ACCEPTED


@pytest.mark.parametrize("login", [{}, {"username": "marsad", "password": "wr0ng-battery"}])
async def test_a_login_that_fails_keeps_the_queue_and_its_secret(
    login: dict[str, str], caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        async with mail_server(login=("marsad", PASSWORD)) as box:
            outcome = await send(box.port, **login)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert ("535" if login else "530") in outcome.reason
    for form in ("wr0ng-battery", *login_forms("marsad", "wr0ng-battery")):
        assert form not in outcome.reason
        # what the server of the tests logs of its client is its own
        assert not [r for r in caplog.records if r.name != "mail.log" and form in r.getMessage()]


@asynccontextmanager
async def scripted(*lines: bytes, then: str = "hang") -> AsyncIterator[int]:
    """Run a server that says ``lines``, one for each that it is sent, and then hangs or ends."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for line in lines:
                writer.write(line)
                await writer.drain()
                await reader.readline()
            if then == "hang":
                await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


GREETING = (b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n")


@pytest.mark.parametrize("then", ["hang", "close"])
async def test_a_link_that_breaks_after_the_mail_may_have_carried_it(then: str):
    async with scripted(*GREETING, b"354 go\r\n", then=then) as port:
        outcome = await send(port)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, False)
    assert "possibly sent" in outcome.reason


@pytest.mark.parametrize(
    ("lines", "then"),
    [
        ((), "hang"),
        ((), "close"),
        ((b"554 go away\r\n",), "close"),
        ((b"421 not now\r\n",), "close"),
        ((b"220 hi\r\n", b"554 no\r\n", b"554 no\r\n"), "close"),
    ],
)
async def test_a_server_that_does_not_talk_keeps_the_queue(lines: tuple[bytes, ...], then: str):
    async with scripted(*lines, then=then) as port:
        outcome = await send(port)
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)


async def test_junk_instead_of_smtp_loses_nothing():
    async with scripted(b"HTTP/1.1 400 Bad Request\r\n\r\n", then="close") as port:
        assert (await send(port)).result is SendResult.RETRY


async def test_nobody_there_keeps_the_queue():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        outcome = await send(holder.getsockname()[1])
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert "127.0.0.1" in outcome.reason


@asynccontextmanager
async def serving(
    protocol: Callable[[Mailbox], SMTP], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Mailbox]:
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(box), "127.0.0.1", 0, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_over_tls_arrives_where_the_certificate_is_believed(
    tmp_path: Path, security: str
):
    made = Certificate(tmp_path)
    upgrade = made.server if security == "starttls" else None
    always = made.server if security == "tls" else None

    def protocol(box: Mailbox) -> SMTP:
        return SMTP(box, tls_context=upgrade, require_starttls=upgrade is not None)

    async with serving(protocol, always) as box:
        believed = await send(box.port, security=security, tls=made.believed())
        doubted = await send(box.port, security=security)
        plain = await send(box.port)
    assert believed.result is ACCEPTED, believed
    assert len(box.mails) == 1
    for outcome in (doubted, plain):
        assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True), outcome


async def test_no_mail_goes_in_clear_where_tls_is_asked_for():
    async with mail_server() as box:
        outcome = await send(box.port, security="starttls")
    assert (outcome.result, outcome.channel_wide) == (SendResult.RETRY, True)
    assert box.mails == []


@pytest.mark.parametrize(
    ("error", "result", "is_wide"),
    [
        (aiosmtplib.SMTPResponseException(-1, "garbled"), SendResult.RETRY, False),
        (aiosmtplib.SMTPDataError(554, "no"), SendResult.REFUSED, False),
        (aiosmtplib.SMTPSenderRefused(552, "too big", "a"), SendResult.REFUSED, False),
        (aiosmtplib.SMTPSenderRefused(451, "later", "a"), SendResult.RETRY, False),
        (aiosmtplib.SMTPSenderRefused(530, "log in", "a"), SendResult.RETRY, True),
        (aiosmtplib.SMTPAuthenticationError(454, "later"), SendResult.RETRY, True),
        (aiosmtplib.SMTPResponseException(503, "bad sequence"), SendResult.RETRY, True),
        (aiosmtplib.SMTPNotSupported("SMTPUTF8"), SendResult.RETRY, True),
        (ConnectionResetError(), SendResult.RETRY, False),
        (ssl.SSLError("bad record"), SendResult.RETRY, True),
    ],
)
def test_verdicts(error: Exception, result: SendResult, is_wide: bool):
    assert verdict(error) == (result, is_wide)
