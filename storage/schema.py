"""The schema's version: what a database has, and the way up."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from domain.errors import SchemaError
from storage import care
from storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x6D617273_0001  # any number, the same for ever: two upgrades wait for each other


class SchemaState(StrEnum):
    """How a database's schema stands to this program's."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _state(connection: Connection) -> SchemaState:
    revision = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    if revision is None:
        return SchemaState.EMPTY
    if revision == scripts.get_current_head():
        return SchemaState.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState.OLDER if revision in known else SchemaState.NEWER


def schema_state(database: Database) -> SchemaState:
    """Return how the schema stands, without touching it."""
    with database.read() as connection:
        return _state(connection)


def upgrade(database: Database) -> bool:
    """Bring the schema to this program's version in one transaction; False if it was there.

    A SQLite database with rows is copied first, to a file beside it. Raises SchemaError when
    the schema is newer.
    """
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        state = _state(connection)
        _refuse_newer(database, state)
        if state is SchemaState.CURRENT:
            return False
        if state is SchemaState.OLDER and database.is_sqlite:
            _keep_copy(database, connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return True


def _keep_copy(database: Database, connection: Connection) -> None:
    """Copy what is about to be changed, once for each version.

    ``connection`` holds the write lock, so that nobody changes or copies it meanwhile; the
    copy reads on its own, as any reader may.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    copy = database.path.with_name(f"{database.path.name}.schema-{revision}.bak")
    if not copy.exists():
        care.backup(database, copy)


def require_current(database: Database) -> None:
    """Raise SchemaError unless the schema is this program's."""
    state = schema_state(database)
    _refuse_newer(database, state)
    if state is not SchemaState.CURRENT:
        raise SchemaError(
            f"the schema of {database.name} is {state}: run `marsad db upgrade` first"
        )


def _refuse_newer(database: Database, state: SchemaState) -> None:
    if state is SchemaState.NEWER:
        raise SchemaError(
            f"the schema of {database.name} is newer than this marsad: upgrade the program"
        )
