"""``sources``: the outlets and how they fare."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from domain.source import FetchState
from marsad.commands.ask import FormatOption
from marsad.commands.context import given
from marsad.commands.formats import Format, write_rows

_FARE = ("state", "outcome", "failures", "since", "next_due", "reason")
app = typer.Typer(help="The outlets and how they fare.", no_args_is_help=True)


@app.command("list")
def list_(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the configured sources with their last outcome and next visit.

    Example: marsad sources list --format csv
    """
    from marsad.stores import has_database  # noqa: PLC0415 - SQLAlchemy, slow to import

    options = given(context)
    config = options.config()
    states: dict[str, FetchState] = {}
    if has_database(config.database):  # else nothing was visited yet
        with options.store() as store:
            states = {s.source_id: s for s in store.fetch_states()}
    columns = ("id", "name", "language", "country", *_FARE)
    rows: list[tuple[object, ...]] = []
    for source in config.sources:
        state = states.get(source.id)
        facts = (source.id, source.name, source.language, source.country)
        rows.append((*facts, *_fare(state)))
    write_rows(columns, rows, form)


def _fare(state: FetchState | None) -> tuple[object, ...]:
    """Return the columns ``_FARE`` of a source; one that was never visited is new."""
    if state is None:
        return ("new", "", 0, None, None, "")
    health = state.health
    return (
        str(health.state) if health else "new",
        str(state.outcome or ""),
        state.failures,
        health.since if health else None,
        state.next_due,
        (health.reason if health else "") or state.reason,
    )


@app.command()
def check(
    context: typer.Context,
    source: Annotated[list[str] | None, typer.Argument(help="Ids; all when none is named.")] = None,
) -> None:
    """Visit each source once and say what it gave; nothing is kept or told.

    Example: marsad sources check tsa awras
    """
    from marsad.commands.collect import is_whole, visits_table  # noqa: PLC0415
    from marsad.crawling import crawl  # noqa: PLC0415 - imports Scrapy

    options = given(context)
    config = options.config()
    with TemporaryDirectory(prefix="marsad-check-") as folder:
        config.database = f"sqlite:///{Path(folder) / 'check.db'}"
        config.archive = None
        done = asyncio.run(
            crawl(config, options.environment, only=source or (), is_all=True, is_telling=False)
        )
    Console().print(visits_table(done))
    raise typer.Exit(0 if is_whole(done) else 1)
