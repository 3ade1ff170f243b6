"""A whole newsroom on loopback: a press, a mailbox, a webhook, and marsad as a process."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import psycopg
import pytest
import yaml
from aiohttp import web
from databases import connect, server_database
from sinks import Hook, Mailbox, mail_server, serving, web_hook

from domain.time import isoformat

ROOT = Path(__file__).resolve().parents[2]

# (language, title, paragraphs): each tells of soldiers of two countries at work together.
HITS = {
    "fr": (
        "Exercice naval algéro-italien au large d'Alger",
        [
            "Les forces navales algériennes et la marine italienne ont mené mardi un exercice "
            "naval conjoint au large d'Alger, indique le ministère de la Défense nationale.",
            "La frégate italienne avait fait escale la veille au port d'Alger dans le cadre de "
            "la coopération militaire bilatérale entre l'Algérie et l'Italie.",
        ],
    ),
    "ar": (
        "الفريق أول السعيد شنقريحة يستقبل وفدا عسكريا أمريكيا",
        [
            "استقبل الفريق أول السعيد شنقريحة، رئيس أركان الجيش الوطني الشعبي، وفدا عسكريا من "
            "الولايات المتحدة الأمريكية بمقر وزارة الدفاع الوطني.",
            "وتناول الطرفان سبل تعزيز التعاون العسكري بين الجزائر والولايات المتحدة في مجال "
            "التكوين والتدريب.",
        ],
    ),
    "en": (
        "Algeria and Russia sign military cooperation agreement",
        [
            "Algeria's Ministry of National Defence and the Russian defence ministry signed a "
            "military cooperation agreement in Algiers on Tuesday.",
            "The two sides agreed on joint training of officers and on the supply of spare parts "
            "for fighter aircraft of the Algerian air force.",
        ],
    ),
}
DULL = (
    "Le marché de la pomme de terre retrouve son calme",
    ["Les prix ont baissé cette semaine sur les marchés de gros de l'est du pays."],
)


class Press:
    """Outlets on one server: ``pages`` by path. A page is a text or a status."""

    def __init__(self) -> None:
        self.pages: dict[str, str | int] = {}
        self.asked: list[str] = []
        self.host, self.port = "127.0.0.1", 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        page = self.pages.get(request.path, 404)
        if isinstance(page, int):
            return web.Response(status=page, text="no")
        kind = "application/rss+xml" if page.startswith("<?xml") else "text/html"
        return web.Response(text=page, content_type=kind, charset="utf-8")

    def publish(self, outlet: str, *stories: tuple[str, list[str]], is_full: bool = True) -> None:
        """Write the feed of ``outlet``, with whole texts or with a summary and a page each."""
        items = []
        for number, (title, paragraphs) in enumerate(stories):
            path = f"/{outlet}/{number}-{abs(hash(title)) % 10**6}.html"
            body = "".join(f"<p>{escape(p)}</p>" for p in paragraphs)
            self.pages[path] = _page(title, body)
            items.append(_item(self.url + path, title, paragraphs[0], body if is_full else ""))
        self.pages[f"/{outlet}/feed"] = _feed(outlet, items)


def _page(title: str, body: str) -> str:
    return (
        f"<html><head><title>{escape(title)}</title></head><body><nav><a href='/'>Accueil</a>"
        f"</nav><article><h1>{escape(title)}</h1>{body}</article></body></html>"
    )


def _item(url: str, title: str, summary: str, content: str) -> str:
    when = format_datetime(datetime.now(UTC) - timedelta(hours=1))
    full = f"<content:encoded>{escape(content)}</content:encoded>" if content else ""
    return (
        f"<item><title>{escape(title)}</title><link>{url}</link><guid>{url}</guid>"
        f"<description>{escape(summary[:120])}…</description>{full}"
        f"<pubDate>{when}</pubDate></item>"
    )


def _feed(outlet: str, items: list[str]) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"<title>{outlet}</title>{''.join(items)}</channel></rss>"
    )


class Stream:
    """An outlet that goes on publishing: its feed lists the newest, each address stays."""

    def __init__(self, press: Press, outlet: str, *, is_full: bool, most: int = 30) -> None:
        self.press, self.outlet, self.is_full, self.most = press, outlet, is_full, most
        self.items: list[str] = []  # oldest first

    def add(self, title: str, paragraphs: list[str]) -> None:
        path = f"/{self.outlet}/{len(self.items)}.html"
        body = "".join(f"<p>{escape(p)}</p>" for p in paragraphs)
        self.press.pages[path] = _page(title, body)
        content = body if self.is_full else ""
        self.items.append(_item(self.press.url + path, title, paragraphs[0], content))
        self.list(self.most)

    def list(self, most: int) -> None:
        """Write the feed with the ``most`` newest."""
        newest = self.items[::-1][:most]
        self.press.pages[f"/{self.outlet}/feed"] = _feed(self.outlet, newest)


class Process:
    """A command of marsad that runs, with what it wrote once it ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self.output = self.errors = ""  # errors grow while it runs
        self._reading = asyncio.gather(self._read_output(), self._read_errors())

    async def _read_output(self) -> None:
        assert self._process.stdout is not None
        self.output = (await self._process.stdout.read()).decode()

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        whole = b""
        while chunk := await self._process.stderr.read(65536):
            whole += chunk
            self.errors = whole.decode(errors="replace")

    async def wait(self, seconds: float = 60) -> int:
        """Return the exit code; minus the signal where one ended it."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(asyncio.shield(self._reading), self._process.wait())
        assert self._process.returncode is not None
        return self._process.returncode

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return await self.wait()

    async def end(self) -> None:
        """Kill what a failed test left running, and what that started: it holds the pipes."""
        if self._process.returncode is None:
            family = self.descendants()
            self._process.kill()
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self.wait()

    def descendants(self) -> set[int]:
        """Return the processes that it started, and those that they started."""
        parents: dict[int, list[int]] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
        found: set[int] = set()
        heads = [self.pid]
        while heads:
            for child in parents.get(heads.pop(), []):
                found.add(child)
                heads.append(child)
        return found


def alive(pids: set[int]) -> set[int]:
    """Return those of ``pids`` that run, zombies aside."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


