"""Fifty hosts that log who came when, a database, sinks, and workers as processes."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from aiohttp import web
from databases import connect, server_database
from newsroom import DULL, HITS, Press, Process
from sinks import Hook, Mailbox, mail_server, web_hook

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Hosts:
    """Hosts on addresses of their own. Each arrival is logged with its time."""

    count: int
    latency: float = 0.0  # seconds that each answer takes
    port: int = 0
    arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    callers: list[tuple[float, str]] = field(default_factory=list)  # when, from which address
    presses: dict[str, Press] = field(default_factory=dict)

    def address(self, number: int) -> str:
        return f"127.0.{1 + number // 200}.{1 + number % 200}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        address = urlsplit(f"//{request.host}").hostname or ""
        self.arrivals[address].append(time.monotonic())
        self.callers.append((time.monotonic(), request.remote or ""))
        if self.latency:
            await asyncio.sleep(self.latency)
        press = self.presses.get(address)
        return await press.answer(request) if press else web.Response(status=404)

    def closest(self) -> float:
        """Return the shortest time between two arrivals at one host."""
        gaps = [b - a for times in self.arrivals.values() for a, b in pairwise(times)]
        return min(gaps, default=1e9)

    def publish(self, articles: int) -> int:
        """Give each host ``articles``, one hit among them; return how many hits there are."""
        languages = list(HITS)
        for number in range(self.count):
            press = self.presses[self.address(number)]
            title, text = HITS[languages[number % len(languages)]]
            stories = [(f"{title} ({number})", text)]
            stories += [(f"{DULL[0]} ({number}.{n})", DULL[1]) for n in range(articles - 1)]
            press.publish("news", *stories, is_full=False)
        return self.count


@asynccontextmanager
async def hosts(
    count: int, *, latency: float = 0.0, kind: type[Hosts] = Hosts
) -> AsyncIterator[Hosts]:
    """Serve ``count`` hosts on one port of as many loopback addresses."""
    stage = kind(count, latency)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", stage.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        for number in range(count):
            address = stage.address(number)
            site = web.TCPSite(runner, address, stage.port)
            await site.start()
            stage.port = stage.port or runner.addresses[0][1]  # it lists every site anew
            stage.presses[address] = Press()
            stage.presses[address].host = address
            stage.presses[address].port = stage.port
        yield stage
    finally:
        await runner.cleanup()


class Cluster:
    """Workers of one database, killed and stopped as a test likes."""

    def __init__(self, folder: Path, database: str, stage: Hosts, mail: Mailbox, hook: Hook):
        self.folder, self.database, self.stage = folder, database, stage
        self.mailbox, self.hook = mail, hook
        self.delay = 0.3
        self.cluster: dict[str, Any] = {"stalled_after": "3s", "visits": 8}
        self.poll_every = {"min": "2s", "max": "6s"}
        self.more: dict[str, Any] = {}  # sections of the configuration
        self.inside: tuple[str, ...] = ()  # a command that commands are started by
        self.workers: list[Process] = []
        self.everyone: list[Process] = []

    def write_config(self) -> Path:
        sources = [
            {
                "id": f"host-{number}",
                "name": f"Host {number}",
                "language": "fr",
                "country": "DZ",
                "url": f"http://{self.stage.address(number)}:{self.stage.port}/",
                "feeds": [f"http://{self.stage.address(number)}:{self.stage.port}/news/feed"],
            }
            for number in range(self.stage.count)
        ]
        mail = {"type": "email", "host": "127.0.0.1", "port": self.mailbox.port}
        mail |= {"sender": "marsad@desk.example", "recipients": ["analyst@desk.example"]}
        config = {
            "database": self.database,
            "cluster": self.cluster,
            "archive": False,
            "crawler": {
                "allow_private_networks": True,
                "delay": f"{self.delay}s",
                "poll_every": self.poll_every,
                "include": [],
            },
            "sources": sources,
            "alerts": {
                "channels": {"mail": mail},
                "routes": [{"channels": ["mail"], "mode": "immediate"}],
            },
        }
        config |= self.more
        path = self.folder / "config.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")  # YAML too, and soon written
        return path

    async def marsad(self, *arguments: str) -> Process:
        given = {k: v for k, v in os.environ.items() if not k.startswith("MARSAD_")}
        process = await asyncio.create_subprocess_exec(
            *(*self.inside, str(ROOT / ".venv/bin/python"), "-m", "marsad.cli"),
            *("--config", str(self.write_config()), *arguments),
            cwd=ROOT,
            env=given,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.everyone.append(Process(process))
        return self.everyone[-1]

    async def start(self, *arguments: str) -> Process:
        """Start one more worker."""
        self.workers.append(await self.marsad("worker", *arguments))
        return self.workers[-1]

    async def takes_jobs(self, worker: Process, seconds: float = 120) -> None:
        """Wait until ``worker`` is up: on a machine with much to do that alone takes a minute."""
        await self.says(worker, "takes jobs", seconds)

    async def says(self, process: Process, words: str, seconds: float = 120) -> None:
        """Wait until ``words`` stand in the log of ``process``."""
        deadline = time.monotonic() + seconds
        while words not in process.errors:
            assert process.is_running, process.errors
            assert time.monotonic() < deadline, f"no {words!r} in {seconds} s\n{self.state()}"
            await asyncio.sleep(0.3)

    async def kill(self, worker: Process) -> None:
        """SIGKILL a worker with the processes that it started."""
        family = worker.descendants()
        worker.signal(signal.SIGKILL)
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        await worker.wait()
        self.workers.remove(worker)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.replace("+psycopg", "")) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def cut_connections(self) -> None:
        """End every session on the database, as a restart of the server does."""
        with connect("postgres") as admin:
            name = self.database.rpartition("/")[2]
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    async def until(self, sql: str, wanted: int, seconds: float, *, pause: float = 0.3) -> None:
        """Wait until the count that ``sql`` asks is ``wanted``, asked every ``pause`` seconds."""
        deadline = time.monotonic() + seconds
        found = None
        while time.monotonic() < deadline:
            try:
                found = self.rows(sql)[0][0]
            except psycopg.Error:
                found = None
            if found == wanted:
                return
            await asyncio.sleep(pause)
        raise AssertionError(f"{sql}: {found} after {seconds} s, not {wanted}\n{self.state()}")

    def state(self) -> str:
        """Return what sessions and jobs do, for whoever reads why a test failed."""
        sessions = self.rows(
            "SELECT pid, state, wait_event, left(query, 70), now() - xact_start,"
            " pg_blocking_pids(pid) FROM pg_stat_activity WHERE datname = current_database()"
        )
        try:
            jobs = self.rows("SELECT lock, status, worker_id, scheduled_at FROM procrastinate_jobs")
        except psycopg.Error as error:  # no worker got so far
            jobs = [(str(error),)]
        errors = [f"{w.pid}: {w.errors[-1500:]}" for w in self.workers]
        return "\n".join(map(str, [*sessions, *jobs, *errors]))


@asynccontextmanager
async def cluster(
    folder: Path, count: int, *, latency: float = 0.0, kind: type[Hosts] = Hosts
) -> AsyncIterator[Cluster]:
    """Yield a cluster without workers on an empty database of its own, dropped at the end."""
    name = f"marsad_cluster_{os.getpid()}_{random.randrange(10**6)}"
    async with AsyncExitStack() as stack:
        url = stack.enter_context(server_database(name, is_durable=True))
        stage = await stack.enter_async_context(hosts(count, latency=latency, kind=kind))
        mail = await stack.enter_async_context(mail_server())
        hook = await stack.enter_async_context(web_hook())
        made = Cluster(folder, url, stage, mail, hook)
        try:
            yield made
        finally:
            for process in made.everyone:
                await process.end()
