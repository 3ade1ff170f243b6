"""``hits`` and ``sql``: asking the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Annotated, Any

import typer

from domain.asking import ArticleQuery, ArticleRow, HitQuery, HitRow, TextQuery
from domain.errors import UsageError, nearest
from domain.match import ACTIVITIES
from marsad.clock import read_moment, utc_now
from marsad.commands.context import given
from marsad.commands.finding import found_lines, snippet_of
from marsad.commands.formats import Format, console_for_data, write_rows

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
FormatOption = Annotated[Format, typer.Option("--format", help="How rows are written.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(hits)
    app.command()(search)
    app.command()(sql)


def hits(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="30d, 12h or a date.")] = None,
    until: Annotated[str | None, typer.Option(help="An age or a date.")] = None,
    partner: Annotated[list[str] | None, typer.Option(help="US, nato...")] = None,
    activity: Annotated[list[str] | None, typer.Option(help="exercise, visit...")] = None,
    outlet: Annotated[list[str] | None, typer.Option(help="A source's id.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="fr, ar or en.")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="A rule's id.")] = None,
    text: Annotated[
        str | None, typer.Option(help='Words, "phrases", prefix*, -without, a OR b.')
    ] = None,
    story: Annotated[int | None, typer.Option(help="A story's id.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.", min=0)] = 50,
    form: FormatOption = Format.TABLE,
) -> None:
    """List stored hits, newest first.

    Example: marsad hits --since 30d --partner US --format csv
    """
    _require_known("--activity", activity, ACTIVITIES)
    _require_known("--language", language, ("fr", "ar", "en", "und"))
    now = utc_now()
    query = HitQuery(
        since=read_moment(since, now) if since else None,
        until=read_moment(until, now) if until else None,
        partners=tuple(partner or ()),
        activities=tuple(activity or ()),
        outlets=tuple(outlet or ()),
        languages=tuple(language or ()),
        rules=tuple(rule or ()),
        text=_search(text) if text is not None else None,
        story_id=story,
        limit=limit or None,
    )
    columns = [f.name for f in fields(HitRow)]
    with given(context).store() as store:
        found = store.hits(query)
        if form is Format.TABLE:
            shown = ([getattr(row, name) for name in _SHOWN] for row in found)
            count = write_rows(_SHOWN, shown, form)
            if not count:
                typer.echo("no hits", err=True)
        else:
            write_rows(columns, (astuple(row) for row in found), form, is_guarded=True)


def search(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help='Words, "phrases", prefix*, -without, a OR b.')],
    since: Annotated[str | None, typer.Option(help="30d, 12h or a date.")] = None,
    until: Annotated[str | None, typer.Option(help="An age or a date.")] = None,
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
    _require_known("--language", language, ("fr", "ar", "en", "und"))
    now = utc_now()
    query = ArticleQuery(
        text=_search(words),
        since=read_moment(since, now) if since else None,
        until=read_moment(until, now) if until else None,
        outlets=tuple(outlet or ()),
        languages=tuple(language or ()),
        limit=limit or None,
    )
    with given(context).store() as store:
        found = store.search(query)
    if form is not Format.TABLE:
        rows = (_found_row(row, query.text) for row in found)
        write_rows(_FOUND, rows, form, is_guarded=True)
        return
    console = console_for_data()
    for row in found:
        console.print(*found_lines(row, query.text), sep="\n", end="\n\n", soft_wrap=True)
    if not found:
        typer.echo("no articles", err=True)


def _search(text: str) -> TextQuery:
    from matcher.searching import parse_search  # noqa: PLC0415 - numpy

    try:
        return parse_search(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _found_row(row: ArticleRow, query: TextQuery) -> list[Any]:
    snippet, _ = snippet_of(row, query)
    return [*(getattr(row, name) for name in _FOUND[:-1]), snippet]


def _require_known(option: str, values: Sequence[str] | None, known: Sequence[str]) -> None:
    """Refuse a word of a closed list that is none: it would find nothing and say nothing."""
    for value in values or ():
        if value not in known:
            hint = nearest(value, known) or f"; one of {', '.join(known)}"
            raise UsageError(f"{option} {value!r} is unknown{hint}")


def sql(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(metavar="SELECT ...")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Run one reading SQL statement on the store; anything that writes is refused.

    Example: marsad sql "SELECT outlet, count(*) AS hits FROM v_hits GROUP BY outlet"
    """
    with given(context).store() as store:
        result = store.query(statement)
        write_rows(result.columns, result.rows, form)
