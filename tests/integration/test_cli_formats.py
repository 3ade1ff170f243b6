"""Rows for other programs: Parquet keeps their types and says what is in its way."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import UsageError
from marsad.commands.formats import Format, write_rows
from marsad.commands.parquet import write_parquet

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
WHEN = datetime(1962, 7, 5, tzinfo=UTC)
COLUMNS = ("n", "score", "title", "partners", "at", "nothing")


class Out(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8")


def written(
    monkeypatch: pytest.MonkeyPatch, columns: Sequence[str], rows: Any
) -> dict[str, list[Any]]:
    out = Out()
    monkeypatch.setattr(sys, "stdout", out)
    write_rows(columns, rows, Format.PARQUET)
    table = pq.read_table(io.BytesIO(out.buffer.getvalue()))  # type: ignore[attr-defined]
    found: dict[str, list[Any]] = table.to_pydict()
    return found


def test_parquet_keeps_numbers_lists_and_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        (1, 0.5, "مرصد", ("FR", "US"), WHEN, None),
        (None, 1, None, (), None, None),
    ]
    assert written(monkeypatch, COLUMNS, rows) == {
        "n": [1, None],
        "score": [0.5, 1.0],
        "title": ["مرصد", None],
        "partners": [["FR", "US"], []],
        "at": [WHEN, None],
        "nothing": [None, None],
    }


def test_parquet_of_no_rows_and_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, ("a", "a"), []) == {"a": [], "a_2": []}

    def many() -> Iterator[tuple[int]]:
        yield from ((n,) for n in range(12_345))

    assert written(monkeypatch, ("n",), many())["n"][-1] == 12_344


def test_a_column_of_two_kinds_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(1,)] * 5_000 + [("word",)]
    with pytest.raises(UsageError, match="CAST"):
        written(monkeypatch, ("n",), rows)


def test_a_terminal_and_a_missing_library_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Out()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'marsad\[parquet\]'"):
        write_parquet(("a",), [])
    monkeypatch.setattr(out, "isatty", lambda: True)
    with pytest.raises(UsageError, match="> FILE"):
        write_parquet(("a",), [])
