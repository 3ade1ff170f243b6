"""What the benchmark tells of growth: each cost beside the smallest size, in words and drawn."""

from __future__ import annotations

import json
from dataclasses import asdict
from xml.etree import ElementTree

import pytest

from benchmarks import figures, growth, plots

COST = growth.Line("rules", "an article", "us", {1: [9.0, 10.0, 30.0], 100: [25.0], 1_000: [40.0]})
RATE = growth.Line("sources", "articles a second", "", {1: [50.0], 10: [100.0]}, is_rate=True)


def test_growth_is_of_the_cost_beside_the_smallest_size():
    assert [COST.growth(size) for size in (1, 100, 1_000)] == [1.0, 2.5, 4.0]
    assert RATE.growth(10) == 0.5  # twice as many a second cost half


def test_the_table_has_a_column_of_growth_for_every_larger_size():
    head, _, row = growth.table("rules", [COST]).splitlines()
    assert head == "| rules | 1 | 100 | growth | 1,000 | growth |"
    assert row == "| an article | 10 us | 25 us | 2.50x | 40 us | 4.00x |"


def test_a_cost_that_begins_at_a_larger_size_grows_from_there():
    beyond = growth.Line("rules", "one more", "us", {100: [2.0], 1_000: [3.0]})
    row = growth.table("rules", [COST, beyond]).splitlines()[-1]
    assert row == "| one more | - | 2 us | - | 3 us | 1.50x |"


def test_a_cost_below_nothing_is_told_and_not_drawn():
    noise = growth.Line("rules", "noise", "us", {1: [-1.0], 1_000: [3.0]})
    found = [asdict(line) | {"sizes": growth.AXES[line.axis]} for line in (COST, noise)]
    assert "noise" not in plots.growth(found)


def test_figures_are_kept_and_drawn_anew_from_what_is_kept(tmp_path, monkeypatch):
    for module in (figures, growth, plots):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    growth.kept_lines([COST, RATE])
    kept = json.loads((tmp_path / "board-growth.json").read_text())
    assert kept == {"rules, an article": [4.0], "sources, articles a second": [0.5]}
    again = plots.growth(json.loads((tmp_path / "growth.json").read_text()))
    assert again == (tmp_path / "growth.svg").read_text()


def test_the_picture_has_a_line_a_cost_and_words_for_light_and_dark():
    found = [asdict(line) | {"sizes": growth.AXES[line.axis]} for line in (COST, RATE)]
    drawn = plots.growth(found)
    tree = ElementTree.fromstring(drawn)
    assert len(tree.findall(".//{*}polyline")) == 1  # a rate is its cost upside down
    assert "an article: 4.00x" in drawn
    assert "prefers-color-scheme:dark" in drawn


@pytest.mark.parametrize(
    ("measured", "is_least", "kind"),
    [(0.2, False, "good"), (0.8, False, "bad"), (0.2, True, "bad"), (0.8, True, "good")],
)
def test_a_bar_says_whether_the_must_is_kept(measured, is_least, kind):
    row = {"what": "cpu", "measured": measured, "must": 0.4, "goal": None, "is_least": is_least}
    tree = ElementTree.fromstring(plots.board([row | {"kept": kind == "good"}]))
    (bar,) = [box for box in tree.findall(".//{*}rect") if box.get("class") != "page"]
    assert bar.get("class") == kind
    left, width = float(bar.get("x")), float(bar.get("width"))
    middle = left if kind == "good" else left + width
    assert middle == plots._LABELS + plots._BARS / 2


def test_rows_without_a_factor_are_told_in_words():
    rows = [
        {"what": "recall", "measured": 0.01, "must": 0, "goal": 0, "kept": True, "is_least": True},
        {"what": "a peer", "measured": 5.2, "must": None, "goal": None, "unit": "x", "kept": True},
        {"what": "broken", "measured": None, "kept": False},
    ]
    drawn = plots.board(rows)
    assert "0.01, must be &gt;= 0" in drawn
    assert "5.2x" in drawn
    assert "no figure" in drawn
    assert "rx=" not in drawn  # no bar
