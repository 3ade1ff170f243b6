"""What every channel owes: an outcome with a reason for whatever its far side does, no secret.

A kind of channel is a ``Kind`` below: how it is built, and how its far side says yes, not now,
never. A kind that has no such answer leaves it out and is excused by name.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from alerting import NOW, arabic, delivery, notice
from certificate import Certificate
from sinks import Mailbox, mail_server

from alerts.channel_settings import (
    AppriseSettings,
    EmailSettings,
    FileSettings,
    SlackSettings,
    WebhookSettings,
)
from alerts.channels.apprise import AppriseChannel
from alerts.channels.console import ConsoleChannel
from alerts.channels.email import EmailChannel
from alerts.channels.file import FileChannel
from alerts.channels.slack import SlackChannel
from alerts.channels.slack_bot import SlackBotChannel
from alerts.channels.webhook import WebhookChannel
from alerts.guarding import Guard
from alerts.messages import Composer
from alerts.ports import Channel
from alerts.posting import Poster
from domain.notice import Delivery, SendOutcome, SendResult

TOKEN = "s3cr3t-t0ken-of-the-desk"
TIMEOUT = 0.5  # seconds that a channel waits for who stays silent
PATIENCE = 20.0  # seconds that one waits for an answer that comes, on a machine that is busy
ANY = Guard(allow_private=True)
ACCEPTED, RETRY, REFUSED = SendResult.ACCEPTED, SendResult.RETRY, SendResult.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """Where a far side listens, and how it is dialled."""

    port: int = 0
    scheme: str = "http"
    tls: ssl.SSLContext | None = None
    guard: Guard = ANY
    folder: Path = Path()
    host: str = "127.0.0.1"
    timeout: float = PATIENCE

    @property
    def base(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def poster(self) -> Poster:
        return Poster(self.guard, timeout=self.timeout, tls=self.tls)


def slack(far: Far) -> Channel:
    url = f"{far.base}/services/T000/{TOKEN}"
    settings = SlackSettings.model_validate({"type": "slack", "webhook_url": url})
    return SlackChannel("c", settings, Composer(), far.poster())


def slack_bot(far: Far) -> Channel:
    given = {"bot_token": f"xoxb-{TOKEN}", "channel": "C0DESK", "api_url": f"{far.base}/api"}
    settings = SlackSettings.model_validate({"type": "slack", **given})
    return SlackBotChannel("c", settings, Composer(), far.poster())


def webhook(far: Far) -> Channel:
    given = {"url": f"{far.base}/in/{TOKEN}", "secret": f"{TOKEN}-key"}
    settings = WebhookSettings.model_validate({"type": "webhook", **given})
    return WebhookChannel("c", settings, Composer(), far.poster(), lambda: NOW)


def apprise(far: Far) -> Channel:
    scheme = "jsons" if far.scheme == "https" else "json"
    wait = f"?cto={far.timeout}&rto={far.timeout}"
    url = f"{scheme}://{far.host}:{far.port}/in/{TOKEN}{wait}"
    settings = AppriseSettings.model_validate({"type": "apprise", "url": url})
    return AppriseChannel("c", settings, Composer(), far.guard)


def email(far: Far) -> Channel:
    security = "tls" if far.scheme == "https" else "none"
    login = {"username": "marsad", "password": TOKEN} if far.scheme == "login" else {}
    settings = EmailSettings.model_validate(
        {
            "type": "email",
            "host": far.host,
            "port": far.port,
            "security": security,
            "sender": "marsad@desk.example",
            "recipients": ["analyst@desk.example"],
            **login,
        }
    )
    return EmailChannel("c", settings, Composer(), lambda: NOW, tls=far.tls, timeout=far.timeout)


def file(far: Far) -> Channel:
    settings = FileSettings.model_validate({"type": "file", "path": str(far.folder / "a.jsonl")})
    return FileChannel("c", settings.path, Composer())


def console(far: Far) -> Channel:
    return ConsoleChannel("c", Composer(), StringIO())


OK = web.Response(text="ok")


def said(status: int, text: str = "", **headers: str) -> Callable[[], web.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.Response(status=status, text=text, headers=named)


def slack_said(**words: Any) -> Callable[[], web.Response]:
    return lambda: web.json_response(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of channel over HTTP with the answers of its far side, by what they mean."""

    make: Callable[[Far], Channel]
    yes: Callable[[], web.Response]
    not_yet: tuple[Callable[[], web.Response], ...]
    never: tuple[Callable[[], web.Response], ...] = ()
    at_fault: tuple[Callable[[], web.Response], ...] = ()  # the channel, not the message
    reads_retry_after: bool = True
    largest: int = 1_000_000  # bytes of a post


