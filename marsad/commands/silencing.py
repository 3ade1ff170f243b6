"""``alerts silence`` and ``alerts ack``: who need not be told, and who is looking after it."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import Annotated

import typer

from domain.errors import UsageError
from domain.silence import Silence
from marsad.clock import utc_now
from marsad.commands.ask import FormatOption
from marsad.commands.context import Context, given
from marsad.commands.formats import Format, write_rows
from marsad.commands.saying import say
from marsad.silences import MOST_TEXT, Known, Wish, keep, known_ids, read_silence

app = typer.Typer(help="Silences: stored and counted, told to nobody.", no_args_is_help=True)
_COLUMNS = ("id", "state", "conditions", "until", "reason", "by", "silenced")


@app.command()
def add(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why, for those who wonder later.")],
    until: Annotated[
        str, typer.Option("--until", "--for", help="How long, or when it ends: 2d, 2026-12-01.")
    ],
    rule: Annotated[str | None, typer.Option(help="A rule's id.")] = None,
    partner: Annotated[str | None, typer.Option(help="US, nato...")] = None,
    outlet: Annotated[str | None, typer.Option(help="A source's id.")] = None,
    story: Annotated[int | None, typer.Option(help="A story's id.")] = None,
    text: Annotated[str | None, typer.Option(help="Words that follow each other.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; your login otherwise.")] = None,
) -> None:
    """Silence hits until a set time. Of several conditions all must hold.

    Example: marsad alerts silence add --partner US --until 2d --reason "known visit"
    """
    options, now = given(context), utc_now()
    wish = Wish(
        reason=reason,
        until=until,
        by=by or _login(),
        rule=rule,
        partner=partner,
        outlet=outlet,
        story=story,
        text=text,
    )
    silence = read_silence(wish, now, _known(options), "--")
    with options.store() as store:
        ident, muted = keep(store, silence, now)
    until = f"{silence.ends:%Y-%m-%d %H:%M} UTC"
    told = [say("silence {ident} until {until}", ident=ident, until=until)]
    if muted:
        told.append(say("{muted} waiting deliveries are muted", muted=muted))
    typer.echo("; ".join(told), err=True)


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that ended.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List silences that are in force, with how many deliveries each muted.

    Example: marsad alerts silence list --all
    """
    now = utc_now()
    with given(context).store() as store:
        found = store.duty.silences()
    shown = [(s, n) for s, n in found if everything or s.is_active(now)]
    rows = ([s.id, *_said(s, now), s.reason, s.made_by, n] for s, n in shown)
    if not write_rows(_COLUMNS, rows, form) and form is Format.TABLE:
        typer.echo(say("no silence is in force"), err=True)


@app.command()
def remove(context: typer.Context, silence: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """End a silence now. What it muted so far stays untold.

    Example: marsad alerts silence remove 3
    """
    with given(context).store() as store:
        if not store.duty.remove_silence(silence, utc_now()):
            raise UsageError(f"no silence {silence} is in force; see marsad alerts silence list")
    typer.echo(say("silence {ident} ends now", ident=silence), err=True)


def ack(
    context: typer.Context,
    story: Annotated[int, typer.Argument(help="A story's id.")],
    by: Annotated[str | None, typer.Option(help="Who; your login otherwise.")] = None,
) -> None:
    """Acknowledge a story: it is neither repeated nor escalated any more.

    Example: marsad alerts ack 17 --by amina
    """
    with given(context).store() as store:
        is_new = store.duty.acknowledge(story, (by or _login())[:MOST_TEXT], utc_now())
    if is_new is None:
        raise UsageError(f"no story {story}; `marsad hits` shows the story of a hit")
    words = "story {story} is acknowledged" if is_new else "story {story} was already acknowledged"
    typer.echo(say(words, story=story), err=True)


def _said(silence: Silence, now: datetime) -> tuple[str, str, datetime]:
    conditions = ", ".join(f"{name} {value}" for name, value in silence.conditions)
    if silence.removed_at is not None:
        return "removed", conditions, silence.removed_at
    return "active" if silence.is_active(now) else "expired", conditions, silence.ends


def _known(options: Context) -> Known | None:
    """Return what names are held against; without a configuration any may be meant."""
    return (lambda kind: known_ids(options.config(), kind)) if options.has_config else None


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return "somebody"
