"""Words for people: what a facet's value is called."""

from __future__ import annotations

from collections.abc import Mapping

from domain.match import ACTIVITIES
from matcher.judge import LEXICON
from matcher.lexicon import Lexicon, load_lexicon


class Labels:
    """Labels in English, by id; the id itself where none is known.

    The lexicon is read when the first label is asked for, as most commands never do; a
    process whose workers hold it is given the names by them.
    """

    def __init__(self) -> None:
        self._names: Mapping[str, str] | None = None

    def fill(self, names: Mapping[str, str]) -> None:
        """Take over the names that somebody read already."""
        self._names = names

    def label(self, kind: str, value: str) -> str:
        """Return the label of a facet's value; see ``storage.facets.Labels``."""
        if kind in ("activity", "activities") or value in ACTIVITIES:
            return value.replace("_", " ")
        return self.name(value)

    def name(self, ident: str) -> str:
        """Return the words for an id, whatever its kind."""
        if self._names is None:
            self._names = names_of(load_lexicon(LEXICON))
        return self._names.get(ident, ident)


def names_of(lexicon: Lexicon) -> dict[str, str]:
    """Return what the lexicon's entities are called in English, by id."""
    found: dict[str, str] = {}
    for entity in lexicon.entities.values():
        labels = dict(entity.label)
        found[entity.id] = labels.get("en") or labels.get("fr") or entity.id
    return found
