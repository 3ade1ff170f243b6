"""The command line. Every command says what went wrong in one line a person can act on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, cast

import typer

from domain.errors import ConfigError, MarsadError, UsageError
from marsad.commands.context import DEFAULT_CONFIG, Context
from marsad.commands.plain import plain_call
from marsad.secrecy import keep_private

# Commands that are started by the thousand, or measured from their start, and their module.
_ALONE = {"match": "judge", "crawl": "collect", "run": "collect"}


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 failed, 2 wrong usage or invalid configuration."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _speak_utf8()
    keep_private()
    try:
        code = _run(given)
    except typer.Exit as leave:
        sys.exit(leave.exit_code)
    except (ConfigError, UsageError) as error:
        _complain(error, given)
        sys.exit(2)
    except MarsadError as error:
        _complain(error, given)
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the outermost line: a person gets one sentence
        if _is_usage(error):
            _show_usage(error)
            sys.exit(2)
        _complain(error, given)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _run(given: list[str]) -> object:
    """Run a command, by the shortest way to it; return what Typer returns of it."""
    command = _command_of(given)
    if command in _ALONE:
        found = import_module(f"marsad.commands.{_ALONE[command]}")
        called = getattr(found, command)
        plain = plain_call(root, called, given, os.environ)
        if plain is not None:
            context = cast(typer.Context, SimpleNamespace())
            root(context, **plain[0])
            return called(context, **plain[1])
    from typer.main import get_command  # noqa: PLC0415 - builds parsers with pydantic

    return get_command(make_app(command)).main(given, prog_name="marsad", standalone_mode=False)


def _speak_utf8() -> None:
    """Write UTF-8 whatever the locale: JSON is nothing else, and Arabic fits nowhere else."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding="utf-8")


def _is_usage(error: Exception) -> bool:
    return hasattr(error, "exit_code") and hasattr(error, "format_message")


def _show_usage(error: Exception) -> None:
    if not error.format_message():  # type: ignore[attr-defined]
        return  # the help was shown already
    print(f"marsad: {error.format_message()}", file=sys.stderr)  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    if context is not None:
        print(f"see '{context.command_path} --help'", file=sys.stderr)


def _complain(error: Exception, arguments: Sequence[str]) -> None:
    if "-v" in arguments or "--verbose" in arguments:
        import traceback  # noqa: PLC0415 - only where asked for

        traceback.print_exception(error)
    text = str(error) or type(error).__name__
    if not isinstance(error, ConfigError):
        text = " ".join(text.split())
    print("\n".join(f"marsad: {line}" for line in text.splitlines()), file=sys.stderr)


if __name__ == "__main__":
    main()
