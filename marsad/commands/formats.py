"""Tables for people; JSON, JSON lines and CSV for programs. Data only on standard output."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import chain, islice
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.time import isoformat
from marsad.commands.parquet import write_parquet
from marsad.jsontext import json_text

_FIRST = 500  # rows by which a table's columns are measured; more stream as plain lines
_LEAST = 10  # characters below which a column of a table is not squeezed
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def write_rows(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Format, *, is_guarded: bool = False
) -> int:
    """Write rows to standard output as they come; return how many.

    ``is_guarded`` puts an apostrophe before CSV cells that a spreadsheet would run.
    """
    if form is Format.TABLE:
        return _table(columns, rows)
    if form is Format.PARQUET:
        return write_parquet(_apart(columns), rows)
    if form is Format.CSV:
        return _csv(columns, rows, is_guarded=is_guarded)
    return _json(columns, rows, is_lines=form is Format.JSONL)


def _json(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, is_lines: bool) -> int:
    count = 0
    out = sys.stdout
    if not is_lines:
        out.write("[")
    names = _apart(columns)
    for row in rows:
        record = dict(zip(names, (plain(v) for v in row), strict=True))
        text = json_text(record)
        out.write(f"{text}\n" if is_lines else f"{',' if count else ''}\n{text}")
        count += 1
    if not is_lines:
        out.write("\n]\n" if count else "]\n")
    return count


def _apart(columns: Sequence[str]) -> list[str]:
    """Name columns of one name apart, ``n`` and ``n_2``: an object would keep the last only."""
    names: list[str] = []
    for column in columns:
        name, count = column, 1
        while name in names:
            count += 1
            name = f"{column}_{count}"
        names.append(name)
    return names


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, is_guarded: bool) -> int:
    return write_csv(sys.stdout, columns, rows, is_guarded=is_guarded)


def write_csv(
    out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, is_guarded: bool
) -> int:
    """Write rows to ``out`` as CSV; return how many. See ``write_rows``."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        cells = [_cell(v) for v in row]
        if is_guarded:
            cells = ["'" + c if c.startswith(_FORMULA) else c for c in cells]
        writer.writerow(cells)
        count += 1
    return count


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    iterator = iter(rows)
    first = list(islice(iterator, _FIRST))
    console = console_for_data()
    table = Table(header_style="bold", pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    if _is_too_wide(columns, first, console.width):
        return _records(console, columns, chain(first, iterator))
    for row in first:
        table.add_row(*(Text(printable(_cell(v))) for v in row))
    console.print(table)
    count = len(first)
    for row in chain(iterator):
        console.print(Text(" | ".join(printable(_cell(v)) for v in row)))
        count += 1
    return count


def _is_too_wide(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int) -> bool:
    """Whether a table of these rows would break words into letters."""
    needed = 0
    for number, name in enumerate(columns):
        widest = max((len(_cell(row[number])) for row in rows), default=0)
        needed += max(len(name), min(widest, _LEAST)) + 3
    return needed - 3 > width


def _records(console: Console, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a line a value, a rule between two rows: for what no table can hold."""
    count = 0
    for count, row in enumerate(rows, 1):
        console.print(Text(f"── {count} ".ljust(min(console.width, 40), "─"), style="dim"))
        for name, value in zip(columns, row, strict=True):
            line = Text.assemble((f"{name}: ", "bold"), printable(_cell(value)))
            console.print(line, overflow="fold")
    return count


def console_for_data() -> Console:
    """Return a console on standard output that keeps its width when nobody looks."""
    console = _DataConsole(highlight=False)
    return console if console.is_terminal else _DataConsole(highlight=False, width=160)


class _DataConsole(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line: that a reader such as ``head`` had enough is no failure."""
        raise BrokenPipeError


def printable(text: str) -> str:
    """Make text from outside safe for a terminal: no escape sequence, Arabic kept together."""
    safe = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    has_arabic = any("\u0600" <= c <= "\u06ff" for c in safe)
    return f"\u2067{safe}\u2069" if has_arabic and "\n" not in safe else safe


def plain(value: Any) -> Any:
    """Return ``value`` as JSON has it."""
    if isinstance(value, datetime):
        return isoformat(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no infinity
    return value if isinstance(value, str | int | float | bool | None | list) else str(value)


def _cell(value: Any) -> str:
    shown = plain(value)
    if shown is None:
        return ""
    return ",".join(map(str, shown)) if isinstance(shown, list) else str(shown)
