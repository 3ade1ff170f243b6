"""docs/reference/ says what the code says; `make docs` writes it anew."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from tools.reference import DOCS, PAGES
from tools.reference.config import load_words, place, words_of, written
from tools.reference.settings import Key, Section, sections

WORDS = load_words()
SECTIONS = {place(s): s for s in sections()}
KEYS = [(s, k) for s in SECTIONS.values() for k in s.keys]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_the_code_says(name: str):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


def test_no_words_are_left_of_what_is_gone():
    used = {(place(s) if k.name in WORDS.get(place(s), {}) else "shared", k.name) for s, k in KEYS}
    assert {(section, key) for section, keys in WORDS.items() for key in keys} == used


def needed(section: Section, key: Key) -> dict[str, Any]:
    """Return what must stand in a section beside ``key`` for it to be read."""
    given = {k.name: words_of(WORDS, section, k).example for k in section.keys if k.is_required}
    if section.model.__name__ == "SlackSettings":
        given["webhook_url"] = WORDS[place(section)]["webhook_url"].example
    if section.path == "alerts.heartbeat":
        given["url"] = WORDS[place(section)]["url"].example
    return given


@pytest.mark.parametrize(("section", "key"), KEYS, ids=[f"{place(s)}:{k.name}" for s, k in KEYS])
def test_an_example_is_read(section: Section, key: Key):
    words = words_of(WORDS, section, key)
    example = yaml.safe_load(written(key, words))
    values = needed(section, key) | example | dict(words.together)
    given = {name: value for name, value in values.items() if value is not None}
    read = TypeAdapter(section.model).validate_python(given)
    names = {f.alias or n: n for n, f in section.model.model_fields.items()}
    assert names[key.name] in read.model_fields_set
