"""What partners, people and bodies are called in the three languages of the page."""

from __future__ import annotations

from collections.abc import Mapping

from babel import Locale

from alerts.cleaning import one_line

LOCALES = {"ar": "ar_DZ", "fr": "fr", "en": "en_GB"}
"""Of each interface language: Algeria's Arabic has its own month names and Latin digits."""

_ACRONYM = 5  # letters at most
_FLAG = 0x1F1E6 - ord("A")


class Names:
    """Words for ids: the lexicon's own, CLDR's for countries, else the id made readable."""

    def __init__(self) -> None:
        self._labels: Mapping[str, Mapping[str, str]] = {}
        self._countries = {k: Locale.parse(v).territories for k, v in LOCALES.items()}

    def fill(self, labels: Mapping[str, Mapping[str, str]]) -> None:
        """Take over the lexicon's words: id, then language."""
        self._labels = labels

    def name(self, ident: str, language: str, known: str = "") -> str:
        """Return what ``ident`` is called in ``language``; ``known`` is what the store says."""
        labels = self._labels.get(ident, {})
        own = labels.get(language)
        if own is None and is_country(ident):
            own = self._countries[language].get(ident)
        found = own or (known if known != ident else "") or labels.get("fr") or labels.get("en")
        return one_line(found or _readable(ident), 120)


def _readable(ident: str) -> str:
    """Short ids are acronyms: nato, eu, un."""
    words = ident.replace("-", " ")
    return words.upper() if len(words) <= _ACRONYM and words.isalpha() else words.title()


def is_country(ident: str) -> bool:
    """Whether ``ident`` is an ISO 3166-1 alpha-2 code."""
    return len(ident) == 2 and ident.isascii() and ident.isalpha() and ident.isupper()


def flag(ident: str) -> str:
    """Return a country's flag as an emoji; nothing for what is no country."""
    return "".join(chr(_FLAG + ord(letter)) for letter in ident) if is_country(ident) else ""
