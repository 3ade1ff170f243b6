"""What the commands say to people, in the language of the terminal: French, Arabic or English.

English stands where it is said; ``words/*.yaml`` has the others. Data, column names, error
messages and logs are the same everywhere, so that programs and searches find them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerts.phrasebook import Phrasebook

TRANSLATED = ("fr", "ar")
_FOLDER = Path(__file__).parent / "words"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that says something decides


def language_of(environment: Mapping[str, str]) -> str:
    """Return the terminal's language, ``en`` where it is none of ours. As gettext(3) has it."""
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    wished = environment.get("LANGUAGE", "").split(":") if said not in ("", "C", "POSIX") else []
    for locale in (*wished, said):
        language = locale[:2].lower()
        if language in (*TRANSLATED, "en"):
            return language
    return "en"


def say(message: str, /, **values: object) -> str:
    """Return ``message`` in the terminal's language, with ``values`` in it."""
    language = language_of(os.environ)
    words = message if language == "en" else load_words(language)[message]
    return words.format(**values)


def say_facts(kind: str, values: Sequence[str]) -> Sequence[str]:
    """Return ids of partners or activities in words; in English they stay as verdicts have them."""
    language = language_of(os.environ)
    if language == "en" or kind not in ("partners", "activities"):
        return values
    book = _phrasebook(language)
    return [book.partner(v) if kind == "partners" else book.activity(v) for v in values]


@cache
def load_words(language: str) -> Mapping[str, str]:
    """Return each English message with its translation."""
    import yaml  # noqa: PLC0415 - only where a terminal is not in English

    text = (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    words: dict[str, str] = yaml.safe_load(text)
    return words


@cache
def _phrasebook(language: str) -> Phrasebook:
    from alerts.phrasebook import Phrasebook  # noqa: PLC0415 - reads Babel, slow to import

    return Phrasebook("ar" if language == "ar" else "fr")
