"""What may happen to a store, for real: locks, a full disk, a server that goes, old schemas."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from broken_stores import (
    asking,
    closed_port,
    cpu_seconds,
    gone,
    locked,
    make_older,
    no_space,
    server_that_refuses_passwords,
    small_disk,
)
from databases import SERVER, server_database
from newsroom import DULL, HITS, Newsroom, Process, newsroom

from domain.article import Article
from domain.filing import Filing
from marsad.counter import patiently
from storage import Store, database, schema

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
CHAIN = [
    script.revision
    for script in reversed(
        list(ScriptDirectory.from_config(schema._config()).walk_revisions("base", "heads"))
    )
]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Newsroom]:
    """A newsroom whose outlet has nothing but a dull story yet."""
    async with newsroom(tmp_path) as opened:
        opened.press.publish("tsa", DULL)
        opened.outlet("tsa")
        yield opened


def told(room: Newsroom) -> tuple[int, int]:
    return len(room.mailbox.mails), len(room.hook.payloads)


async def told_once(room: Newsroom) -> None:
    """Wait for the alert on both channels; no second one comes with the next visits."""
    await room.until(lambda: min(told(room)) >= 1, 30)
    await asyncio.sleep(1.5)
    assert told(room) == (1, 1), [m["Subject"] for m in room.mailbox.mails]


async def stopped_well(daemon: Process) -> None:
    assert await daemon.stop() == 0, daemon.errors
    assert "Traceback" not in daemon.errors, daemon.errors


# --- A database that another process holds


async def test_k6_a_daemon_waits_for_a_database_that_another_process_locked(room: Newsroom):
    daemon = await room.marsad("run")
    await room.until(lambda: room.rows("SELECT 1 FROM articles"))
    with locked(room.database):
        room.press.publish("tsa", DULL, HITS["fr"])
        await asyncio.sleep(5)
        assert daemon.is_running
        assert room.rows("SELECT 1 FROM v_hits") == []
        assert told(room) == (0, 0)
    await told_once(room)
    assert len(room.rows("SELECT 1 FROM articles")) == 2
    await stopped_well(daemon)


async def test_k6_a_lock_that_outlasts_the_busy_timeout_costs_no_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(database, "BUSY_MS", 100)
    path = tmp_path / "marsad.db"
    with Store.open(f"sqlite:///{path}") as store:
        with locked(path):
            writing = asyncio.create_task(patiently(store.file, [filing()], None, NOW))
            await asyncio.sleep(1.2)
            assert not writing.done()
        assert (await writing).articles == 1
        assert store.check() == []
    assert "database is locked" in caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records)


def filing(number: int = 1) -> Filing:
    article = Article(
        url=f"https://aps.example/{number}",
        source_id="aps",
        title=f"Titre {number}",
        text="Une délégation est venue à Alger.",
        language="fr",
        first_seen=NOW,
    )
    return Filing(article=article, matches=(), deliveries=())


# --- SIGKILL in the middle of a transaction

KILLED = """
import os, signal, sys
from sqlalchemy import event
from storage import Store
from test_storage_faults import NOW, filing
with Store.open(sys.argv[1]) as store:
    store.file([filing(1)], None, NOW)
    written = []
    @event.listens_for(store._database.engine, "after_cursor_execute")
    def kill(connection, cursor, statement, *rest):
        if statement.lstrip().upper().startswith("INSERT INTO ARTICLE"):
            written.append(statement)
            if len(written) == 2:  # the article, and the first of what belongs to it
                os.kill(os.getpid(), signal.SIGKILL)
    store.file([filing(n) for n in range(2, 30)], None, NOW)
