"""``backfill``: collecting what an outlet published before it was watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from domain.errors import UsageError
from marsad.clock import HOME, read_moment, utc_now
from marsad.commands.context import given
from marsad.commands.formats import printable

if TYPE_CHECKING:
    from domain.backfill import BackfillStep
    from marsad.backfilling import Backfilled
    from marsad.commands.context import Context
    from marsad.config import Config
    from storage.store import Store


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(backfill)


def backfill(
    context: typer.Context,
    source: Annotated[list[str], typer.Argument(help="Its id, or several: see sources list.")],
    since: Annotated[str, typer.Option(help="From this day on: 2024-01-31, or 90d.")],
    until: Annotated[
        str | None, typer.Option(help="Up to this day, which is not collected; else now.")
    ] = None,
    no_alerts: Annotated[bool, typer.Option("--no-alerts", help="Store, tell nobody.")] = False,
) -> None:
    """Collect what a source published in the past, from its archive, sitemaps or section pages.

    Where workers run, they share the sources, beside their visits.
    Stopped in the middle, the same call goes on where it was. An article older than
    alerts.max_age, or without a date, is stored and not told; without a max_age nothing is.

    Example: marsad backfill tsa --since 2024-01-01
    """
    options = given(context)
    config = options.config()
    for ident in source:
        try:
            config.source(ident)
        except KeyError as error:
            raise UsageError(str(error.args[0])) from None
    begin, end = _day(since), _day(until) if until is not None else None
    if begin >= (end or utc_now()):
        raise UsageError("--since must lie before --until, and before today")
    options.start_logs(config, is_quiet=not options.is_verbose)
    console = Console(stderr=True)
    if not console.is_terminal:
        console = Console(stderr=True, width=200, soft_wrap=True)
    call = _Call(
        options=options,
        config=config,
        since=begin,
        until=end,
        is_telling=not no_alerts and bool(config.alerts.max_age),
        console=console,
    )
    names = list(dict.fromkeys(source))
    if config.cluster is not None:
        from marsad.cluster.spreading import has_workers  # noqa: PLC0415 - imports Scrapy

        with options.store(config.story_days) as store:
            if has_workers(store, config):
                raise typer.Exit(0 if _by_workers(call, store, names) else 1)
    whole = [_here(call, ident) for ident in names]
    raise typer.Exit(0 if all(whole) else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What was asked for."""

    options: Context
    config: Config
    since: datetime
    until: datetime | None
    is_telling: bool
    console: Console


def _here(call: _Call, source: str) -> bool:
    """Collect one source in this process; return whether all of it came and was told."""
    from marsad.backfilling import backfill as collect  # noqa: PLC0415 - imports Scrapy

    with BackfillProgress(call.console) as progress:
        done = asyncio.run(
            collect(
                call.config,
                call.options.environment,
                source,
                call.since,
                call.until,
                watcher=progress,
                is_telling=call.is_telling,
            )
        )
    _summarise(call.console, done)
    return done.tally.is_whole and set(done.deliveries) <= {"accepted"}


def _by_workers(call: _Call, store: Store, sources: Sequence[str]) -> bool:
    """Have workers collect the sources; return whether each came to its end."""
    from marsad.cluster.spreading import spread_backfill  # noqa: PLC0415 - imports Scrapy

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    hidden = not call.console.is_terminal
    with Progress(*columns, console=call.console, transient=True, disable=hidden) as bar:
        task = bar.add_task("the workers collect", total=1.0)

        def watch(share: float, new: int) -> None:
            bar.update(task, completed=share, description=f"the workers collect: {new} new")

        done = asyncio.run(
            spread_backfill(
                call.config,
                store,
                sources,
                call.since,
                call.until,
                is_telling=call.is_telling,
                watch=watch,
            )
        )
    for run, found in done:
        line = f"{run.source_id}: {found.steps} pages, {found.listed} listed, {found.new} new"
        line += f" articles; {found.refusal}" if found.refusal else " articles"
        call.console.print(Text(printable(line)), soft_wrap=True)
    return all(found.is_finished for _, found in done)


def _day(text: str) -> datetime:
    """Return the beginning of a day in Algiers, so that the same call names the same time."""
    local = read_moment(text, utc_now()).astimezone(HOME)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return read_moment(start.isoformat(), utc_now())


class BackfillProgress:
    """A bar with rate and time left on a terminal, a line a step otherwise."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._articles = 0
        self._share = 0.0
        self._step = (0, 0)  # articles of this step: to be read, read

    def __enter__(self) -> BackfillProgress:
        self._started = time.monotonic()
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.fields[place]}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[pace]}"),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0, place="", pace="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def listed(self, url: str, articles: int) -> None:
        """See ``crawler.backfilling.BackfillWatcher``."""
        self._step = (articles, 0)
        if self._bar is not None:
            self._bar.update(self._task, place=printable(url[-50:]))

    def read(self) -> None:
        """See ``crawler.backfilling.BackfillWatcher``."""
        self._articles += 1
        self._step = (self._step[0], self._step[1] + 1)
        if self._bar is not None:
            self._bar.update(self._task, pace=f"{self._step[1]}/{self._step[0]} {self._pace()}")

    def done(self, step: BackfillStep, share: float) -> None:
        """See ``crawler.backfilling.BackfillWatcher``."""
        self._share = share
        if self._bar is not None:
            self._bar.update(self._task, completed=share, pace=self._pace())
            return
        line = f"{share:4.0%}  {step.url}: {step.listed} listed, {step.new} new; {self._pace()}"
        self._console.print(Text(printable(line)), soft_wrap=True)

    def _pace(self) -> str:
        from marsad.backfilling import rate, remaining  # noqa: PLC0415 - imports Scrapy

        elapsed = timedelta(seconds=time.monotonic() - self._started)
        left = remaining(self._share, elapsed)
        rest = f", {timedelta(seconds=round(left.total_seconds()))} left" if left else ""
        return f"{rate(self._articles, elapsed):.0f} articles/min{rest}"


def _summarise(console: Console, done: Backfilled) -> None:
    tally, run = done.tally, done.run
    told = ", ".join(f"{count} {name}" for name, count in sorted(done.deliveries.items()))
    gone_on = " (gone on where it was stopped)" if run.is_resumed else ""
    failed = f", {tally.failed} pages failed" if tally.failed else ""
    line = (
        f"{run.source_id}: {tally.steps} pages{gone_on}, {tally.listed} listed, "
        f"{tally.new} new articles, {done.hits} hits{failed}; {told or 'no'} alerts"
    )
    console.print(Text(line), soft_wrap=True)
    if not tally.is_whole:
        console.print("the server asked to be left alone; the same call goes on later")
    elif not tally.is_reached:
        oldest = f"{tally.oldest:%Y-%m-%d}" if tally.oldest else "no date"
        console.print(Text(f"nothing older is listed: the oldest is of {oldest}"))
