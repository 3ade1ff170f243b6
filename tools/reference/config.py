"""Every key of config.yaml: what it takes, its default, an example.

Kinds and defaults come from the classes that check the file; what a key means stands in
``docs/words/config.yaml``, to which a test holds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools.reference.settings import Key, Section, sections
from tools.reference.tables import code, table

WORDS = Path(__file__).resolve().parents[2] / "docs" / "words" / "config.yaml"
_SHARED = "shared"
_HEADS = ("key", "takes", "default", "meaning", "example")

_HEAD = """\
# Configuration

Every key of `config.yaml`, written from the program by `make docs`. The file is read strictly: an
unknown key, a wrong type or a name that does not exist is refused with file, line and the nearest
known name, all faults at once.

A **duration** is `90s`, `30m`, `24h`, `7d` or `0`; a **time of day** is `"07:30"`, in quotes; a
**secret** is best written `"${NAME}"`, which takes the value from the environment and is never
logged. Relative paths are taken from the folder of the file. *required* marks what must be given
where its section stands.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people are told of a key."""

    says: str
    example: Any
    together: Mapping[str, Any] = field(default_factory=dict)  # keys that the example needs


def load_words() -> dict[str, dict[str, Words]]:
    """Return the words by section and key."""
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {
        section: {
            key: Words(says=w["says"], example=w["example"], together=w.get("with", {}))
            for key, w in keys.items()
        }
        for section, keys in read.items()
    }


def words_of(words: Mapping[str, Mapping[str, Words]], section: Section, key: Key) -> Words:
    """Return the words of a key; of a section's own, or those that many sections share.

    Raises KeyError for a key of which nothing is said.
    """
    own = words.get(place(section), {})
    return own[key.name] if key.name in own else words[_SHARED][key.name]


def place(section: Section) -> str:
    """Return the section's name in the file of words; quiet hours are the same wherever."""
    return "quiet_hours[]" if section.path.endswith("quiet_hours[]") else section.path or "top"


def page() -> str:
    """Return the page."""
    words = load_words()
    parts, seen = [_HEAD], set()
    for section in sections():
        if place(section) in seen:
            continue
        seen.add(place(section))
        parts.append(f"\n## {_title(section)}\n\n")
        parts.append(
            table(("key", "takes", "default", "meaning", "example"), _rows(words, section))
        )
    return "".join(parts)


def _title(section: Section) -> str:
    if not section.path:
        return "The file itself"
    name, _, kind = place(section).partition(" of type ")
    return f"`{name}`, `type: {kind}`" if kind else f"`{name}`"


def _rows(words: Mapping[str, Mapping[str, Words]], section: Section) -> list[list[str]]:
    rows = []
    for key in section.keys:
        said = words_of(words, section, key)
        default = "*required*" if key.is_required else code(key.default)
        rows.append([code(key.name), key.kind, default, said.says, code(written(key, said))])
    return rows


def written(key: Key, words: Words) -> str:
    """Return the example as a line of YAML."""
    value = yaml.safe_dump(
        words.example, default_flow_style=True, allow_unicode=True, width=1000, sort_keys=False
    )
    return f"{key.name}: {value.removesuffix('...' + chr(10)).strip()}"
