"""What every command shares: options, and the configuration when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from domain.errors import UsageError

if TYPE_CHECKING:
    from marsad.config import Config
    from matcher.judge import Matcher
    from storage.store import Store


DEFAULT_CONFIG = Path("config.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The global options of one call."""

    config_path: Path
    database: str | None
    is_verbose: bool
    environment: Mapping[str, str]

    @property
    def has_config(self) -> bool:
        """Whether a configuration is to be read: one that was named must be there."""
        return self.config_path != DEFAULT_CONFIG or self.config_path.exists()

    def config(self) -> Config:
        """Read the configuration. Raises ConfigError with every fault."""
        from marsad.config import load_config  # noqa: PLC0415 - reads pydantic, slow to import

        url = None if self.database is None else self.database_url()
        return load_config(self.config_path, self.environment, database=url)

    def database_url(self) -> str:
        """Return the database URL; the configuration is read only when it must say."""
        if self.database is None:
            return self.config().database
        if not self.database.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise UsageError("--database must begin with sqlite:/// or postgresql+psycopg://")
        return self.database

    def store(self) -> Store:
        """Open the store for reading and small changes; a missing database is an error."""
        from marsad.stores import open_store  # noqa: PLC0415 - SQLAlchemy, slow to import

        return open_store(self.database_url(), must_exist=True)

    def rules(self) -> tuple[str, ...]:
        """Return the configured rule packs, or the bundled one where nothing is configured."""
        return self.config().rules if self.has_config else ("defence-cooperation",)

    def matcher(self) -> Matcher:
        """Load the matcher with the configured rules."""
        from matcher.judge import Matcher  # noqa: PLC0415

        return Matcher.load(self.rules())


def given(context: typer.Context) -> Context:
    """Return the shared options of a command's context."""
    return cast(Context, context.obj)
