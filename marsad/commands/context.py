"""What every command shares: options, and the configuration when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from domain.errors import UsageError
from domain.story import STORY_DAYS
from marsad.commands.plain import DEFAULT_CONFIG

if TYPE_CHECKING:
    import typer

    from marsad.config import Config
    from matcher.judge import Matcher
    from storage.store import Store

BUNDLED = ("defence-cooperation",)  # the rules of a configuration that names none


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
        from marsad.compiled import note_last  # noqa: PLC0415
        from marsad.config import load_config  # noqa: PLC0415 - reads pydantic, slow to import

        url = None if self.database is None else self.database_url()
        config = load_config(self.config_path, self.environment, database=url)
        note_last(self.config_path, self.environment, config.rules)
        return config

    def start_logs(self, config: Config, *, is_quiet: bool = False) -> None:
        """Begin to log to standard error; ``is_quiet`` leaves out what is no error.

        A configuration that holds secrets and that others may read is warned of.
        """
        import logging  # noqa: PLC0415 - slow to import

        from marsad.logs import configure  # noqa: PLC0415
        from marsad.secrecy import exposed  # noqa: PLC0415

        configure(is_verbose=self.is_verbose, secrets=config.secrets())
        told = exposed(self.config_path, config.secrets())
        if told is not None:
            logging.getLogger("marsad").warning("%s", told)
        if is_quiet:
            logging.getLogger().setLevel(logging.ERROR)

    def import_ahead(self) -> None:
        """Begin to import what a daemon takes, and to load the rules of the last time.

        Of a configuration that was never read the bundled ones: most have no others.
        """
        from marsad.compiled import last_rules  # noqa: PLC0415
        from marsad.workers import import_ahead  # noqa: PLC0415 - the process pool

        import_ahead(last_rules(self.config_path, self.environment) or BUNDLED)

    def database_url(self) -> str:
        """Return the database URL; the configuration is read only when it must say."""
        if self.database is None:
            return self.config().database
        if not self.database.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise UsageError("--database must begin with sqlite:/// or postgresql+psycopg://")
        return self.database

    def store(self, story_days: int = STORY_DAYS) -> Store:
        """Open the store for reading and small changes; a missing database is an error.

        ``story_days`` matters to what places articles among stories.
        """
        from marsad.stores import open_store  # noqa: PLC0415 - SQLAlchemy, slow to import

        return open_store(self.database_url(), must_exist=True, story_days=story_days)

    def rules(self) -> tuple[str, ...]:
        """Return the configured rule packs, or the bundled one where nothing is configured."""
        return self.config().rules if self.has_config else BUNDLED

    def matcher(self) -> Matcher:
        """Load the matcher with the configured rules."""
        from matcher.judge import Matcher  # noqa: PLC0415

        return Matcher.load(self.rules())

    def judge(self) -> Matcher:
        """Return the matcher for judging only, as compiled before where nothing changed."""
        from marsad.compiled import known_rules, load_compiled, note_rules  # noqa: PLC0415

        rules = known_rules(self.config_path, self.environment) if self.has_config else None
        if rules is None:
            rules = self.rules()
            if self.has_config:
                note_rules(self.config_path, self.environment, rules)
        return load_compiled(rules, self.environment)


def given(context: typer.Context) -> Context:
    """Return the shared options of a command's context."""
    return cast(Context, context.obj)
