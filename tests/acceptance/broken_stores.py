"""Ways to break a store: a lock, a full disk, a server that goes or refuses, an old schema."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from databases import connect
from newsroom import Process
from sqlalchemy import MetaData

from storage import database, schema


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the writer's lock."""
    code = (
        "import sqlite3, sys\n"
        "held = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)\n"
        "held.execute('BEGIN EXCLUSIVE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            yield
        finally:
            holder.kill()


@contextmanager
def small_disk(folder: Path, size: str = "24m") -> Iterator[bool]:
    """Mount a small file system at ``folder``; yield whether the system let us."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def no_space(folder: Path, daemon: Process, is_mounted: bool) -> Iterator[None]:
    """Fill the disk; without one of our own, let the daemon make no file longer."""
    if not is_mounted:
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (4096, hard))
        yield
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))
        return
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    yield
    filler.unlink()


def closed_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@asynccontextmanager
async def server_that_refuses_passwords() -> AsyncIterator[int]:
    """Speak PostgreSQL's protocol up to the password, and refuse it; yield the port.

    A server that trusts everybody, as a test server does, cannot refuse one.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4))
        while length == 8:  # asks for encryption
            await reader.readexactly(4)
            writer.write(b"N")
            length = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(length - 4)
        writer.write(b"R" + (8).to_bytes(4) + (3).to_bytes(4))  # the password, in clear
        await reader.readexactly(1)
        await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
        words = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "desk"\0\0'
        writer.write(b"E" + (len(words) + 4).to_bytes(4) + words)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def gone(name: str) -> Iterator[None]:
    """End every session of the database, and let nobody in."""
    with connect("postgres") as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            ended = admin.execute(
                "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity WHERE datname = %s",
                [name],
            ).fetchall()
            assert ended
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def asking(name: str) -> Callable[[str], list[tuple[Any, ...]]]:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with connect(name) as connection:
            try:
                return connection.execute(sql).fetchall()
            except psycopg.errors.UndefinedTable:
                return []

    return ask


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_older(path: Path, revision: str) -> None:
    """Make a database of an earlier schema, with a source and an article in it."""
    at = "2026-01-10T11:00:00Z"
    source = {
        **{"source_id": "old", "name": "Old", "url": "https://old.example/", "language": "fr"},
        **{"country": "DZ", "state": "ok", "next_due": at, "last_article": at},
        **{
            "tags": "[]",
            "ways_in": "[]",
            "reason": "",
            "failures": 0,
            "visits": 0,
            "visits_failed": 0,
        },
    }
    article = {
        **{"article_id": 7, "url": "https://old.example/1", "title": "Visite à Oran"},
        **{"text": "Un texte d'hier.", "language": "fr", "outlet": "old", "authors": "[]"},
        **{"published_at": at, "first_seen": at, "text_from": "page", "note": ""},
    }
    held = MetaData()
    older = database.Database(f"sqlite:///{path}")
    with older.write() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        held.reflect(connection)
        for name, row in (("sources", source), ("articles", article)):
            table = held.tables[name]
            connection.execute(table.insert(), {k: v for k, v in row.items() if k in table.c})
    older.close()