WEB = {
    "slack": Kind(
        make=slack,
        yes=said(200, "ok"),
        not_yet=(said(500), said(503, "later"), said(200, "no_service"), said(200, "<html>login")),
        never=(said(400, "invalid_payload"), said(413)),
        at_fault=(said(404, "no_service"), said(403), said(410), said(302, Location="/else")),
    ),
    "slack-bot": Kind(
        make=slack_bot,
        yes=slack_said(ok=True, ts="1700000000.000100", channel="C0DESK"),
        not_yet=(
            said(500),
            said(200, "<html>captive portal"),
            said(200, "[]"),
            slack_said(ok=False, error="internal_error"),
            slack_said(ok="true"),
        ),
        never=(
            slack_said(ok=False, error="invalid_blocks"),
            slack_said(ok=False, error="msg_too_long"),
        ),
        at_fault=(
            slack_said(ok=False, error="invalid_auth"),
            slack_said(ok=False, error="not_in_channel"),
            slack_said(ok=False, error="is_archived"),
            said(302, Location="/else"),
        ),
    ),
    "webhook": Kind(
        make=webhook,
        yes=said(202, "queued"),
        not_yet=(said(500), said(502), said(503, "later"), said(408)),
        never=(said(400), said(413), said(422, "no such field")),
        at_fault=(said(401), said(404), said(410), said(307, Location="/else")),
    ),
    "apprise": Kind(
        make=apprise,
        yes=said(200, "ok"),
        not_yet=(said(500), said(400), said(302, Location="/else")),
        reads_retry_after=False,  # Apprise says only whether it worked
    ),
}
KINDS: dict[str, Callable[[Far], Channel]] = {
    **{name: kind.make for name, kind in WEB.items()},
    "email": email,
    "file": file,
    "console": console,
}


@dataclass(slots=True)
class FarWeb:
    """A web server that answers as told and keeps what it is posted."""

    answer: Callable[[], web.Response]
    port: int = 0
    asked: int = 0
    bodies: list[bytes] = None  # type: ignore[assignment]

    async def serve(self, request: web.Request) -> web.Response:
        self.asked += 1
        self.bodies.append(await request.read())
        return self.answer()


@asynccontextmanager
async def far_web(
    answer: Callable[[], web.Response], tls: ssl.SSLContext | None = None
) -> AsyncIterator[FarWeb]:
    far = FarWeb(answer, bodies=[])
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{tail:.*}", far.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    far.port = runner.addresses[0][1]
    try:
        yield far
    finally:
        await runner.cleanup()


