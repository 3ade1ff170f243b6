"""Words for people: what a facet's value is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from domain.match import ACTIVITIES

if TYPE_CHECKING:
    from matcher.lexicon import Lexicon

Names = Mapping[str, Mapping[str, str]]
"""What an id is called: by id, by language (fr, ar, en; any where it is the same in all)."""

_NEXT_BEST = ("any", "en", "fr", "ar")


class Labels:
    """Labels by id, in English unless asked otherwise; the id itself where none is known.

    The lexicon is read when the first label is asked for, as most commands never do; a
    process whose workers hold it is given the names by them.
    """

    def __init__(self) -> None:
        self._names: Names | None = None

    def fill(self, names: Names) -> None:
        """Take over the names that somebody read already."""
        self._names = names

    def label(self, kind: str, value: str) -> str:
        """Return the label of a facet's value; see ``storage.facets.Labels``."""
        if kind in ("activity", "activities") or value in ACTIVITIES:
            return value.replace("_", " ")
        return self.name(value)

    def name(self, ident: str, language: str = "en") -> str:
        """Return the words for an id, whatever its kind."""
        if self._names is None:
            from matcher.judge import LEXICON  # noqa: PLC0415 - numpy, for most commands idle
            from matcher.lexicon import load_lexicon  # noqa: PLC0415

            self._names = names_of(load_lexicon(LEXICON))
        named = self._names.get(ident, {})
        return next((named[n] for n in (language, *_NEXT_BEST) if named.get(n)), ident)


def names_of(lexicon: Lexicon) -> dict[str, dict[str, str]]:
    """Return what the lexicon's entities are called, by id and language."""
    return {entity.id: dict(entity.label) for entity in lexicon.entities.values()}
