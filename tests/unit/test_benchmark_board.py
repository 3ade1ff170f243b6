"""The table of `make bench`: what is measured beside what it must be, if it must be anything."""

from __future__ import annotations

import json

import pytest

from benchmarks import board, figures, history
from benchmarks.board import Row, table
from benchmarks.figures import keep, shown

ALL_ROWS = board.ROWS
BOUND = Row("part", "ratio", "ours / theirs", 0.5, 0.25)
TOLD = Row("part", "other", "ours / another's", None, None)


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    monkeypatch.setattr(board, "RESULTS", tmp_path)
    monkeypatch.setattr(board, "ROWS", (BOUND, TOLD))
    return tmp_path


def lines(capsys):
    return capsys.readouterr().out.splitlines()[2:]


def test_a_figure_without_a_must_is_told_and_misses_nothing(capsys):
    keep("part", {"ratio": [0.4, 0.3, 0.5], "other": [8.0, 10.0, 6.0]})
    rows, is_kept = table(["part"], full=False)
    assert is_kept
    assert [(row["measured"], row["kept"]) for row in rows] == [(0.4, True), (8.0, True)]
    assert lines(capsys) == [
        "| ours / theirs | 0.4x | - | 50% | <= 0.5x | <= 0.25x | ok |",
        "| ours / another's | 8x | - | 50% | - | - | - |",
    ]


def test_a_figure_over_its_must_is_missed(capsys):
    keep("part", {"ratio": [0.6], "other": [1.0]})
    rows, is_kept = table(["part"], full=False)
    assert not is_kept
    assert [row["kept"] for row in rows] == [False, True]
    assert lines(capsys)[0].endswith("| MISSED |")


def test_a_part_that_left_nothing_is_missed_with_or_without_a_must(capsys):
    _, is_kept = table(["part"], full=False)
    assert not is_kept
    assert all(line.endswith("| NO FIGURE |") for line in lines(capsys))


def run(ratio, *, full=False):
    """Take the figures of the part, as a run of the board does."""
    keep("part", {"ratio": [ratio], "other": [8.0]})
    rows, _ = table(["part"], full=full)
    board.remember(rows, full=full)


def test_a_later_run_shows_what_moved(capsys):
    run(0.5)
    assert "| ours / theirs | 0.5x | - |" in capsys.readouterr().out
    run(0.4)
    assert "| ours / theirs | 0.4x | 0.5x (-20%) |" in capsys.readouterr().out


def test_a_figure_that_is_a_difference_moves_by_no_percent():
    assert history.moved(0.02, 0.01, "") == "0.01"


def test_runs_of_other_sizes_are_not_compared(capsys):
    run(0.5, full=True)
    run(0.4)
    assert "| ours / theirs | 0.4x | - |" in capsys.readouterr().out
    run(0.6, full=True)
    assert "| ours / theirs | 0.6x | 0.5x (+20%) |" in capsys.readouterr().out


def test_a_run_without_the_figure_hides_no_earlier_one(results):
    run(0.5)
    figures.kept("part").unlink()
    rows, _ = table(["part"], full=False)
    board.remember(rows, full=False)
    assert history.before(results / "history.jsonl", full=False)["ours / theirs"] == 0.5


def test_the_picture_is_drawn_from_what_the_board_keeps(results):
    run(0.4)
    kept = json.loads((results / "board.json").read_text())
    assert [row["unit"] for row in kept["rows"]] == ["x", "x"]
    assert "0.4x, must be &lt;= 0.5x" in (results / "board.svg").read_text()


def test_every_row_is_of_a_part_that_is_run():
    assert {row.part for row in ALL_ROWS} <= set(board.commands(board.ROOT, full=False))


def test_a_cell_holds_median_and_spread():
    assert shown([1.0, 2.0, 1.5], 2) == "1.50 (67%)"
