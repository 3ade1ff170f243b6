"""``run``, ``crawl`` and ``demo``: collecting."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column, Table
from rich.text import Text

from domain.errors import UsageError
from marsad.commands.context import given
from marsad.commands.formats import printable
from marsad.commands.saying import say

if TYPE_CHECKING:
    from domain.source import VisitReport
    from marsad.crawling import Pass


_SHOWN = 4  # sources at work that are named


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(run)
    app.command()(crawl)
    app.command()(demo)


def run(context: typer.Context) -> None:
    """Collect, judge, store and tell until stopped (SIGTERM or Ctrl-C).

    An edit of the configuration or of a rule file is taken up within seconds (SIGHUP: at
    once); one that is wrong is refused in the log, and what runs goes on.

    Example: marsad --config /etc/marsad/config.yaml run
    """
    given(context).import_ahead()
    from marsad import daemon  # noqa: PLC0415 - imports Scrapy

    options = given(context)
    asyncio.run(
        daemon.run(
            options.config_path,
            options.config,
            options.environment,
            in_force=options.start_logs,
        )
    )


def crawl(
    context: typer.Context,
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source; may be repeated.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every source, due or not.")] = False,
    no_alerts: Annotated[bool, typer.Option("--no-alerts", help="Store, tell nobody.")] = False,
    since: Annotated[
        str | None, typer.Option(help="Tell nothing published before this date.")
    ] = None,
) -> None:
    """Visit the sources that are due once, and deliver the alerts that it causes.

    Example: marsad crawl --source tsa --source awras
    """
    given(context).import_ahead()
    from marsad.crawling import crawl as one_pass  # noqa: PLC0415 - imports Scrapy

    options = given(context)
    config = options.config()
    if since is not None:
        config = config.telling_since(since)
    for ident in source or ():
        try:
            config.source(ident)
        except KeyError as error:
            raise UsageError(str(error.args[0])) from None
    options.start_logs(config, is_quiet=not options.is_verbose)
    console = Console(stderr=True)
    if not console.is_terminal:
        console = Console(stderr=True, width=200)  # a log is not folded
    with _Progress(console) as progress:
        done = asyncio.run(
            one_pass(
                config,
                options.environment,
                only=source or (),
                is_all=all_,
                is_telling=not no_alerts,
                watcher=progress,
            )
        )
    console.print(visits_table(done))
    console.print(summary(done))
    raise typer.Exit(0 if is_whole(done) else 1)


def demo(
    context: typer.Context,
    folder: Annotated[str | None, typer.Option(help="Where the demo's database stays.")] = None,
) -> None:
    """Show the whole job in under a minute, without an account or the internet.

    Example: marsad demo
    """
    given(context).import_ahead()
    from marsad.demo import run_demo  # noqa: PLC0415 - imports Scrapy

    raise typer.Exit(run_demo(folder, is_verbose=given(context).is_verbose))


class _Progress:
    """A live line and a bar on a terminal, a plain line a source otherwise."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._failed = 0

    def __enter__(self) -> _Progress:
        return self

    def start(self, count: int) -> None:
        """See ``marsad.crawling.Watcher``."""
        if self._console.is_terminal:
            columns = (
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=count)

    def look(self, visiting: Collection[str], articles: int, hits: int) -> None:
        """See ``marsad.crawling.Watcher``."""
        if self._bar is not None:
            failed = f", {self._failed} failed" if self._failed else ""
            names = ", ".join(sorted(visiting)[:_SHOWN])
            more = f" and {len(visiting) - _SHOWN} more" if len(visiting) > _SHOWN else ""
            line = f"{articles} new, {hits} hits{failed}  {names}{more}"
            self._bar.update(self._task, description=escape(line))

    def advance(self, report: VisitReport, hits: int) -> None:
        """See ``marsad.crawling.Watcher``."""
        self._failed += not report.outcome.is_success
        if self._bar is not None:
            self._bar.advance(self._task)
            return
        reason = f" ({report.reason})" if report.reason else ""
        found = f", {hits} hits" if hits else ""
        line = f"{report.source_id}: {report.outcome}, {report.new_articles} new{found}{reason}"
        self._console.print(Text(printable(line)), soft_wrap=True)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def visits_table(done: Pass) -> Table:
    """Return the closing table: source, outcome, new articles, hits, ms, reason."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in ("source", "outcome", "new", "hits", "ms", "reason"):
        justify = "right" if name in ("new", "hits", "ms") else "left"
        table.add_column(say(name), justify=justify)  # type: ignore[arg-type]
    for report in done.reports:
        took = (report.finished - report.started).total_seconds() * 1000
        table.add_row(
            Text(report.source_id),
            Text(str(report.outcome), style="green" if report.outcome.is_success else "red"),
            str(report.new_articles),
            str(done.hits.get(report.source_id, 0)),
            f"{took:.0f}",
            Text(report.reason),
        )
    for ident in done.unfinished:
        table.add_row(ident, Text(say("unfinished"), style="red"), "", "", "", "")
    return table


def is_whole(done: Pass) -> bool:
    """Whether every source answered as it should and every alert due was taken."""
    is_visited = all(r.outcome.is_success for r in done.reports) and not done.unfinished
    return is_visited and set(done.deliveries) <= {"accepted"}


def summary(done: Pass) -> Text:
    """Return the closing line."""
    new = sum(r.new_articles for r in done.reports)
    hits = sum(done.hits.values())
    told = ", ".join(f"{count} {name}" for name, count in sorted(done.deliveries.items()))
    return Text(
        say(
            "{sources} sources, {new} new articles, {hits} hits; {told} alerts",
            sources=len(done.reports),
            new=new,
            hits=hits,
            told=told or say("no"),
        )
    )
