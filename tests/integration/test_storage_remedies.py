"""What the store says of a database that refuses: one line, with what to do about it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from databases import SERVER, connect, copied
from sqlalchemy import event
from storage_promises import NOW, filing, refusal, rows

from storage import Migrate, Store, database
from storage.database import PAGE_SIZE


def opening(url: str) -> str:
    """Return what is said where ``url`` does not open."""
    said = refusal(lambda: Store.open(url).close())
    assert said is not None
    assert "\n" not in said
    return said


@pytest.fixture
def file(sqlite_file: Path, tmp_path: Path) -> Path:
    copied(sqlite_file, tmp_path / "marsad.db")
    return tmp_path / "marsad.db"


def test_a_place_that_does_not_open_is_said_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    assert opening(f"sqlite:///{folder}/m.db").endswith(
        f"; there is no folder {folder}: make it, or name another file"
    )
    assert opening(f"sqlite:///{tmp_path}").endswith("; it is a folder: name a file in it")


def test_a_file_that_is_no_database_or_no_whole_one_is_said_with_what_helps(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    assert "malformed; put back a copy" in opening(f"sqlite:///{file}")
    file.write_bytes(whole[: len(whole) // 2])
    assert "malformed; put back a copy" in opening(f"sqlite:///{file}")
    file.write_text("Rien à voir ici.", encoding="utf-8")
    assert "not a database; name another file" in opening(f"sqlite:///{file}")


def test_a_file_that_may_only_be_read_is_said_with_what_helps(file: Path) -> None:
    with Store.open(f"sqlite:///{file}", read_only=True) as store:
        said = refusal(lambda: store.file([filing("1")], None, NOW))
    assert "must be writable by whoever runs marsad" in str(said)


def test_a_lock_that_lasts_is_said_with_what_helps(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 50)
    with Store.open(f"sqlite:///{file}") as store, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        said = refusal(lambda: store.file([filing("1")], None, NOW))
        checked = refusal(store.check)  # asks to write, and what is locked may be whole
        other.rollback()
        assert store.check() == []
        assert store.file([filing("1")], None, NOW).articles == 1
    for words in (said, checked):
        assert "database is locked; another program holds it" in str(words)
        assert "index" not in str(words)


def test_a_disk_without_room_is_said_with_what_helps(file: Path) -> None:
    with Store.open(f"sqlite:///{file}") as store:
        store.close()  # the next connections may not make the file longer

        @event.listens_for(store._database.engine, "connect")
        def limit(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA max_page_count=1").close()

        long = [filing(str(n), text="mot " * 4 * PAGE_SIZE) for n in range(3)]
        said = refusal(lambda: store.file(long, None, NOW))
    assert "disk is full; make room on its disk" in str(said)


@pytest.fixture
def damaged(file: Path) -> Path:
    """Return a database two pages of whose articles are not legible."""
    with Store.open(f"sqlite:///{file}") as store:
        store.file([filing(str(n), text=f"mot {n} " * 9_000) for n in range(40)], None, NOW)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        listed = "SELECT pageno FROM dbstat WHERE name = 'articles' AND pagetype = 'leaf'"
        pages = [page for (page,) in connection.execute(listed)]
    assert len(pages) > 3
    with file.open("r+b") as raw:
        for page in pages[1:3]:
            raw.seek((page - 1) * PAGE_SIZE)
            raw.write(b"\x55" * PAGE_SIZE)
    return file


def test_a_check_names_what_is_damaged_and_says_what_helps(damaged: Path) -> None:
    with Store.open(f"sqlite:///{damaged}") as store:
        *faults, advice = store.check()
    assert faults
    assert all(fault.startswith("Page ") and "\n" not in fault for fault in faults)
    assert advice.startswith("put back a copy")


def test_no_copy_is_made_of_what_is_damaged(damaged: Path, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{damaged}") as store:
        said = refusal(lambda: store.backup(tmp_path / "copy.db"))
    assert "no copy: it is damaged: Page " in str(said)
    assert "\n" not in str(said)
    assert list(tmp_path.glob("copy*")) == []


@contextmanager
def guest(url: str) -> Iterator[tuple[str, str]]:
    """Make a role that may enter and nothing more; yield its name, its address of the database."""
    name = f"marsad_guest_{os.getpid()}"
    with connect(url.rpartition("/")[2]) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN")  # type: ignore[call-overload]
        try:
            yield name, url.replace("postgres@", f"{name}@")
        finally:
            admin.execute(f"DROP OWNED BY {name}")  # type: ignore[call-overload]
            admin.execute(f"DROP ROLE {name}")  # type: ignore[call-overload]


@pytest.mark.postgres
def test_where_a_server_has_no_such_role_or_database_is_said_where_to_look() -> None:
    host = SERVER.rpartition("@")[2]
    for place in (f"marsad_nobody@{host}/postgres", f"postgres@{host}/marsad_nowhere"):
        said = opening(f"postgresql+psycopg://{place}")
        assert "does not exist; does the server run, and is `database:` right" in said


@pytest.mark.postgres
def test_what_a_role_may_not_is_said_with_what_helps(postgres_url: str) -> None:
    with Store.open(postgres_url) as store:
        store.file([filing("1")], None, NOW)
    with Store.open(postgres_url, read_only=True) as store:
        said = str(refusal(lambda: store.file([filing("2")], None, NOW)))
    assert "read-only transaction; the server or the role only reads" in said
    with guest(postgres_url) as (name, address):
        assert "; grant it to the role" in opening(address)
        with connect(postgres_url.rpartition("/")[2]) as admin:
            for what in ("USAGE ON SCHEMA public", "SELECT ON alembic_version"):
                admin.execute(f"GRANT {what} TO {name}")  # type: ignore[call-overload]
        with Store.open(address, migrate=Migrate.NEVER) as store:
            asked = refusal(lambda: rows(store, "SELECT * FROM v_hits"))
            listed = refusal(store.fetch_states)
    for said in (str(asked), str(listed)):
        assert "permission denied for" in said
        assert said.endswith("; grant it to the role, or use the role that owns the database")
