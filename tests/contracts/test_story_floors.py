"""How well articles find their stories never falls below the floors."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmarks.stories import quality
from benchmarks.story_corpus import read
from matcher.judge import Matcher

FLOORS = yaml.safe_load((Path(__file__).parent / "floors.yaml").read_text("utf-8"))["stories"]
Figures = dict[str, dict[str, dict[str, float]]]

pytestmark = pytest.mark.timeout(900)  # placing the corpus twice waits for nothing


@pytest.fixture(scope="module")
def measured(shared: Path) -> Figures:
    names = ("positives", "negatives", "tricky")
    paths = [shared / "corpus" / f"{name}.jsonl" for name in names]
    return quality(read(paths, Matcher.load(["defence-cooperation"])))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("calendar", "part", "floor"),
    [(c, part, floor) for c, parts in FLOORS.items() for part, floor in parts.items()],
)
def test_no_figure_falls_below_its_floor(
    measured: Figures, calendar: str, part: str, floor: float
) -> None:
    assert measured[calendar][part]["f1"] >= floor


@pytest.mark.shared
def test_no_two_events_are_one_story_as_dated(measured: Figures) -> None:
    """A false join hides news: none among the labelled events at their own dates."""
    assert measured["as_dated"]["events"]["precision"] == pytest.approx(1)