@asynccontextmanager
async def speaking(
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any],
) -> AsyncIterator[int]:
    """Run a server of bare TCP; yield its port."""
    running: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await speak(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def send(channel: Channel, *deliveries: Delivery) -> SendOutcome:
    told = deliveries or (delivery(),)
    outcome = await channel.send(told, digest=len(told) > 1)
    assert TOKEN not in repr(outcome)
    assert TOKEN not in repr(channel) + str(channel)
    assert "\n" not in outcome.reason
    return outcome


@pytest.fixture(autouse=True)
def leaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail any test under which a log line holds a secret, at whatever level."""
    for name in ("aiohttp", "urllib3"):  # the test's server; what marsad.logs quiets
        caplog.set_level(logging.WARNING, name)
    caplog.set_level(logging.DEBUG)
    yield
    assert TOKEN not in "".join(r.getMessage() for r in caplog.get_records("call"))


@pytest.mark.parametrize("name", WEB)
class TestOverTheWeb:
    async def test_yes_is_accepted(self, name: str) -> None:
        kind = WEB[name]
        async with far_web(kind.yes) as far:
            outcome = await send(kind.make(Far(port=far.port)))
        assert (outcome.result, outcome.reason) == (ACCEPTED, "")
        assert far.asked == 1
        assert "Exercice naval" in json.dumps(json.loads(far.bodies[0]), ensure_ascii=False)

    async def test_not_yet_is_tried_again(self, name: str) -> None:
        for answer in WEB[name].not_yet:
            async with far_web(answer) as far:
                outcome = await send(WEB[name].make(Far(port=far.port)))
            assert (outcome.result, outcome.channel_wide) == (RETRY, False), outcome
            assert outcome.reason
            assert far.asked == 1  # trying again is the dispatcher's, over restarts

    async def test_never_is_refused_with_its_words(self, name: str) -> None:
        for answer in WEB[name].never:
            async with far_web(answer) as far:
                outcome = await send(WEB[name].make(Far(port=far.port)))
            assert (outcome.result, outcome.channel_wide) == (REFUSED, False), outcome
            assert outcome.reason

    async def test_a_channel_at_fault_keeps_its_messages(self, name: str) -> None:
        for answer in WEB[name].at_fault:
            async with far_web(answer) as far:
                outcome = await send(WEB[name].make(Far(port=far.port)))
            assert (outcome.result, outcome.channel_wide) == (RETRY, True), outcome
            assert far.asked == 1, "a redirect was followed"

    async def test_too_many_requests_are_waited_for(self, name: str) -> None:
        async with far_web(said(429, "slow down", Retry_After="17")) as far:
            outcome = await send(WEB[name].make(Far(port=far.port)))
        assert outcome.result is RETRY
        assert outcome.retry_after == (17.0 if WEB[name].reads_retry_after else None)

    async def test_silence_ends_in_time_and_is_possibly_sent(self, name: str) -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            await asyncio.sleep(30)

        async with speaking(hang) as port:
            began = time.monotonic()
            outcome = await send(WEB[name].make(Far(port=port, timeout=TIMEOUT)))
        assert time.monotonic() - began < PATIENCE
        assert outcome.result is RETRY
        assert outcome.reason.endswith("possibly sent")
        assert not outcome.channel_wide

    async def test_an_answer_a_byte_at_a_time_ends_in_time(self, name: str) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9999:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(TIMEOUT / 10)

        if name == "apprise":
            return  # its client has no time for the whole; the dispatcher's limit holds
        async with speaking(drip) as port:
            began = time.monotonic()
            outcome = await send(WEB[name].make(Far(port=port, timeout=TIMEOUT)))
        assert time.monotonic() - began < PATIENCE
        assert (outcome.result, outcome.reason) == (RETRY, "timed out; possibly sent")

    async def test_a_line_that_breaks_is_possibly_sent(self, name: str) -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()

        async with speaking(hang_up) as port:
            outcome = await send(WEB[name].make(Far(port=port)))
        assert outcome.result is RETRY
        assert outcome.reason.endswith("possibly sent")

    async def test_a_certificate_that_nobody_signed_is_not_believed(
        self, name: str, tmp_path: Path
    ) -> None:
        made = Certificate(tmp_path)
        async with far_web(WEB[name].yes, made.server) as far:
            outcome = await send(WEB[name].make(Far(port=far.port, scheme="https")))
        assert outcome.result is RETRY
        assert outcome.channel_wide or name == "apprise"
        assert far.asked == 0

    async def test_a_certificate_that_is_believed_is_enough(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = Certificate(tmp_path)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.file))  # read by Apprise's client
        async with far_web(WEB[name].yes, made.server) as far:
            given = Far(port=far.port, scheme="https", tls=made.believed())
            outcome = await send(WEB[name].make(given))
        assert outcome.result is ACCEPTED

    @pytest.mark.parametrize("host", ["127.0.0.1", "hook.example", "0x7f000001"])
    async def test_a_private_network_is_refused_when_it_is_dialled(
        self, name: str, host: str
    ) -> None:
        asked: list[str] = []

        def lookup(name: str, port: int) -> list[str]:
            asked.append(name)
            return ["127.0.0.1"]

        async with far_web(WEB[name].yes) as far:
            guard = Guard(lookup=lookup)
            outcome = await send(WEB[name].make(Far(port=far.port, guard=guard, host=host)))
        assert (outcome.result, outcome.channel_wide) == (RETRY, True)
        assert "private network" in outcome.reason
        assert "allow_private_networks" in outcome.reason
        assert far.asked == 0
        assert asked == [host]

    async def test_what_was_looked_at_is_what_is_dialled(self, name: str) -> None:
        """A name that is public at the first look and private at the second gains nothing."""
        answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.3"]]
        if name == "apprise":
            return  # Apprise looks a name up by itself; docs/channels.md says so
        async with far_web(WEB[name].yes) as far:
            guard = Guard(allow_private=True, lookup=lambda name, port: answers.pop(0))
            await send(WEB[name].make(Far(port=far.port, guard=guard, host="rebind.example")))
        assert far.asked == 1
        assert len(answers) == 2

    async def test_the_largest_digest_is_within_bounds(self, name: str) -> None:
        told = [delivery(n, notice(n, title="é" * 300)) for n in range(1, 2000)]
        async with far_web(WEB[name].yes) as far:
            outcome = await send(WEB[name].make(Far(port=far.port)), *told)
        assert outcome.result is ACCEPTED
        assert len(far.bodies[0]) < (4_000_000 if name == "webhook" else 200_000)


class TestMail:
    @pytest.mark.parametrize(
        ("answer", "result"),
        [("250 OK", ACCEPTED), ("451 later", RETRY), ("554 no", REFUSED)],
    )
    async def test_what_the_server_says_is_the_outcome(
        self, answer: str, result: SendResult
    ) -> None:
        async with mail_server() as box:
            box.after_data = [answer]
            outcome = await send(email(Far(port=box.port)))
        assert outcome.result is result

    async def test_silence_ends_in_time(self) -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)

        async with speaking(hang) as port:
            outcome = await send(email(Far(port=port, timeout=TIMEOUT)))
        assert outcome.result is RETRY

    async def test_a_login_that_is_not_taken_is_the_channels(self) -> None:
        async with mail_server(login=("marsad", "another")) as box:
            outcome = await send(email(Far(port=box.port, scheme="login")))
        assert (outcome.result, outcome.channel_wide) == (RETRY, True)
        assert isinstance(box, Mailbox)
        assert box.mails == []

    async def test_the_receipt_is_the_message_id(self) -> None:
        async with mail_server() as box:
            outcome = await send(email(Far(port=box.port)))
        assert outcome.receipt == box.ids()[0]


class TestFile:
    async def test_each_notice_is_a_line(self, tmp_path: Path) -> None:
        channel = file(Far(folder=tmp_path))
        assert (await send(channel)).result is ACCEPTED
        assert (await send(channel, delivery(2), delivery(3, arabic(3)))).result is ACCEPTED
        text = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        assert [line["story_id"] for line in lines] == [1, 2, 3]
        assert "رئيس الأركان" in text

    async def test_a_folder_that_is_not_there_keeps_the_queue(self, tmp_path: Path) -> None:
        outcome = await send(file(Far(folder=tmp_path / "none")))
        assert (outcome.result, outcome.channel_wide) == (RETRY, True)
        assert "a.jsonl" in outcome.reason

    async def test_a_full_disk_leaves_no_half_line(self) -> None:
        channel = FileChannel("c", "/dev/full", Composer())
        outcome = await send(channel)
        assert (outcome.result, outcome.channel_wide) == (RETRY, True)
        assert "No space left" in outcome.reason

    async def test_standard_output_gets_lines_and_nothing_else(
        self, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        assert (await send(FileChannel("c", "-", Composer()))).result is ACCEPTED
        out = capfdbinary.readouterr().out
        assert out.count(b"\n") == 1
        assert json.loads(out)["type"] == "notice"


@pytest.mark.parametrize("name", KINDS)
async def test_a_strangers_words_break_no_channel(name: str, tmp_path: Path) -> None:
    strange = "\x00\x1b[2J\u202e\r\nBcc: x@y.example\ud800 <!channel> @everyone =?utf-8?q?=00?="
    told = delivery(1, notice(1, title=strange, outlet=strange, url="javascript:alert(1)"))
    if name in WEB:
        async with far_web(WEB[name].yes) as far:
            outcome = await send(WEB[name].make(Far(port=far.port)), told)
    else:
        async with mail_server() as box:
            outcome = await send(KINDS[name](Far(port=box.port, folder=tmp_path)), told)
    assert outcome.result is ACCEPTED


async def test_a_story_is_answered_in_its_thread() -> None:
    kind = WEB["slack-bot"]
    async with far_web(kind.yes) as far:
        channel = kind.make(Far(port=far.port))
        first = await send(channel)
        await send(channel, replace(delivery(2), thread=first.receipt))
    opened, answered = map(json.loads, far.bodies)
    assert "thread_ts" not in opened
    assert answered["thread_ts"] == "1700000000.000100"
    assert {opened["channel"], answered["channel"]} == {"C0DESK"}


async def test_a_thread_that_was_deleted_opens_anew() -> None:
    answers = [
        web.json_response({"ok": False, "error": "thread_not_found"}),
        web.json_response({"ok": True, "ts": "2.0"}),
    ]
    async with far_web(lambda: answers.pop(0)) as far:
        channel = slack_bot(Far(port=far.port))
        outcome = await send(channel, replace(delivery(2), thread="1.0"))
    assert (outcome.result, outcome.receipt) == (ACCEPTED, "2.0")
    assert "thread_ts" not in json.loads(far.bodies[1])
