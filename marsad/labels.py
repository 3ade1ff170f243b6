"""Words for people: what a facet's value is called."""

from __future__ import annotations

from collections.abc import Callable

from domain.match import ACTIVITIES
from matcher.judge import LEXICON
from matcher.lexicon import load_lexicon


def load_labels() -> Callable[[str, str], str]:
    """Return a function (kind, value) -> label in English; the value itself where none is known.

    The lexicon is read when the first label is asked for: most commands never do.
    """
    names: dict[str, str] = {}

    def label(kind: str, value: str) -> str:
        if kind in ("activity", "activities") or value in ACTIVITIES:
            return value.replace("_", " ")
        if not names:
            names.update(_names())
        return names.get(value, value)

    return label


def label_of(label: Callable[[str, str], str]) -> Callable[[str], str]:
    """Return the words for an id, whatever its kind."""
    return lambda ident: label("entity", ident)


def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for entity in load_lexicon(LEXICON).entities.values():
        labels = dict(entity.label)
        found[entity.id] = labels.get("en") or labels.get("fr") or entity.id
    return found
