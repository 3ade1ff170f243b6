"""Far sides on loopback: a mail server and a web server that keep what they are given."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mailbox:
    """A mail server's handler. ``refusals`` answers an address, ``after_data`` a message."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusals: dict[str, str] = {}
        self.sender_refusal = ""
        self.after_data: list[str] = []  # answers, first in first out; then 250
        self.port = 0

    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.mails]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender_refusal:
            return self.sender_refusal
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = self.after_data.pop(0) if self.after_data else "250 OK"
        if answer.startswith("250"):
            content = envelope.original_content or b""
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(list(envelope.rcpt_tos))
        return answer


@asynccontextmanager
async def mail_server(
    login: tuple[str, str] | None = None, *, port: int = 0
) -> AsyncIterator[Mailbox]:
    """Run a mail server on this loop; ``login`` asks for that name and password.

    ``port`` is that of one that went down and comes back.
    """
    mailbox = Mailbox()

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == login, handled=False)

    def protocol() -> SMTP:
        asked = {"auth_required": True, "auth_require_tls": False, "authenticator": authenticate}
        return SMTP(mailbox, hostname="mail.example", **(asked if login else {}))

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()


class Hook:
    """A web server that keeps the JSON it is posted. ``answers`` go first in first out."""

    def __init__(self) -> None:
        self.payloads: list[Any] = []
        self.answers: list[web.Response | float] = []  # a number: seconds to say nothing
        self.bodies: list[Any] = []  # of every post, whatever it was answered
        self.times: list[float] = []  # of the loop, at which they came
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T000/B000/secret-token"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.times.append(asyncio.get_running_loop().time())
        self.bodies.append(json.loads(body))
        answer = self.answers.pop(0) if self.answers else web.Response(text="ok")
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = web.Response(text="ok")
        if answer.status == 200 and answer.text == "ok":
            self.payloads.append(json.loads(body))
        return answer


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[int]:
    """Serve every path by ``answer`` on this loop; yield the port."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def web_hook() -> AsyncIterator[Hook]:
    """Run a webhook on this loop."""
    hook = Hook()
    async with serving(hook.answer) as port:
        hook.port = port
        yield hook
