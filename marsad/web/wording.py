"""The page's own words in Arabic, French and English: sentences, plurals, dates, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import yaml
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal, format_percent

from marsad.clock import HOME
from marsad.web.names import LOCALES, Names

LANGUAGES = ("fr", "ar", "en")
OWN_NAMES = {"fr": "Français", "ar": "العربية", "en": "English"}
_FOLDER = Path(__file__).parent / "words"


class Wording:
    """One interface language. ``words(key, n=3)`` takes the plural form that 3 has there."""

    def __init__(self, language: str, names: Names) -> None:
        self.language = language
        self.direction = "rtl" if language == "ar" else "ltr"
        self._names = names
        self._locale = Locale.parse(LOCALES[language])
        self._words = load_words(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence of ``key`` with ``values`` in it. Raises KeyError."""
        words = self._words[key]
        if isinstance(words, str):
            return words.format(**values)
        form = self._locale.plural_form(abs(int(str(values["n"]))))
        told = {"n": self.number(int(str(values["n"])))}
        return words.get(form, words["other"]).format(**{**values, **told})

    def known(self, group: str, value: str) -> str:
        """Return the words for a value of a closed list; the value where there are none."""
        words = self._words.get(f"{group}.{value}", value.replace("_", " "))
        return words if isinstance(words, str) else value

    def name(self, kind: str, value: str, known: str = "") -> str:
        """Return the words for the value of a facet; ``known`` is the store's label of it."""
        if kind == "activity":
            return self.known("activity", value)
        return self._names.name(value, self.language, known)

    def moment(self, value: datetime) -> str:
        """Return a moment as clocks in Algiers show it."""
        return format_datetime(_home(value), self("clock"), locale=self._locale)

    def day(self, value: date | datetime) -> str:
        """Return a day."""
        there = _home(value) if isinstance(value, datetime) else value
        return format_date(there, "d MMM y", locale=self._locale)

    def days(self, first: date, last: date) -> str:
        """Return a span of days, both included."""
        return self.day(first) if first == last else f"{self.day(first)} – {self.day(last)}"

    def span(self, value: str) -> str:
        """Return a span of days as a facet holds it, ``first/last``."""
        first, _, last = value.partition("/")
        try:
            return self.days(date.fromisoformat(first), date.fromisoformat(last or first))
        except ValueError:
            return value

    def month(self, value: date) -> str:
        """Return a month of a year."""
        return format_skeleton("yMMM", value, locale=self._locale)

    def ago(self, value: datetime, now: datetime) -> str:
        """Return how long ago, or in how long, a moment is."""
        gap = value - now
        if abs(gap) < timedelta(minutes=1):
            return self("now")
        return format_timedelta(gap, add_direction=True, threshold=1.0, locale=self._locale)

    def later(self, seconds: float) -> str:
        """Return how long after another moment something came."""
        # Arabic's word for "after" wants another case than the bare span has: "in" brings its own.
        told = format_timedelta(
            timedelta(seconds=seconds),
            add_direction=self.language == "ar",
            threshold=1.0,
            locale=self._locale,
        )
        return self("later", time=told)

    def month_of(self, value: str) -> str:
        """Return a month written as 2026-03."""
        return self.month(date.fromisoformat(f"{value}-01"))

    def number(self, value: float) -> str:
        """Return a number."""
        return format_decimal(value, locale=self._locale)

    def percent(self, value: float) -> str:
        """Return a share of 1 in percent."""
        return format_percent(value, locale=self._locale)


def _home(value: datetime) -> datetime:
    try:
        return value.astimezone(HOME)
    except OverflowError:  # a page may claim the last hour of the year 9999
        return value


@cache
def load_words(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """Return the sentences of a language by key; a mapping holds plural forms."""
    text = (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    words: Mapping[str, str | Mapping[str, str]] = yaml.safe_load(text)
    return words


def chosen_language(asked: str | None, kept: str | None, accepted: str) -> str:
    """Return the interface language: asked for, kept from before, or the browser's first."""
    for wanted in (asked, kept, *_by_weight(accepted)):
        if wanted in LANGUAGES:
            return wanted
    return LANGUAGES[0]


def _by_weight(accepted: str) -> list[str]:
    """Return the languages of an Accept-Language header, the most wanted first."""
    weighed: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        name, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        weighed.append((-weight, name.strip().partition("-")[0].lower()))
    return [name for weight, name in sorted(weighed, key=lambda pair: pair[0]) if weight]
