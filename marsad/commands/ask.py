"""``hits`` and ``sql``: asking the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.asking import ArticleQuery, ArticleRow, HitRow, TextQuery
from domain.errors import nearest
from marsad.clock import read_last, read_moment, utc_now
from marsad.commands.context import given
from marsad.commands.finding import found_lines, snippet_of
from marsad.commands.formats import Format, console_for_data, write_rows
from marsad.commands.saying import say
from marsad.questions import LANGUAGES, hit_query, require_known, search_words

if TYPE_CHECKING:
    from domain.page import Archived
    from storage.store import Store

_SHOWN = (
    "hit_id",
    "published_at",
    "outlet",
    "language",
    "partners",
    "activities",
    "title",
    "score",
)
_FOUND = (
    "article_id",
    "hit_id",
    "published_at",
    "outlet",
    "language",
    "title",
    "url",
    "rank",
    "snippet",
)
_ARCHIVE = (
    "hit_id",
    "outlet",
    "title",
    "url",
    "archive_file",
    "archive_offset",
    "archive_length",
    "fetched_at",
)
FormatOption = Annotated[Format, typer.Option("--format", help="How rows are written.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(hits)
    app.command()(search)
    app.command()(sql)


def hits(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="30d, 12h or a date.")] = None,
    until: Annotated[str | None, typer.Option(help="An age or a day: to its end.")] = None,
    partner: Annotated[list[str] | None, typer.Option(help="US, nato...")] = None,
    activity: Annotated[list[str] | None, typer.Option(help="exercise, visit...")] = None,
    outlet: Annotated[list[str] | None, typer.Option(help="A source's id.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="fr, ar or en.")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="A rule's id.")] = None,
    text: Annotated[
        str | None, typer.Option(help='Words, "phrases", prefix*, -without, a OR b.')
    ] = None,
    story: Annotated[int | None, typer.Option(help="A story's id.", min=1, max=2**63 - 1)] = None,
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.", min=0)] = 50,
    archive: Annotated[
        bool, typer.Option("--archive", help="Say where each hit's page is kept.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List stored hits, newest first.

    Example: marsad hits --since 30d --partner US --format csv
    """
    query = hit_query(
        utc_now(),
        since=since,
        until=until,
        partner=partner or (),
        activity=activity or (),
        outlet=outlet or (),
        language=language or (),
        rule=rule or (),
        text=text,
        story=story,
        limit=limit or None,
    )
    columns = [f.name for f in fields(HitRow)]
    with given(context).store() as store:
        _note_unknown(store, query.outlets)
        found = store.hits(query)
        if archive:
            options = given(context)
            folder = options.config().archive if options.has_config else None
            _list_archive(store, list(found), folder, form)
            return
        if form is Format.TABLE:
            shown = ([getattr(row, name) for name in _SHOWN] for row in found)
            count = write_rows(_SHOWN, shown, form)
            if not count:
                typer.echo(say("no hits"), err=True)
        else:
            write_rows(columns, (astuple(row) for row in found), form, is_guarded=True)


def search(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help='Words, "phrases", prefix*, -without, a OR b.')],
    since: Annotated[str | None, typer.Option(help="30d, 12h or a date.")] = None,
    until: Annotated[str | None, typer.Option(help="An age or a day: to its end.")] = None,
    outlet: Annotated[list[str] | None, typer.Option(help="A source's id.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="fr, ar or en.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.", min=0)] = 20,
    form: FormatOption = Format.TABLE,
) -> None:
    """Search every stored article, hit or not; the best first.

    Case, accents, hamza and the like make no difference, and an Arabic word is found behind
    its clitics.

    Example: marsad search '"etat major" visite -sport' --since 90d
    """
    require_known("--language", language or (), LANGUAGES)
    now = utc_now()
    query = ArticleQuery(
        text=search_words(words),
        since=read_moment(since, now) if since else None,
        until=read_last(until, now) if until else None,
        outlets=tuple(outlet or ()),
        languages=tuple(language or ()),
        limit=limit or None,
    )
    with given(context).store() as store:
        _note_unknown(store, query.outlets)
        found = store.search(query)
    if form is not Format.TABLE:
        rows = (_found_row(row, query.text) for row in found)
        write_rows(_FOUND, rows, form, is_guarded=True)
        return
    console = console_for_data()
    for row in found:
        console.print(*found_lines(row, query.text), sep="\n", end="\n\n", soft_wrap=True)
    if not found:
        typer.echo(say("no articles"), err=True)


def _note_unknown(store: Store, outlets: Sequence[str]) -> None:
    """Say which of ``outlets`` the store never heard of: nothing found is not nothing published."""
    if not outlets:
        return
    known = [str(row[0]) for row in store.query("SELECT source_id FROM sources").rows]
    for outlet in outlets:
        if outlet not in known:
            typer.echo(f"no outlet {outlet!r} is known{nearest(outlet, known)}", err=True)


def _found_row(row: ArticleRow, query: TextQuery) -> list[Any]:
    snippet, _ = snippet_of(row, query)
    return [*(getattr(row, name) for name in _FOUND[:-1]), snippet]


def _list_archive(store: Store, rows: Sequence[HitRow], folder: Path | None, form: Format) -> None:
    """Write where the pages of hits are: file (in ``folder`` if known), offset and length."""
    kept = store.archived([row.hit_id for row in rows])
    places = (_place(kept.get(row.hit_id), folder) for row in rows)
    facts = ((r.hit_id, r.outlet, r.title, r.url, *p) for r, p in zip(rows, places, strict=True))
    count = write_rows(_ARCHIVE, facts, form, is_guarded=True)
    if form is Format.TABLE:
        missing = count - len(kept)
        note = f"{missing} without an archived page; " if missing else ""
        typer.echo(f"{note}a page: warcio extract --payload FILE OFFSET", err=True)


def _place(archived: Archived | None, folder: Path | None) -> tuple[object, ...]:
    if archived is None:
        return (None, None, None, None)
    file = str(folder / archived.file) if folder is not None else archived.file
    return (file, archived.offset, archived.length, archived.fetched_at)


def sql(
    context: typer.Context,
    statement: Annotated[
        str, typer.Argument(metavar="SELECT ...", help="One statement, in quotes.")
    ],
    form: FormatOption = Format.TABLE,
    timeout: Annotated[
        float, typer.Option(help="Seconds for the whole answer.", min=0.001, max=86_400)
    ] = 30.0,
) -> None:
    """Run one reading SQL statement on the store; anything that writes is refused.

    Example: marsad sql "SELECT outlet, count(*) AS hits FROM v_hits GROUP BY outlet"
    """
    with given(context).store() as store:
        result = store.query(statement, timeout)
        if result.is_superuser:
            typer.echo(
                "marsad: warning: a superuser's SELECT can read the server's files; give analysts"
                " a role of their own (docs/operations.md)",
                err=True,
            )
        write_rows(result.columns, result.rows, form)