class Newsroom:
    """Everything around marsad, and marsad's own files in ``folder``."""

    def __init__(self, folder: Path, press: Press, mailbox: Mailbox, hook: Hook) -> None:
        self.folder, self.press, self.mailbox, self.hook = folder, press, mailbox, hook
        self.database = folder / "marsad.db"
        self.sources: list[dict[str, Any]] = []
        self.rules = ["defence-cooperation"]
        self.channels: dict[str, dict[str, Any]] = {
            "mail": {
                "type": "email",
                "host": "127.0.0.1",
                "port": mailbox.port,
                "sender": "marsad@desk.example",
                "recipients": ["analyst@desk.example"],
            },
            "slack": {"type": "slack", "webhook_url": "${HOOK}"},
        }
        self.more: dict[str, Any] = {}  # other sections of the configuration
        self.started: list[Process] = []
        self.address = "sqlite:///marsad.db"

    def outlet(self, ident: str, **facts: Any) -> None:
        """Configure a source; its feed is ``/ident/feed`` unless ``facts`` say otherwise."""
        given = {"name": ident.title(), "language": "fr", "country": "DZ"}
        ways = {"url": f"{self.press.url}/{ident}/", "feeds": [f"{self.press.url}/{ident}/feed"]}
        self.sources.append({"id": ident, **given, **ways, **facts})

    def write_config(self) -> None:
        route = {"channels": list(self.channels), "mode": "immediate"}
        config = {
            "database": self.address,
            "crawler": {
                "allow_private_networks": True,
                "delay": "0s",
                "poll_every": {"min": "1s", "max": "5s"},
                "include": [],
            },
            "sources": self.sources,
            "rules": self.rules,
            "alerts": {"channels": self.channels, "routes": [route]},
            **self.more,
        }
        text = yaml.safe_dump(config, allow_unicode=True)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    async def marsad(self, *arguments: str, **environment: str) -> Process:
        """Start a command on the configuration as it is now."""
        self.write_config()
        given = {k: v for k, v in os.environ.items() if not k.startswith("MARSAD_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "marsad.cli", "--config", str(self.folder / "config.yaml"), *arguments),
            cwd=ROOT,
            env=given | {"HOOK": self.hook.url, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(Process(process))
        return self.started[-1]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database beside the daemon; nothing while it is not made yet."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database, timeout=5)) as connection:
            try:
                return connection.execute(sql).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def write(self, sql: str, *values: object) -> None:
        """Change the database beside the daemon; ``?`` stands for each value."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute(sql, values)

    def states(self) -> dict[str, list[str]]:
        """Return the states of deliveries by channel."""
        found: dict[str, list[str]] = {}
        for channel, state in self.rows("SELECT channel, state FROM v_alerts ORDER BY 1, 2"):
            found.setdefault(channel, []).append(state)
        return found

    async def until(self, is_so: Callable[[], object], seconds: float = 60) -> None:
        """Wait until ``is_so``, or fail with what the database says."""
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s; deliveries: {self.states()}")
            await asyncio.sleep(0.05)


class SharedNewsroom(Newsroom):
    """The same on PostgreSQL, where a worker does what the daemon does elsewhere."""

    def __init__(
        self, folder: Path, press: Press, mailbox: Mailbox, hook: Hook, address: str
    ) -> None:
        super().__init__(folder, press, mailbox, hook)
        self.address = address
        self.cluster = {"stalled_after": "10s"}

    def write_config(self) -> None:
        self.more["cluster"] = self.cluster
        super().write_config()

    async def marsad(self, *arguments: str, **environment: str) -> Process:
        """Start a command; in place of a daemon, a worker."""
        named = ["worker" if word == "run" else word for word in arguments]
        return await super().marsad(*named, **environment)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.address.rpartition("/")[2]) as connection:
            try:
                found = connection.execute(sql).fetchall()  # type: ignore[call-overload]
            except psycopg.errors.UndefinedTable:  # not made yet
                return []
        return [tuple(map(_as_in_sqlite, row)) for row in found]

    def write(self, sql: str, *values: object) -> None:
        with connect(self.address.rpartition("/")[2]) as connection:
            connection.execute(sql.replace("?", "%s"), values)  # type: ignore[call-overload]


def _as_in_sqlite(value: object) -> object:
    return isoformat(value) if isinstance(value, datetime) else value


ONE_MACHINE = "one machine"
BOTH_MODES = [ONE_MACHINE, pytest.param("workers", marks=pytest.mark.postgres)]


@asynccontextmanager
async def newsroom(folder: Path, mode: str = ONE_MACHINE) -> AsyncIterator[Newsroom]:
    """Open a newsroom; every process of marsad that a test leaves is ended."""
    async with AsyncExitStack() as stack:
        press = Press()
        press.port = await stack.enter_async_context(serving(press.answer))
        mailbox = await stack.enter_async_context(mail_server())
        hook = await stack.enter_async_context(web_hook())
        if mode == ONE_MACHINE:
            room = Newsroom(folder, press, mailbox, hook)
        else:
            name = f"marsad_room_{os.getpid()}_{secrets.randbelow(10**6)}"
            url = stack.enter_context(server_database(name))
            room = SharedNewsroom(folder, press, mailbox, hook, url)
        try:
            yield room
        finally:
            for process in room.started:
                await process.end()
