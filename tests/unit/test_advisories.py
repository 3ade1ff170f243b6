"""`make audit` says what it learnt, and that it learnt nothing where nobody could be asked."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parents[2] / ".ci" / "advisories.py"


@pytest.fixture(scope="module")
def lines() -> Any:
    spec = importlib.util.spec_from_file_location("advisories", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lines


SOUND = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNASKED = {"name": "c", "skip_reason": "not found"}


def test_weaknesses_are_named_with_what_mends_them(lines: Any) -> None:
    said, is_weak = lines([SOUND, WEAK, UNASKED])
    assert is_weak
    assert said[0] == "b 2: PYSEC-1, mended in 3"
    assert said[1] == "2 packages asked about, 1 known weaknesses; of 1 nothing could be learnt"
    assert lines([SOUND]) == (["1 packages asked about, 0 known weaknesses"], False)


@pytest.mark.parametrize("report", [[], [UNASKED]])
def test_where_nobody_answers_it_is_one_line_and_no_verdict(lines: Any, report: list[Any]) -> None:
    said, is_weak = lines(report)
    assert (len(said), is_weak) == (1, False)
    assert "nobody could be asked" in said[0]