"""


def test_k4_a_writer_killed_in_mid_transaction_leaves_nothing_half_stored(tmp_path: Path):
    path = tmp_path / "marsad.db"
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, f"sqlite:///{path}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    with Store.open(f"sqlite:///{path}") as store:
        assert store.check() == []
        with store._database.read() as connection:
            found = connection.exec_driver_sql("SELECT title FROM articles").all()
        assert [title for (title,) in found] == ["Titre 1"]
        assert store.file([filing(n) for n in range(2, 30)], None, NOW).articles == 28


# --- A disk without space, or without leave to write


async def test_k5_a_full_disk_loses_nothing_and_recovers_by_itself(room: Newsroom, tmp_path: Path):
    disk = tmp_path / "disk"
    with small_disk(disk) as is_mounted:
        room.database = disk / "marsad.db"
        room.more["database"] = f"sqlite:///{room.database}"
        daemon = await room.marsad("run")
        await room.until(lambda: room.rows("SELECT 1 FROM articles"))
        with no_space(disk, daemon, is_mounted):
            room.press.publish("tsa", DULL, HITS["fr"])
            await room.until(lambda: "the store refused a commit" in daemon.errors, 20)
            await asyncio.sleep(1)
            assert daemon.is_running
            assert room.rows("SELECT 1 FROM v_hits") == []
            assert room.rows("PRAGMA integrity_check") == [("ok",)]
        refused = [line for line in daemon.errors.splitlines() if "refused a commit" in line]
        assert all("disk is full" in n or "disk I/O error" in n for n in refused), refused
        assert len(refused) < 10
        await told_once(room)
        assert len(room.rows("SELECT 1 FROM articles")) == 2
        assert room.rows("PRAGMA integrity_check") == [("ok",)]
        await stopped_well(daemon)
        with Store.open(room.more["database"]) as store:
            assert store.check() == []
        await ended(room)


async def test_k5_on_a_full_disk_a_command_says_to_make_room(room: Newsroom, tmp_path: Path):
    disk = tmp_path / "disk"
    with Store.open(f"sqlite:///{room.database}") as store:
        store.file([filing()], None, NOW)
    with small_disk(disk) as is_mounted:
        if not is_mounted:
            pytest.skip("no small disk may be mounted here")
        there = disk / "marsad.db"
        shutil.copyfile(room.database, there)
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        url = f"sqlite:///{there}"
        for command in (("hits",), ("alerts", "retry"), ("db", "vacuum"), ("run",)):
            line = await refusal(room, 1, "--database", url, *command)
            assert f"{there}: disk I/O error; make room on its disk" in line
        line = await refusal(room, 1, "db", "backup", str(disk / "copy.db"))
        assert f"backup {disk / 'copy.db'}: database or disk is full; make room" in line
        assert sorted(path.name for path in disk.glob("copy*")) == []
        (disk / "filler").unlink()
        with Store.open(url) as store:
            assert store.check() == []


async def ended(room: Newsroom) -> None:
    for process in room.started:
        await process.end()


async def test_a_disk_that_may_only_be_read_is_one_line(room: Newsroom, tmp_path: Path):
    disk = tmp_path / "disk"
    with small_disk(disk) as is_mounted:
        url = f"sqlite:///{disk / 'marsad.db'}"
        with Store.open(url) as store:
            store.file([filing()], None, NOW)
        if is_mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        elif os.geteuid() == 0:
            pytest.skip("root writes everywhere, and may not mount a read-only disk here")
        else:
            (disk / "marsad.db").chmod(0o444)
            disk.chmod(0o555)
        try:
            line = await refusal(room, 1, "--database", url, "run")
        finally:
            disk.chmod(0o755) if not is_mounted else None
        assert "marsad.db" in line
        assert "read" in line.lower() or "unable to open" in line


# --- Addresses that lead nowhere


async def refusal(room: Newsroom, code: int, *arguments: str) -> str:
    """Run a command that must fail; return its one line."""
    process = await room.marsad(*arguments)
    assert await process.wait(30) == code, process.errors
    assert process.output == ""
    assert len(process.errors.splitlines()) == 1, process.errors
    assert "Traceback" not in process.errors
    return process.errors


async def test_a_wrong_password_is_one_line_that_does_not_tell_it(room: Newsroom):
    async with server_that_refuses_passwords() as port:
        url = f"postgresql+psycopg://desk:open-sesame@127.0.0.1:{port}/marsad"
        line = await refusal(room, 1, "--database", url, "run")
    assert "password authentication failed" in line
    assert "open-sesame" not in line


async def test_a_server_that_is_not_there_is_one_line(room: Newsroom):
    url = f"postgresql+psycopg://desk:open-sesame@127.0.0.1:{closed_port()}/marsad"
    line = await refusal(room, 1, "--database", url, "hits")
    assert "refused" in line
    assert "open-sesame" not in line


@pytest.mark.postgres
@pytest.mark.parametrize("who", ["marsad_nobody@{}/postgres", "postgres@{}/marsad_nowhere"])
async def test_an_unknown_role_or_database_is_one_line(room: Newsroom, who: str):
    host = SERVER.rpartition("@")[2]
    line = await refusal(room, 1, "--database", "postgresql+psycopg://" + who.format(host), "hits")
    assert "does not exist" in line


@pytest.mark.parametrize("url", ["mysql://desk:open-sesame@127.0.0.1/marsad", "marsad.db"])
async def test_an_address_of_no_database_is_one_line(room: Newsroom, url: str):
    line = await refusal(room, 2, "--database", url, "hits")
    assert "database" in line
    assert "open-sesame" not in line


async def test_a_file_that_is_no_database_is_one_line_and_stays_as_it_is(room: Newsroom):
    room.database.write_text("Rien à voir ici.", encoding="utf-8")
    assert "not a database" in await refusal(room, 1, "run")
    assert room.database.read_text(encoding="utf-8") == "Rien à voir ici."


async def test_an_unknown_view_is_one_line(room: Newsroom):
    with Store.open(f"sqlite:///{room.database}"):
        pass
    line = await refusal(room, 1, "sql", "SELECT * FROM v_hit")
    assert "no such table: v_hit; did you mean 'v_hits'?" in line


# --- A server that goes away in mid-run


@pytest.fixture
def server_address() -> Iterator[str]:
    """Yield the address of a new database on the server."""
    with server_database(f"marsad_test_faults_{os.getpid()}") as address:
        yield address


@pytest.mark.postgres
async def test_k6_a_server_that_goes_in_mid_run_costs_no_article_and_no_second_alert(
    room: Newsroom, server_address: str, monkeypatch: pytest.MonkeyPatch
):
    name = server_address.rpartition("/")[2]
    monkeypatch.setattr(room, "rows", asking(name))
    room.more["database"] = server_address
    daemon = await room.marsad("run")
    await room.until(lambda: room.rows("SELECT 1 FROM articles"))
    with gone(name):
        room.press.publish("tsa", DULL, HITS["fr"])
        spent, since = cpu_seconds(daemon.pid), len(daemon.errors.splitlines())
        began = time.monotonic()
        await asyncio.sleep(5)
        assert daemon.is_running
        assert cpu_seconds(daemon.pid) - spent < (time.monotonic() - began) / 2
        lines = daemon.errors.splitlines()[since:]
        assert 0 < len(lines) < 60, lines
        assert told(room) == (0, 0)
    await told_once(room)
    assert room.rows("SELECT count(*) FROM articles") == [(2,)]
    assert {state for (state,) in room.rows("SELECT state FROM v_alerts")} == {"sent"}
    await stopped_well(daemon)


@pytest.mark.postgres
async def test_k6_an_edit_while_the_server_is_away_ends_nothing(
    room: Newsroom, server_address: str, monkeypatch: pytest.MonkeyPatch
):
    name = server_address.rpartition("/")[2]
    monkeypatch.setattr(room, "rows", asking(name))
    room.more["database"] = server_address
    daemon = await room.marsad("run")
    await room.until(lambda: room.rows("SELECT 1 FROM articles"))
    with gone(name):
        room.press.publish("awras", HITS["ar"])
        room.outlet("awras", language="ar")
        room.write_config()
        await room.until(lambda: "the new configuration is in force" in daemon.errors)
        await room.until(
            lambda: "the store refused a commit" in daemon.errors.rpartition("force")[2]
        )
        assert daemon.is_running
    await told_once(room)
    await stopped_well(daemon)


# --- Schemas of other versions


async def test_k13_an_older_schema_is_refused_by_all_but_its_upgrade(room: Newsroom):
    revision = CHAIN[0]
    make_older(room.database, revision)
    for command in (("run",), ("crawl",), ("hits",)):
        assert "is older: run `marsad db upgrade` first" in await refusal(room, 1, *command)
    assert room.rows("SELECT version_num FROM alembic_version") == [(revision,)]
    upgrade = await room.marsad("db", "upgrade")
    assert await upgrade.wait(30) == 0, upgrade.errors
    old = "SELECT title FROM articles WHERE article_id = 7"
    assert room.rows(old) == [("Visite à Oran",)]
    with Store.open(f"sqlite:///{room.database}") as store:
        assert store.schema_state() is schema.SchemaState.CURRENT
        assert store.check() == []
    copy = room.database.with_name(f"marsad.db.schema-{revision}.bak")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (revision,)
        ]
        assert connection.execute(old).fetchall() == [("Visite à Oran",)]


async def test_k13_a_newer_schema_is_refused_in_one_line_and_left_alone(room: Newsroom):
    with Store.open(f"sqlite:///{room.database}") as store:
        store.file([filing()], None, NOW)
    with closing(sqlite3.connect(room.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    line = await refusal(room, 1, "run")
    assert "newer than this marsad" in line
    assert room.rows("SELECT version_num FROM alembic_version") == [("9999",)]
    assert room.rows("SELECT title FROM articles") == [("Titre 1",)]
    assert list(room.folder.glob("*.bak")) == []
