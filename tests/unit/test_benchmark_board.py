"""The table of `make bench`: what is measured beside what it must be, if it must be anything."""

from __future__ import annotations

import pytest

from benchmarks import board, figures
from benchmarks.board import Row, table
from benchmarks.figures import keep, shown

ALL_ROWS = board.ROWS
BOUND = Row("part", "ratio", "ours / theirs", 0.5, 0.25)
TOLD = Row("part", "other", "ours / another's", None, None)


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    monkeypatch.setattr(board, "ROWS", (BOUND, TOLD))


def lines(capsys):
    return capsys.readouterr().out.splitlines()[2:]


def test_a_figure_without_a_must_is_told_and_misses_nothing(capsys):
    keep("part", {"ratio": [0.4, 0.3, 0.5], "other": [8.0, 10.0, 6.0]})
    rows, is_kept = table(["part"])
    assert is_kept
    assert [(row["measured"], row["kept"]) for row in rows] == [(0.4, True), (8.0, True)]
    assert lines(capsys) == [
        "| ours / theirs | 0.4x | 50% | <= 0.5x | <= 0.25x | ok |",
        "| ours / another's | 8x | 50% | - | - | - |",
    ]


def test_a_figure_over_its_must_is_missed(capsys):
    keep("part", {"ratio": [0.6], "other": [1.0]})
    rows, is_kept = table(["part"])
    assert not is_kept
    assert [row["kept"] for row in rows] == [False, True]
    assert lines(capsys)[0].endswith("| MISSED |")


def test_a_part_that_left_nothing_is_missed_with_or_without_a_must(capsys):
    _, is_kept = table(["part"])
    assert not is_kept
    assert all(line.endswith("| NO FIGURE |") for line in lines(capsys))


def test_every_row_is_of_a_part_that_is_run():
    assert {row.part for row in ALL_ROWS} <= set(board.commands(board.ROOT, full=False))


def test_a_cell_holds_median_and_spread():
    assert shown([1.0, 2.0, 1.5], 2) == "1.50 (67%)"
