"""The far ends of the alerts, on loopback: a mail server and a Slack webhook that keep all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from marsad.demo.server import LOOPBACK

HOOK_PATH = "/services/T0DEMO/B0DEMO/loopback"


@dataclass  # without slots: aiosmtpd looks at every member, which Python 3.11.2 then refuses
class Mailbox:
    """The mails that arrived, oldest first."""

    mails: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail and say so."""
        del server, session
        parsed = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 kept"


@asynccontextmanager
async def mail_sink() -> AsyncIterator[Mailbox]:
    """Run a mail server for as long as the block lasts."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="desk.example", enable_SMTPUTF8=True), LOOPBACK, 0
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


class _Hook(ThreadingHTTPServer):
    daemon_threads = True
    posts: list[dict[str, Any]]


class _HookHandler(BaseHTTPRequestHandler):
    server: _Hook
    timeout = 10

    def do_POST(self) -> None:
        """Keep a message and answer as Slack does."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        is_ours = self.path == HOOK_PATH
        if is_ours:
            self.server.posts.append(json.loads(body))
        self.send_response(200 if is_ours else 404)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"ok" if is_ours else b"no_service")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Channel:
    """The messages that a Slack channel would show, oldest first."""

    url: str
    posts: list[dict[str, Any]]


@contextmanager
def slack_sink() -> Iterator[Channel]:
    """Run a webhook for as long as the block lasts."""
    server = _Hook((LOOPBACK, 0), _HookHandler)
    server.posts = []
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://{LOOPBACK}:{server.server_address[1]}{HOOK_PATH}"
    try:
        yield Channel(url=url, posts=server.posts)
    finally:
        server.shutdown()
        server.server_close()
