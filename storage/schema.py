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

    Raises SchemaError when it is newer.
    """
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        state = _state(connection)
        _refuse_newer(database, state)
        if state is SchemaState.CURRENT:
            return False
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return True


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
