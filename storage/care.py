"""Care of a database: is it whole, and a copy of it while it is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text

from domain.errors import StoreError
from storage.database import Database

PAGES = 2_000  # copied at a time, so that writers get their turn

# What no constraint says and every commit holds to.
PROMISES = {
    "hits without a story": "SELECT count(*) FROM hits h WHERE NOT EXISTS"
    " (SELECT 1 FROM story_articles s WHERE s.article_id = h.article_id)",
    "stories without an article": "SELECT count(*) FROM stories t WHERE NOT EXISTS"
    " (SELECT 1 FROM story_articles s WHERE s.story_id = t.story_id)",
    "leased deliveries without a lease": "SELECT count(*) FROM deliveries"
    " WHERE state = 'leased' AND (lease IS NULL OR lease_until IS NULL)",
}


def faults(database: Database) -> Iterator[str]:
    """Yield what is wrong with the database, a line each; nothing when it is whole."""
    with database.read() as connection:
        if database.is_sqlite:
            yield from _sqlite_faults(connection)
        for words, question in PROMISES.items():
            count = connection.scalar(text(question))
            if count:
                yield f"{count} {words}"


def _sqlite_faults(connection: Connection) -> Iterator[str]:
    found = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
    yield from (line for line in found if line != "ok")
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"table {row[0]}, row {row[1]}: no such row in {row[2]}"


def backup(database: Database, path: Path) -> None:
    """Copy a SQLite database to ``path``, whole, while others write to it.

    The copy is complete or not there at all. Raises StoreError if ``path`` exists.
    """
    if not database.is_sqlite:
        raise StoreError(f"{database.name}: back up PostgreSQL with pg_dump")
    if path.exists():
        raise StoreError(f"backup {path}: the file exists; name another one")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    address = f"{database.path.absolute().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as source,
            closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target, pages=PAGES, sleep=0.01)
            target.execute("PRAGMA journal_mode=DELETE").close()  # one file, nothing beside it
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
