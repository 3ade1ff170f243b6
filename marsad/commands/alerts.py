"""``alerts``: try a channel, see what waits, send again what failed."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from domain.errors import AlertError, UsageError, nearest
from domain.notice import DeliveryState, SendOutcome, SendResult
from marsad.clock import utc_now
from marsad.commands.ask import FormatOption
from marsad.commands.context import Context, given
from marsad.commands.formats import Format, write_rows

app = typer.Typer(help="Try channels, see what waits, send again.", no_args_is_help=True)


@app.command()
def test(context: typer.Context, channel: Annotated[str, typer.Argument()]) -> None:
    """Send one sample notice through a channel.

    Example: marsad alerts test desk-mail
    """
    outcome = asyncio.run(_send_sample(given(context), channel))
    if outcome.result is not SendResult.ACCEPTED:
        raise AlertError(f"{channel}: {outcome.result}: {outcome.reason}", channel=channel)
    suffix = f" ({outcome.reason})" if outcome.reason else ""
    typer.echo(f"{channel}: accepted{suffix}", err=True)


async def _send_sample(options: Context, name: str) -> SendOutcome:
    from alerts.channels import make_channel  # noqa: PLC0415 - imports clients
    from alerts.sample import sample_delivery  # noqa: PLC0415
    from marsad.labels import Labels  # noqa: PLC0415

    channels = options.config().alerts.channels
    if name not in channels:
        raise UsageError(f"no channel {name!r}{nearest(name, channels)}")
    channel = make_channel(name, channels[name], Labels().name, utc_now)
    try:
        return await channel.send([sample_delivery(name, utc_now())], digest=False)
    finally:
        await channel.close()


@app.command()
def pending(
    context: typer.Context,
    failed: Annotated[bool, typer.Option(help="Only what was refused for good.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List deliveries that are not sent, oldest first.

    Example: marsad alerts pending --failed
    """
    columns = ("id", "channel", "mode", "state", "attempts", "due_at", "title", "last_error")
    with given(context).store() as store:
        rows = store.deliveries(DeliveryState.FAILED if failed else None)
        write_rows(columns, ([getattr(row, c) for c in columns] for row in rows), form)


@app.command()
def retry(
    context: typer.Context,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
) -> None:
    """Make failed deliveries due again; the daemon or the next crawl sends them.

    Example: marsad alerts retry --channel desk-mail
    """
    with given(context).store() as store:
        count = store.retry_failed(utc_now(), channel)
    typer.echo(f"{count} deliveries are due again", err=True)
