"""The benchmark of the whole pipeline: a program that skips pages is no measure."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import figures, whole
from benchmarks.press_server import Outlets


def test_a_program_that_read_fewer_articles_than_pages_ends_the_run():
    with pytest.raises(SystemExit, match="newspaper4k read 60 articles of 100"):
        whole.complete("newspaper4k", whole.Run(1.0, 50.0, 60), 100)
    read = whole.Run(1.0, 50.0, 100)
    assert whole.complete("newspaper4k", read, 100) is read


def test_programs_without_a_must_are_told_and_never_missed(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    monkeypatch.setattr(whole, "RESULTS", tmp_path / "whole.json")
    costs = {"marsad": 10, "usual stack": 50, "news-please": 200, "per-site selectors": 2}
    runs = {name: [whole.Run(cost, 100.0, 1_000)] for name, cost in costs.items()}
    assert whole.report(runs) == 0
    assert "| per-site selectors | 5.000 |" in capsys.readouterr().out
    assert json.loads((tmp_path / "board-whole.json").read_text())["per-site selectors"] == [5.0]


def test_pages_declare_the_language_of_their_article():
    pages = [gzip.decompress(page).decode() for page in Outlets(1, 12).pages.values()]
    assert {page.partition('lang="')[2][:2] for page in pages} == {"fr", "ar", "en"}
    for page in pages:
        assert ('lang="ar"' in page) == ("\u0627" in page.partition("<h1 ")[2])
        assert 60_000 < len(page.encode()) < 90_000
