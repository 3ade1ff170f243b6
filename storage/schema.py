"""The schema's version: what a database has, and the way up.

Alembic is loaded where a schema is to be changed. What a database has, and what this program
wants, is a row and the names of files.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from domain.errors import SchemaError, StoreError
from storage import backup
from storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x6D617273_0001  # any number, the same for ever: two upgrades wait for each other


class SchemaState(StrEnum):
    """How a database's schema stands to this program's."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


class Migrate(StrEnum):
    """Which databases may be brought to this program's schema."""

    NEVER = "never"
    NEW = "new"  # those without any
    COPIED = "copied"  # older ones too, when a copy of them is made
    UNCOPIED = "uncopied"


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@cache
def revisions() -> tuple[str, ...]:
    """Return every version that this program knows, its own last, by the names of their files."""
    files = sorted(MIGRATIONS.glob("versions/[0-9]*.py"))
    return tuple(file.name.partition("_")[0] for file in files)


def _revision(connection: Connection) -> str | None:
    """Return the version that Alembic noted; None where it never was."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    noted: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return noted


def _state(connection: Connection) -> SchemaState:
    revision = _revision(connection)
    if revision is None:
        return SchemaState.EMPTY
    if revision == revisions()[-1]:
        return SchemaState.CURRENT
    return SchemaState.OLDER if revision in revisions() else SchemaState.NEWER


def schema_state(database: Database) -> SchemaState:
    """Return how the schema stands, without touching it."""
    with database.read() as connection:
        return _state(connection)


def upgrade(database: Database, migrate: Migrate = Migrate.COPIED) -> bool:
    """Bring the schema to this program's version in one transaction; False if it was there.

    The copy of an older one is put beside a SQLite file, of a server into the folder we are in.
    Raises SchemaError when the schema is newer, or not to be raised by ``migrate``.
    """
    if schema_state(database) is SchemaState.CURRENT:  # as nearly always: nobody waits for a lock
        return False
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            # While pg_dump reads nothing happens here, and that is no reason to end.
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        state = _state(connection)
        if state is SchemaState.CURRENT:
            return False
        if state is not SchemaState.EMPTY:
            if state is SchemaState.NEWER or migrate is Migrate.NEW:
                raise _refusal(database, state)
            if migrate is Migrate.COPIED:
                _keep_copy(database, connection)
        from alembic import command  # noqa: PLC0415

        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return True


def _keep_copy(database: Database, connection: Connection) -> None:
    """Copy what is about to be changed, to a name that is free.

    ``connection`` holds the write lock, so that nobody changes or copies it meanwhile; the
    copy reads on its own, as any reader may.
    """
    revision = _revision(connection)
    place = database.path if database.is_sqlite else Path(f"{database.url.database}")
    ending = "bak" if database.is_sqlite else "dump"
    numbers = chain([""], (f"-{number}" for number in count(2)))
    names = (f"{place.name}.schema-{revision}{number}.{ending}" for number in numbers)
    try:
        backup.backup(database, next(p for p in map(place.with_name, names) if not p.exists()))
    except StoreError as error:
        raise StoreError(f"{error}, or say --no-backup") from error


def require_current(database: Database) -> None:
    """Raise SchemaError unless the schema is this program's."""
    state = schema_state(database)
    if state is not SchemaState.CURRENT:
        raise _refusal(database, state)


def _refusal(database: Database, state: SchemaState) -> SchemaError:
    if state is SchemaState.NEWER:
        return SchemaError(
            f"the schema of {database.name} is newer than this marsad: upgrade the program"
        )
    return SchemaError(f"the schema of {database.name} is {state}: run `marsad db upgrade` first")
