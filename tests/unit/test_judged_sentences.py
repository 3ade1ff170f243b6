"""Sentences of our own, each with the verdict that an analyst expects."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domain.article import Document
from matcher.judge import Matcher

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "sentences"
FILES = sorted(FOLDER.glob("*.jsonl"))
SENTENCES: list[dict[str, Any]] = [
    json.loads(line) for path in FILES for line in path.read_text("utf-8").splitlines()
]
KEYS = {
    *("id", "language", "label", "text", "title", "partners", "activities_include"),
    *("mentions", "not_mentions", "known_miss"),
}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def test_there_are_enough_and_a_third_is_arabic() -> None:
    ids = [s["id"] for s in SENTENCES]
    assert len(set(ids)) == len(ids) >= 300
    counts = Counter(s["language"] for s in SENTENCES)
    assert counts["ar"] * 3 >= len(ids)
    assert all(set(s) <= KEYS for s in SENTENCES)


def case(sentence: dict[str, Any]) -> Any:
    """A sentence that the rule still gets wrong says why; when it is mended, the test says so."""
    known = sentence.get("known_miss")
    marks = [pytest.mark.xfail(reason=known, strict=True)] if known else []
    return pytest.param(sentence, id=sentence["id"], marks=marks)


@pytest.mark.parametrize("sentence", [case(s) for s in SENTENCES])
def test_a_sentence_is_judged_as_expected(matcher: Matcher, sentence: dict[str, Any]) -> None:
    document = Document(id=sentence["id"], title=sentence.get("title", ""), text=sentence["text"])
    explained = matcher.explain(document)
    verdict = explained.verdict
    assert verdict.is_match is bool(sentence["label"]), explained.rules[0].score
    names = {matcher.concepts.names[m.concept] for m in explained.reading.mentions}
    for wanted in sentence.get("mentions", ()):
        assert _concept(wanted) in names
    for unwanted in sentence.get("not_mentions", ()):
        assert _concept(unwanted) not in names
    if "partners" in sentence:
        assert list(verdict.matches[0].partners) == sorted(sentence["partners"])
    found = set(verdict.matches[0].activities) if verdict.matches else set()
    assert set(sentence.get("activities_include", ())) <= found


def _concept(name: str) -> str:
    return name if name.startswith("#") else f"@{name}"
