"""``db`` and ``doctor``: migrations, integrity, backups, and whether all is in order."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from domain.errors import MarsadError, StoreError, UsageError
from marsad.clock import read_moment, utc_now
from marsad.commands.context import Context, given
from marsad.commands.saying import say
from marsad.secrecy import exposed

database_app = typer.Typer(help="The database: migrate, check, back up.", no_args_is_help=True)
_ENOUGH = 500 * 1024 * 1024  # bytes free on the database's disk


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(doctor)


@database_app.command()
def upgrade(
    context: typer.Context,
    no_backup: Annotated[
        bool, typer.Option("--no-backup", help="Make no copy before: you have one.")
    ] = False,
) -> None:
    """Bring the schema up to date; a new database is made. With `cluster:`, the queue's too.

    What is older is copied first: a SQLite file to one beside it, PostgreSQL by pg_dump to a
    file here.

    Example: marsad db upgrade
    """
    from marsad.stores import open_store  # noqa: PLC0415
    from storage import Migrate  # noqa: PLC0415

    options = given(context)
    migrate = Migrate.UNCOPIED if no_backup else Migrate.COPIED
    with open_store(options.database_url(), migrate=migrate) as store:
        if options.has_config and options.config().cluster is not None:
            from marsad.cluster.serving import install_queue  # noqa: PLC0415 - imports Scrapy

            install_queue(store)
    typer.echo(say("the schema is up to date"), err=True)


@database_app.command()
def check(context: typer.Context) -> None:
    """Check the database's integrity.

    Example: marsad db check
    """
    with given(context).store() as store:
        faults = store.check()
    for fault in faults:
        typer.echo(f"marsad: {fault}", err=True)
    if not faults:
        typer.echo(say("the database is whole"), err=True)
    raise typer.Exit(1 if faults else 0)


@database_app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The copy; it must not exist.")],
) -> None:
    """Copy the database to FILE while it is in use; PostgreSQL by pg_dump, for pg_restore.

    Example: marsad db backup marsad-monday.db
    """
    if not file.absolute().parent.is_dir():
        raise StoreError(f"backup {file}: no such folder")
    with given(context).store() as store:
        store.backup(file)
    typer.echo(f"{file}: {file.stat().st_size} bytes", err=True)


@database_app.command()
def vacuum(context: typer.Context) -> None:
    """Give back the space of what was deleted; on SQLite the daemon must be stopped.

    Example: marsad db vacuum
    """
    with given(context).store() as store:
        store.vacuum()
    typer.echo("the space of deleted rows is given back", err=True)


@database_app.command()
def prune(
    context: typer.Context,
    older_than: Annotated[
        str | None, typer.Option(help="An age such as 730d; else keep.articles of config.yaml.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count; delete nothing.")] = False,
) -> None:
    """Delete old articles that are no hits. Hits, and what was told, stay for good.

    Example: marsad db prune --older-than 730d --dry-run
    """
    from marsad.keeping import prune as let_go  # noqa: PLC0415 - SQLAlchemy, slow to import

    options, now = given(context), utc_now()
    age = now - read_moment(older_than, now) if older_than else options.config().keep.articles
    if age is None:
        raise UsageError("how old? --older-than 730d, or `keep: {articles: 730d}` in config.yaml")
    if age <= timedelta(0):
        raise UsageError(f"--older-than {older_than!r} is not in the past")
    with options.store() as store:
        if dry_run:
            typer.echo(f"{store.prunable(now - age)} articles would be deleted", err=True)
            return
        count = let_go(store, age, now)
    typer.echo(f"{count} articles deleted; `marsad db vacuum` gives their space back", err=True)


def doctor(context: typer.Context) -> None:
    """Check configuration, database, rules, channels, clock and disk: a line each.

    Example: marsad doctor
    """
    options = given(context)
    console = Console(highlight=False)
    failed = False
    for name, examine in _examinations(options):
        try:
            is_good, words = True, examine()
        except MarsadError as error:
            is_good, words = False, " / ".join(str(error).splitlines())
        except OSError as error:
            is_good, words = False, str(error)
        failed |= not is_good
        mark = Text("ok  " if is_good else "FAIL", style="green" if is_good else "bold red")
        console.print(mark, Text(f" {name}: {words}"), soft_wrap=True, sep="")
    raise typer.Exit(1 if failed else 0)


def _examinations(options: Context) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "configuration", lambda: _configuration(options)
    yield "rules", lambda: _rules(options)
    yield "database", lambda: _database(options)
    yield "channels", lambda: _channels(options)
    yield "clock", _clock
    yield "disk", lambda: _disk(options)


def _configuration(options: Context) -> str:
    config = options.config()
    told = exposed(options.config_path, config.secrets())
    if told is not None:
        raise UsageError(told)
    return f"{options.config_path}, {len(config.sources)} sources"


def _rules(options: Context) -> str:
    matcher = options.matcher()
    return ", ".join(f"{r.id} ({len(r.scored.clauses)} clauses)" for r in matcher.rules)


def _database(options: Context) -> str:
    from marsad.stores import has_database, open_store  # noqa: PLC0415

    url = options.database_url()
    if not has_database(url):
        return "none yet; the first run makes it"
    with open_store(url) as store:
        faults = store.check()
    if faults:
        raise StoreError("; ".join(faults))
    return "whole, schema up to date"


def _channels(options: Context) -> str:
    alerts = options.config().alerts
    if not alerts.channels:
        raise StoreError("no channel: hits are stored and nobody is told")
    used = {c for r in alerts.routes for c in r.channels}
    idle = sorted(set(alerts.channels) - used)
    note = f"; no route uses {', '.join(idle)}" if idle else ""
    kinds = ", ".join(f"{name} ({c.type})" for name, c in alerts.channels.items())
    return f"{kinds}{note}; try one with `marsad alerts test NAME`"


def _clock() -> str:
    now = utc_now()
    if now.year < 2025:
        raise StoreError(f"the clock says {now:%Y-%m-%d}: articles would look unpublished")
    before, started = time.time(), time.monotonic()
    drift = abs((time.time() - before) - (time.monotonic() - started))
    if drift > 1:
        raise StoreError(f"the clock jumps by {drift:.0f} s")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC"


def _disk(options: Context) -> str:
    url = options.database_url()
    folder = Path(url.removeprefix("sqlite:///")).parent if "sqlite" in url else Path.cwd()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _ENOUGH:
        raise StoreError(f"{free // 2**20} MB free at {folder}: too little")
    return f"{free // 2**30} GB free at {folder}"
