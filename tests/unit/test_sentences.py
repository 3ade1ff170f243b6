"""Sentences as data: what the matcher finds in each, and what it makes of it.

``tests/cases/sentences/*.yaml`` are lists of items: ``id``, ``text`` and ``why``; ``title``
and ``published`` if they matter; and what is expected: ``match``, ``partners`` (all of
them), ``activities_include``, ``activities_exclude``, ``mentions`` and ``not_mentions``
(``anp`` or ``@anp`` for an entity, ``#port_call_strong`` for a family).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.article import Document
from matcher.judge import Matcher

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "sentences"
EXPECTATIONS = {"match", "partners", "activities_include", "activities_exclude"}
EXPECTATIONS |= {"mentions", "not_mentions"}
KEYS = {"id", "known_miss", "text", "why", "title", "published"} | EXPECTATIONS


def load() -> list[dict[str, Any]]:
    """Return the items of every file, each with the name of its file."""
    items: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8")):
            items.append(item | {"file": path.name})
    return items


ITEMS = load()


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def document(item: dict[str, Any]) -> Document:
    published = item.get("published")
    when = datetime.fromisoformat(str(published)).replace(tzinfo=UTC) if published else None
    return Document(
        id=item["id"], title=item.get("title", ""), text=item["text"], published_at=when
    )


def named(concept: str) -> str:
    return concept if concept[0] in "@#" else f"@{concept}"


def test_items_are_well_formed() -> None:
    idents = [item["id"] for item in ITEMS]
    assert len(idents) == len(set(idents))
    for item in ITEMS:
        assert set(item) - {"file"} <= KEYS, item["id"]
        assert EXPECTATIONS & set(item), f"{item['id']} expects nothing"
        assert item["why"], item["id"]


def case(item: dict[str, Any]) -> Any:
    """An item that the rule still gets wrong says so; mended, the test tells."""
    known = item.get("known_miss")
    marks = [pytest.mark.xfail(reason=known, strict=True)] if known else []
    return pytest.param(item, id=str(item["id"]), marks=marks)


@pytest.mark.parametrize("item", [case(item) for item in ITEMS])
def test_sentence(item: dict[str, Any], matcher: Matcher) -> None:
    doc = document(item)
    verdict = matcher.judge(doc)
    if "match" in item:
        assert verdict.is_match is item["match"], item["why"]
    if "partners" in item:
        assert {p for m in verdict.matches for p in m.partners} == set(item["partners"])
    found = {a for m in verdict.matches for a in m.activities}
    assert found >= set(item.get("activities_include", ()))
    assert not found & set(item.get("activities_exclude", ()))
    names = matcher.concepts.names
    mentions = {names[m.concept] for m in matcher.read(doc).mentions}
    assert mentions >= set(map(named, item.get("mentions", ()))), item["why"]
    assert not mentions & set(map(named, item.get("not_mentions", ()))), item["why"]


def test_expectations_name_known_things(matcher: Matcher) -> None:
    """A misspelt id in ``not_mentions`` would pass for ever."""
    known = set(matcher.concepts.names)
    for item in ITEMS:
        for concept in (*item.get("mentions", ()), *item.get("not_mentions", ())):
            assert named(concept) in known, f"{item['file']}: {item['id']}: {concept}"
