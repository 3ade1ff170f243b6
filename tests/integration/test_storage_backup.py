"""Copies of a server's database by pg_dump, and what is said where there is none that fits."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from databases import ServerSchema
from storage_promises import NOW, filing, rows
from test_storage_migrations import make_older

from domain.errors import StoreError
from storage import Migrate, SchemaState, Store, schema
from storage.database import Database

pytestmark = pytest.mark.postgres
needs_pg_dump = pytest.mark.skipif(shutil.which("pg_dump") is None, reason="no pg_dump on the path")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> Path:
    """Put a pg_dump of ``version`` on the path that notes how it was called, and fails."""
    called = folder / "called"
    program = folder / "pg_dump"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}" && exit\n'
        f'echo "$*" >{called}; echo "$PGPASSWORD" >>{called}; echo "pg_dump: no luck" >&2; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    return called


def refusal_of_a_copy(address: str) -> str:
    with Store.open(address) as store, pytest.raises(StoreError) as refused:
        store.backup("copy.dump")
    assert [path.name for path in Path.cwd().glob("copy.dump*")] == []
    return str(refused.value)


@needs_pg_dump
def test_a_copy_of_a_server_goes_back_where_it_was(postgres_url: str) -> None:
    with Store.open(postgres_url) as store:
        store.file([filing("1"), filing("زيارة")], None, NOW)
        before = rows(store, "SELECT * FROM v_hits ORDER BY hit_id")
        store.backup("copy.dump")
        with pytest.raises(StoreError, match="exists"):
            store.backup("copy.dump")
    address = postgres_url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    restore = ["pg_restore", "--no-owner", f"--dbname={address}", "copy.dump"]
    subprocess.run(restore, check=True, capture_output=True)
    with Store.open(postgres_url, migrate=Migrate.NEVER) as store:
        assert rows(store, "SELECT * FROM v_hits ORDER BY hit_id") == before
        assert store.check() == []


@needs_pg_dump
def test_a_server_is_copied_before_its_schema_is_raised(postgres_schema: ServerSchema) -> None:
    Store.open(make_older(postgres_schema.empty())).close()
    name = postgres_schema.url.rpartition("/")[2]
    copies = [path.name for path in Path.cwd().iterdir()]
    assert copies == [f"{name}.schema-0001.dump"]
    listed = subprocess.run(
        ["pg_restore", "--list", copies[0]], check=True, capture_output=True, text=True
    )
    assert "TABLE DATA public articles" in listed.stdout


def test_without_pg_dump_no_schema_is_raised_unless_nobody_wants_a_copy(
    postgres_schema: ServerSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = make_older(postgres_schema.empty())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StoreError, match=r"pg_dump is not on the path.*, or say --no-backup"):
        Store.open(address)
    database = Database(address)
    assert schema.schema_state(database) is SchemaState.OLDER
    database.close()
    with Store.open(address, migrate=Migrate.UNCOPIED) as store:
        assert store.schema_state() is SchemaState.CURRENT


def test_an_older_pg_dump_is_refused(
    postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(folder, monkeypatch, "9.6.24")
    assert "pg_dump is of version 9, the server of version" in refusal_of_a_copy(postgres_url)


def test_what_pg_dump_says_is_one_line_and_no_argument_holds_the_password(
    postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = pretend(folder, monkeypatch, "99.1")
    said = refusal_of_a_copy(postgres_url.replace("@", ":open-sesame@"))
    assert said.endswith("no copy: pg_dump: no luck")
    assert "open-sesame" not in said
    arguments, password = called.read_text().splitlines()
    assert "open-sesame" not in arguments
    assert password == "open-sesame"
