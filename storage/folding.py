"""How texts and queries are brought to one form: whoever opens a store brings it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

_WORD = re.compile(r"\w+")


class Folding(Protocol):
    """How texts and queries are brought to one form."""

    @property
    def version(self) -> int:
        """Another number says that every index must be made anew."""

    def __call__(self, text: str) -> str:
        """Return the words of ``text``, folded, between single spaces."""


@dataclass(frozen=True, slots=True)
class PlainFolding:
    """Lower case and nothing else: for a store that nobody gave a better folding."""

    version: int = 0

    def __call__(self, text: str) -> str:
        """Return the words of ``text`` in lower case."""
        return " ".join(_WORD.findall(text.casefold()))
