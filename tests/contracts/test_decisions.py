"""Decisions are called by their numbers: each has one, and says it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

DECISIONS = sorted((Path(__file__).parents[2] / "docs" / "decisions").glob("[0-9]*.md"))


def test_no_two_decisions_have_one_number():
    assert len(DECISIONS) > 20
    counted = Counter(path.name[:4] for path in DECISIONS)
    assert not [number for number, times in counted.items() if times > 1]


def test_a_decision_begins_with_its_number():
    for path in DECISIONS:
        heading = path.read_text(encoding="utf-8").splitlines()[0]
        assert heading.startswith(f"# {path.name[:4]}"), path.name
