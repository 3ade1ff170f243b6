"""``import``: an archive of articles from a file."""

from __future__ import annotations

import asyncio
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from domain.errors import UsageError
from marsad.commands.context import given
from marsad.commands.formats import printable
from marsad.commands.saying import say
from marsad.documents import read_lines

if TYPE_CHECKING:
    from marsad.importing import Imported

_GZIP = b"\x1f\x8b"
_EVERY = 10_000  # lines between two words of progress where there is no terminal


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("import")(import_archive)


def import_archive(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines, gzipped or not; - for stdin.")],
    outlet: Annotated[str | None, typer.Option(help="The outlet of lines that name none.")] = None,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Tell of hits, by the routes and max_age.")
    ] = False,
) -> None:
    """Judge and store an archive: {"text", "title"?, "url"?, "outlet"?, "published_at"?} a line.

    Also read: "id", "language" and "first_seen". An article that is stored already is passed
    over, so an import that was stopped goes on when it is called again.

    Example: marsad import archive.jsonl.gz --outlet aps
    """
    from marsad.importing import import_lines  # noqa: PLC0415 - workers, rules
    from marsad.stores import open_store  # noqa: PLC0415

    options = given(context)
    config = options.config()
    console = Console(stderr=True)
    with (
        _opened(file) as (text, place, size),
        open_store(config.database, story_days=config.story_days) as store,
        _Progress(console, place, size) as progress,
    ):
        done = asyncio.run(
            import_lines(
                config,
                store,
                read_lines(text),
                outlet=outlet,
                is_telling=alerts,
                advance=progress.advance,
            )
        )
    _report(console, done)
    raise typer.Exit(1 if done.bad or done.unjudged else 0)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[io.TextIOWrapper, Callable[[], int], int | None]]:
    """Open the lines; yield them, how many bytes were read, and of how many (None: unknown)."""
    if str(file) == "-":
        yield _lines(sys.stdin.buffer), lambda: 0, None
        return
    try:
        raw = file.open("rb")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    with raw:
        is_packed = raw.peek(2)[:2] == _GZIP
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if is_packed else raw
        yield _lines(stream), raw.tell, file.stat().st_size


def _lines(stream: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="\n")


class _Progress:
    """A bar on a terminal, a plain line now and then otherwise."""

    def __init__(self, console: Console, place: Callable[[], int], size: int | None) -> None:
        self._console, self._place, self._size = console, place, size
        self._said = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("importing", total=size)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def advance(self, done: Imported) -> None:
        told = f"importing: {done.articles} new, {done.hits} hits"
        self._bar.update(self._task, completed=self._place(), description=told)
        if not self._console.is_terminal and done.lines - self._said >= _EVERY:
            self._said = done.lines
            self._console.print(f"{done.lines} lines read, {done.articles} new articles")

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _report(console: Console, done: Imported) -> None:
    for fault in done.faults:
        console.print(Text(f"marsad: {printable(fault)}"), soft_wrap=True)
    if done.bad > len(done.faults):
        console.print(f"marsad: and {done.bad - len(done.faults)} bad lines more")
    told = say(
        "{articles} new articles, {hits} hits, {known} known, {bad} bad lines",
        articles=done.articles,
        hits=done.hits,
        known=done.known,
        bad=done.bad,
    )
    if done.unjudged:
        told += say(", {unjudged} not judged", unjudged=done.unjudged)
    console.print(told, soft_wrap=True, highlight=False)
