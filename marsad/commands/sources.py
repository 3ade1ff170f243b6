"""``sources``: the outlets, how they fare, and how new ones come in and go out."""

from __future__ import annotations

import asyncio
from enum import StrEnum
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


class ExportFormat(StrEnum):
    """How sources are written."""

    OPML = "opml"
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


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
        rows.append((*facts, *_fare(state, is_checked=source.verify_certificate)))
    write_rows(columns, rows, form)


def _fare(state: FetchState | None, *, is_checked: bool) -> tuple[object, ...]:
    """Return the columns ``_FARE`` of a source; one that was never visited is new."""
    warning = "" if is_checked else "certificate NOT checked"
    if state is None:
        return ("new", "", 0, None, None, warning)
    health = state.health
    return (
        str(health.state) if health else "new",
        str(state.outcome or ""),
        state.failures,
        health.since if health else None,
        state.next_due,
        "; ".join(filter(None, (warning, (health.reason if health else "") or state.reason))),
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


_PrintOption = Annotated[
    bool, typer.Option("--dry-run", "--print", help="Print the YAML; write nothing.")
]
_LanguageOption = Annotated[str, typer.Option(help="fr, ar or en; else judged from the titles.")]
_CountryOption = Annotated[
    str, typer.Option(help="Two letters, of the outlet; else that of its address, or DZ.")
]
_TagOption = Annotated[list[str] | None, typer.Option(help="May be repeated.")]


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Its front page, a section, a feed or a sitemap.")],
    ident: Annotated[str, typer.Option("--id", help="Its id; else taken from the address.")] = "",
    name: Annotated[str, typer.Option(help="Its name; else as it calls itself.")] = "",
    language: _LanguageOption = "",
    country: _CountryOption = "",
    tag: _TagOption = None,
    is_dry: _PrintOption = False,
) -> None:
    """Find the best way into an outlet, show its newest titles, and write it into the config.

    Feeds come first, then sitemaps, then a page of links. Comments and layout of the file stay.

    Example: marsad sources add https://news.example/ --tag online
    """
    from marsad.commands.adding import add_source  # noqa: PLC0415 - imports Scrapy

    wish = {"id": ident, "name": name, "language": language, "country": country}
    add_source(given(context), url, wish, tuple(tag or ()), is_dry=is_dry)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OPML file, or - for standard input.")],
    language: _LanguageOption = "",
    country: _CountryOption = "",
    tag: _TagOption = None,
    is_dry: _PrintOption = False,
) -> None:
    """Write the feeds of an OPML file into the config; its folders become tags.

    What a source reads already is reported and left out. Nothing is fetched: see sources check.

    Example: marsad sources import feeds.opml --tag imported
    """
    from marsad.commands.adding import import_sources  # noqa: PLC0415 - imports extractors

    wish = {"language": language, "country": country}
    import_sources(given(context), file, wish, tuple(tag or ()), is_dry=is_dry)


@app.command()
def export(
    context: typer.Context,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="opml, or rows as elsewhere.")
    ] = ExportFormat.OPML,
) -> None:
    """Write the configured sources as OPML, for other readers and for sources import.

    Example: marsad sources export > sources.opml
    """
    from marsad.commands.adding import export_sources  # noqa: PLC0415 - imports extractors

    export_sources(given(context), form)
