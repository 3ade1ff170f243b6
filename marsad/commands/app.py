"""The commands as Typer has them: options read, helped with, refused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from marsad.commands.context import Context
from marsad.commands.plain import DEFAULT_CONFIG

# Commands that are started by the thousand, or measured from their start, and their module.
_ALONE = {"match": "judge", "crawl": "collect", "run": "collect"}
_INTERRUPTED = 130


def run_app(given: Sequence[str]) -> object:
    """Run the command that is called; return its exit code, if it has one."""
    app = get_command(make_app(_command_of(given)))
    try:
        return app.main(list(given), prog_name="marsad", standalone_mode=False)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        return _INTERRUPTED


def root(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option(help="Configuration file.", envvar="MARSAD_CONFIG")
    ] = DEFAULT_CONFIG,
    database: Annotated[
        str | None,
        typer.Option(
            help="Database URL, in place of the configured one.", envvar="MARSAD_DATABASE"
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="More logs, and tracebacks of errors.")
    ] = False,
) -> None:
    """Read the options that every command shares."""
    context.obj = Context(
        config_path=config, database=database, is_verbose=verbose, environment=dict(os.environ)
    )


def make_app(command: str | None = None) -> typer.Typer:
    """Return the commands. Where ``command`` is named, perhaps it and its neighbours only.

    What starts often and ends soon does not wait for what it never calls.
    """
    app = typer.Typer(
        name="marsad",
        help="An observatory of the Algerian press: collect, judge, keep, tell.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    if command in _ALONE:
        import_module(f"marsad.commands.{_ALONE[command]}").register(app)
    else:
        _add_everything(app)
    return app


def _add_everything(app: typer.Typer) -> None:
    from marsad.commands import (  # noqa: PLC0415 - they import most of the house
        again,
        alerts,
        ask,
        backfill,
        care,
        cluster,
        collect,
        importing,
        judge,
        rules,
        sources,
        web,
    )

    collect.register(app)
    backfill.register(app)
    judge.register(app)
    ask.register(app)
    again.register(app)
    importing.register(app)
    care.register(app)
    cluster.register(app)
    web.register(app)
    app.add_typer(rules.app, name="rules")
    app.add_typer(alerts.app, name="alerts")
    app.add_typer(sources.app, name="sources")
    app.add_typer(care.database_app, name="db")
    app.add_typer(cluster.cluster_app, name="cluster")


def _command_of(arguments: Sequence[str]) -> str | None:
    """Return the command that is called: the first word that is no option and no value of one."""
    words = iter(arguments)
    for word in words:
        if word in ("--config", "--database"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None
