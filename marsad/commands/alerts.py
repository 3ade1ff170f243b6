"""``alerts``: try a channel, see what waits, send again what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from domain.asking import UNSENT, OutboxQuery
from domain.errors import AlertError, UsageError, nearest
from domain.notice import DeliveryState, Mode, SendOutcome, SendResult
from marsad.clock import read_moment, utc_now
from marsad.commands import routing, silencing
from marsad.commands.ask import FormatOption
from marsad.commands.context import Context, given
from marsad.commands.formats import Format, write_rows
from marsad.commands.saying import say

app = typer.Typer(help="Try channels, see what waits, send again.", no_args_is_help=True)
app.command()(routing.route)
app.command()(silencing.ack)
app.add_typer(silencing.app, name="silence")


@app.command()
def test(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help="Its name in alerts.channels.")],
) -> None:
    """Send one sample notice through a channel.

    Example: marsad alerts test desk-mail
    """
    outcome = asyncio.run(_send_sample(given(context), channel))
    if outcome.result is not SendResult.ACCEPTED:
        raise AlertError(f"{channel}: {outcome.result}: {outcome.reason}", channel=channel)
    suffix = f" ({outcome.reason})" if outcome.reason else ""
    typer.echo(f"{channel}: {say('accepted')}{suffix}", err=True)


async def _send_sample(options: Context, name: str) -> SendOutcome:
    from alerts.sample import sample_delivery  # noqa: PLC0415 - imports clients
    from marsad.labels import Labels  # noqa: PLC0415
    from marsad.telling import open_channel  # noqa: PLC0415

    config = options.config()
    if name not in config.alerts.channels:
        raise UsageError(f"no channel {name!r}{nearest(name, config.alerts.channels)}")
    channel = open_channel(config, name, Labels(), utc_now)
    try:
        return await channel.send([sample_delivery(name, utc_now())], digest=False)
    finally:
        await channel.close()


ChannelOption = Annotated[str | None, typer.Option(help="Only this channel.")]
RouteOption = Annotated[str | None, typer.Option(help="Only what this route opened.")]
StoryOption = Annotated[int | None, typer.Option(help="Only this story.")]
SinceOption = Annotated[str | None, typer.Option(help="Only what was planned since: 3h, a date.")]
FailedOption = Annotated[bool, typer.Option("--failed", help="Only what was refused for good.")]
IdsArgument = Annotated[list[int] | None, typer.Argument(help="Ids as `pending` shows them.")]


@app.command()
def pending(
    context: typer.Context,
    failed: FailedOption = False,
    channel: ChannelOption = None,
    route: RouteOption = None,
    story: StoryOption = None,
    mode: Annotated[Mode | None, typer.Option(help="immediate or digest.")] = None,
    state: Annotated[
        list[DeliveryState] | None, typer.Option(help="In place of what is not sent.")
    ] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.", min=0)] = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """List deliveries that are not sent, oldest first.

    Example: marsad alerts pending --channel desk-mail --failed
    """
    chosen = (DeliveryState.FAILED,) if failed else tuple(state or UNSENT)
    query = _query((), channel, route, story, since, chosen)
    query = replace(query, mode=mode, limit=limit or None)
    columns: tuple[str, ...]
    columns = ("id", "channel", "mode", "state", "attempts", "due_at", "title", "last_error")
    if form is not Format.TABLE:
        columns = (*columns, "kind", "route", "story_id", "silence_id", "created_at", "sent_at")
    with given(context).store() as store:
        rows = store.deliveries(query)
        count = write_rows(columns, ([getattr(row, c) for c in columns] for row in rows), form)
    if not count and form is Format.TABLE:
        typer.echo(say("nothing waits"), err=True)


@app.command()
def retry(
    context: typer.Context,
    ids: IdsArgument = None,
    failed: FailedOption = False,
    channel: ChannelOption = None,
    route: RouteOption = None,
    story: StoryOption = None,
    since: SinceOption = None,
) -> None:
    """Make failed deliveries due again; the daemon or the next crawl sends them.

    With ids or --story also those that wait for a later try, or were dropped.

    Example: marsad alerts retry --channel desk-mail
    """
    named = bool(ids or story) and not failed
    states = (*UNSENT, DeliveryState.DROPPED) if named else (DeliveryState.FAILED,)
    query = _query(ids, channel, route, story, since, states)
    with given(context).store() as store:
        count = store.retry_deliveries(query, utc_now())
    typer.echo(say("{count} deliveries are due again", count=count), err=True)


@app.command()
def drop(
    context: typer.Context,
    ids: IdsArgument = None,
    failed: FailedOption = False,
    channel: ChannelOption = None,
    route: RouteOption = None,
    story: StoryOption = None,
    since: SinceOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything that waits or failed.")
    ] = False,
) -> None:
    """Take deliveries out of the outbox: they are told to nobody, and stay on record as dropped.

    Example: marsad alerts drop --channel desk-mail --failed
    """
    if not (ids or failed or channel or route or story or since or everything):
        raise UsageError("say what to drop: ids, --channel, --failed...; --all for everything")
    states = (DeliveryState.FAILED,) if failed else (DeliveryState.PENDING, DeliveryState.FAILED)
    with given(context).store() as store:
        count = store.drop_deliveries(_query(ids, channel, route, story, since, states))
    typer.echo(say("{count} deliveries were dropped", count=count), err=True)


def _query(
    ids: Sequence[int] | None,
    channel: str | None,
    route: str | None,
    story: int | None,
    since: str | None,
    states: Sequence[DeliveryState],
) -> OutboxQuery:
    return OutboxQuery(
        ids=tuple(ids or ()),
        channel=channel,
        route=route,
        story_id=story,
        since=read_moment(since, utc_now()) if since else None,
        states=tuple(states),
    )
