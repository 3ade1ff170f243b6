"""``rematch``: judging the archive again after rules changed."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from domain.rematch import ChangeKind
from marsad.clock import read_moment, utc_now
from marsad.commands.context import given
from marsad.commands.formats import console_for_data, printable
from marsad.jsontext import json_text

if TYPE_CHECKING:
    from marsad.rematching import Difference, Example

_WORDS = {
    ChangeKind.NEW: "new hits",
    ChangeKind.LOST: "lost hits",
    ChangeKind.SCORE: "changed scores",
    ChangeKind.FACTS: "changed facts",
}


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(rematch)


def rematch(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option(help="Published from then on: 90d or a date.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Tell of new hits, by the routes and max_age.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the difference as JSON.")] = False,
) -> None:
    """Judge stored articles again after rules changed; where workers run, they share the work.

    Hits keep their numbers; verdicts that are replaced stay in v_hit_history. Stopped in the
    middle, the same call goes on where it was.

    Example: marsad rematch --since 365d --dry-run
    """
    from marsad.rematching import rematch as judge_again  # noqa: PLC0415 - workers, rules

    options = given(context)
    config = options.config()
    moment = read_moment(since, utc_now()) if since else None
    console = Console(stderr=True)
    with options.store(config.story_days) as store, _bar(console) as bar:
        task = bar.add_task("judging", total=None)
        if config.cluster is not None:
            from marsad.cluster.spreading import has_workers, spread_rematch  # noqa: PLC0415

            if has_workers(store, config):
                judge_again = spread_rematch
                bar.update(task, description="the workers judge")
        found = asyncio.run(
            judge_again(
                config,
                store,
                moment,
                is_dry=dry_run,
                is_telling=alerts,
                started=lambda count: bar.update(task, total=count),
                advance=lambda count: bar.advance(task, count),
            )
        )
    if json_:
        print(json_text(_as_json(found, is_dry=dry_run), indent=1))
    else:
        _show(console_for_data(), found, is_dry=dry_run)
    raise typer.Exit(1 if found.unjudged else 0)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _as_json(found: Difference, *, is_dry: bool) -> dict[str, Any]:
    return {
        "dry_run": is_dry,
        "resumed": found.is_resumed,
        "articles": found.articles,
        **{kind.value: found.kinds[kind] for kind in _WORDS},
        "examples": [asdict(e) for kind in _WORDS for e in found.examples.get(kind, ())],
        "unjudged": found.unjudged,
    }


def _show(console: Console, found: Difference, *, is_dry: bool) -> None:
    told = "would be " if is_dry else ""
    counts = ", ".join(f"{found.kinds[kind]} {words}" for kind, words in _WORDS.items())
    resumed = " (gone on where it was stopped)" if found.is_resumed else ""
    console.print(Text(f"{found.articles} articles judged{resumed}; {told}{counts}"))
    for kind, words in _WORDS.items():
        examples = found.examples.get(kind, ())
        if examples:
            console.print(Text(f"\n{words}, for example", style="bold"))
        for example in examples:
            console.print(_line(example), soft_wrap=True)
    for url in found.unjudged:
        console.print(Text(f"could not be judged: {printable(url)}"), soft_wrap=True)


def _line(example: Example) -> Text:
    scores = " → ".join("–" if s is None else f"{s:.2f}" for s in (example.before, example.after))
    return Text(f"  {scores}  {example.outlet}: {printable(example.title)}")
