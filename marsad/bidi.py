"""Lines of two directions on a terminal, which lays out each row for itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from marsad.commands.formats import printable

_RLI, _PDI = "\u2067", "\u2069"
_RUN = re.compile(r"[\u0600-\u06ff]+(?:[\s\"«»()\[\]،؛:.-]+[\u0600-\u06ff]+)*")


def is_rtl(line: str) -> bool:
    """Whether a line is to be laid out from right to left: as its first letter says."""
    for letter in line:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            latin = sum(unicodedata.bidirectional(c) == "L" for c in line)
            arabic = sum(unicodedata.bidirectional(c) in ("R", "AL") for c in line)
            return direction != "L" and arabic > latin
    return False


def readable(line: str) -> str:
    """Make a line from outside safe, its Arabic kept together and in its place."""
    safe = without_controls(line)
    return printable(safe) if is_rtl(safe) else _isolated_runs(safe)


def for_paragraph(line: str) -> str:
    """Make a line from outside safe for a Paragraph, which isolates Arabic rows itself."""
    safe = without_controls(line)
    return safe if is_rtl(safe) else _isolated_runs(safe)


def without_controls(text: str) -> str:
    """Replace what could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _isolated_runs(line: str) -> str:
    return _RUN.sub(lambda run: printable(run[0]), line)


def isolated(row: Text) -> Text:
    """Isolate the Arabic runs of a styled row that runs from left to right."""
    parts = Text(end="")
    last = 0
    for run in _RUN.finditer(row.plain):
        parts.append_text(row[last : run.start()]).append(_RLI)
        parts.append_text(row[run.start() : run.end()]).append(_PDI)
        last = run.end()
    return parts.append_text(row[last:])


class Paragraph:
    """Styled text that isolates each row after wrapping, where it is Arabic.

    ``has_runs``: Arabic runs within other rows are isolated too; else the caller did so.
    """

    def __init__(self, text: Text, *, indent: str = "", has_runs: bool = False) -> None:
        self._text = text
        self._indent = indent
        self._has_runs = has_runs

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a text a row."""
        width = max(1, options.max_width - len(self._indent))
        for line in self._text.split("\n", allow_blank=True):
            yield from self._rows(console, line, width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Say how wide the text wants to be, for the columns of a table."""
        return Measurement.get(console, options, Text(self._indent).append_text(self._text))

    def _rows(self, console: Console, line: Text, width: int) -> Iterator[Text]:
        rtl = is_rtl(line.plain)
        for row in line.wrap(console, width) or [Text()]:
            row.rstrip()
            shown = Text(self._indent, style="dim", end="\n")
            part = isolated(row) if self._has_runs and not rtl else Text().append_text(row)
            yield shown.append_text(Text(_RLI).append_text(part).append(_PDI) if rtl else part)
