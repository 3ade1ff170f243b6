"""What Hypothesis tries is the same in every process, whatever that has loaded."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def tried() -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []

    @given(st.text(), st.integers())
    def look(word: str, number: int) -> None:
        seen.append((word, number))

    look()
    return seen


def test_a_module_more_makes_no_other_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = tried()
    words = ", ".join(f"'word-{n}', {n + 12_345}" for n in range(50))
    (tmp_path / "loaded_since.py").write_text(f"KNOWN = [{words}]\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("loaded_since")
    assert tried() == before
