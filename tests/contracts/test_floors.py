"""The bundled rule's quality on the labelled corpus never falls below the floors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from marsad.documents import read_lines
from marsad.evaluation import evaluate, labelled_item
from matcher.judge import Matcher

FLOORS = yaml.safe_load((Path(__file__).parent / "floors.yaml").read_text("utf-8"))

pytestmark = pytest.mark.timeout(900)  # judging the corpus five times over waits for nothing


@pytest.fixture(scope="module")
def measured(shared: Path) -> dict[str, Any]:
    items = []
    for path in sorted((shared / "corpus").glob("*.jsonl")):
        with path.open(encoding="utf-8") as stream:
            for line in read_lines(stream):
                assert line.item is not None, f"{path}:{line.number}: {line.error}"
                items.append(labelled_item(line.item, line.document, path.stem))
    matcher = Matcher.load(["defence-cooperation"])
    found = evaluate(matcher, items, rule=None, is_learning=True).as_json()
    return json.loads(json.dumps(found))  # as a program outside sees it


@pytest.mark.shared
@pytest.mark.parametrize(
    ("kind", "part", "group", "floor"),
    [
        (kind, part, group, floor)
        for kind, parts in FLOORS.items()
        if kind != "stories"  # test_story_floors.py
        for part, groups in parts.items()
        for group, floor in groups.items()
    ],
)
def test_no_figure_falls_below_its_floor(
    measured: dict[str, Any], kind: str, part: str, group: str, floor: float
) -> None:
    scores = measured if kind == "as_shipped" else measured[kind]
    assert scores[part][group]["f1"] >= floor


@pytest.mark.shared
def test_every_miss_says_why(measured: dict[str, Any]) -> None:
    assert measured["misses"]
    assert all(miss["because"] for miss in measured["misses"])


@pytest.mark.shared
def test_the_interval_holds_the_figure(measured: dict[str, Any]) -> None:
    low, high = measured["f1_interval"]["clear"]
    assert low < measured["cross_validated"]["detection"]["clear"]["f1"] < high
    assert high - low < 0.1
