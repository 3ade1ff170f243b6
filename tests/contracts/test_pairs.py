"""Articles that differ by one fact are told apart, every pair of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.article import Document
from marsad.clock import read_moment, utc_now
from matcher.judge import Matcher


def pairs(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The corpus' pairs by name: a positive and a negative half each."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ("tricky", "negatives"):
        for line in (folder / "corpus" / f"{name}.jsonl").read_text("utf-8").splitlines():
            item = json.loads(line)
            if item["family"].startswith("pair-"):
                found.setdefault(item["family"], []).append(item)
    return found


@pytest.mark.shared
def test_every_pair_is_told_apart(shared: Path) -> None:
    matcher = Matcher.load(["defence-cooperation"])
    found = pairs(shared)
    assert len(found) >= 12
    wrong = []
    for name, halves in found.items():
        assert sorted(half["label"] for half in halves) == [0, 1], name
        for half in halves:
            published = read_moment(half["published_at"], utc_now())
            document = Document(title=half["title"], text=half["text"], published_at=published)
            verdict = matcher.judge(document)
            if verdict.is_match is not bool(half["label"]):
                wrong.append(f"{name}: {half['id']} is {half['label']}")
            elif half["label"] and "partners" in half:
                partners = set(verdict.matches[0].partners)
                assert partners & set(half["partners"]), (half["id"], partners)
    assert not wrong, "\n".join(wrong)
