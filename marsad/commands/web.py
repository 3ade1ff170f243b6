"""``web``: the page, beside or without a daemon."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from marsad.commands.context import given
from marsad.commands.saying import say
from marsad.stopping import stop_on_signals

if TYPE_CHECKING:
    from marsad.config import Config
    from marsad.web.settings import WebSettings


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(web)


def web(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(help="In place of web.port.", min=1, max=65535)
    ] = None,
) -> None:
    """Serve the page on http://127.0.0.1:8040 until stopped, beside a daemon or without one.

    Example: marsad web --port 8050
    """
    from marsad.stores import open_store  # noqa: PLC0415 - SQLAlchemy, slow to import
    from marsad.web.settings import WebSettings  # noqa: PLC0415

    options = given(context)
    config = options.config()
    settings = config.web or WebSettings()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    options.start_logs(config)
    open_store(config.database, must_exist=True).close()  # refused here, in one line
    asyncio.run(_serve(config, settings))


async def _serve(config: Config, settings: WebSettings) -> None:
    from marsad.web.server import address, serving  # noqa: PLC0415 - Starlette, slow to import

    stop = stop_on_signals()
    async with serving(config, settings, is_collecting=False) as task:
        typer.echo(
            say("the page is at {address}; Ctrl-C ends it", address=address(settings)), err=True
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            task.result()
