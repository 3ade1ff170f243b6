"""What messages say in French, Arabic and English, and how each writes dates, lists and counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.dates import format_date

from alerts.cleaning import one_line
from domain.match import EventDate

Language = Literal["fr", "ar", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "ar", "en")
HOME = ZoneInfo("Africa/Algiers")
LRM, RLM = "\u200e", "\u200f"
_LOCALES = {"fr": "fr", "ar": "ar_DZ", "en": "en"}  # ar_DZ: Latin digits and Algeria's months
_MOST_VALUES = 8  # of a list; the rest is counted

Namer = Callable[[str, str], str]


def unnamed(ident: str, language: str) -> str:
    """Return the id itself: the name when nobody knows a better one."""
    del language
    return ident


class Phrasebook:
    """One language. ``name`` gives the words for an id in a language."""

    def __init__(self, language: Language = "en", name: Namer = unnamed) -> None:
        self.language = language
        self.is_rtl = language == "ar"
        self._name = name
        self._phrases = _phrases(language)
        self._locale = Locale.parse(_LOCALES[language])

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``, as the attribute ``dir`` wants it."""
        return "rtl" if self.is_rtl else "ltr"

    @property
    def begin(self) -> str:
        """The side at which a line begins: ``right`` or ``left``."""
        return "right" if self.is_rtl else "left"

    @property
    def mark(self) -> str:
        """What opens a line of plain text, so that it is laid out from its own side."""
        return RLM if self.is_rtl else ""

    def closed(self, text: str) -> str:
        """Enclose words that run the other way.

        So digits after them stay in their place, and a line that begins with them is not
        turned around.
        """
        directions = [unicodedata.bidirectional(letter) for letter in text]
        if self.is_rtl:
            return text + RLM if "L" in directions else text
        return f"{LRM}{text}{LRM}" if {"R", "AL"} & set(directions) else text

    @property
    def comma(self) -> str:
        """What stands between the values of a list."""
        return "، " if self.is_rtl else ", "

    def say(self, key: str, **values: object) -> str:
        """Return a phrase; ``facts.people`` is a phrase of a group."""
        phrase: Any = self._phrases
        for part in key.split("."):
            phrase = phrase[part]
        return str(phrase).format(**values) if values else str(phrase)

    def count(self, key: str, number: int) -> str:
        """Return a number of things, in the form that the number asks for."""
        forms = self._phrases[key]
        form = forms.get(self._locale.plural_form(number), forms["other"])
        return str(form).format(n=number)

    def language_name(self, language: str) -> str:
        """Return what a language is called."""
        names = self._phrases["languages"]
        return str(names.get(language, names["und"]))

    def activity(self, ident: str) -> str:
        """Return what an activity is called."""
        return str(self._phrases["activities"].get(ident, ident.replace("_", " ")))

    def partner(self, ident: str) -> str:
        """Return a partner's name; a state's with its ISO code."""
        if ident in self._phrases["alliances"]:
            return str(self._phrases["alliances"][ident])
        words = one_line(self._name(ident, self.language), 60)
        is_state = len(ident) == 2 and ident.isascii() and ident.isalpha() and ident.isupper()
        if not is_state:
            return words
        if words == ident:
            words = str(self._locale.territories.get(ident, ident))
        return ident if words == ident else self.closed(f"{words} ({ident})")

    def thing(self, ident: str) -> str:
        """Return the words for an id; one that nobody named is written as a name."""
        words = one_line(self._name(ident, self.language), 80)
        return words if words != ident else one_line(ident.replace("-", " ").title(), 80)

    def listed(self, values: Sequence[str], most: int = _MOST_VALUES) -> str:
        """Return values in a line, what is too many counted."""
        shown = self.comma.join(values[:most])
        left = len(values) - most
        return self.say("and_more", shown=shown, count=left) if left > 0 else shown

    def days(self, days: EventDate) -> str:
        """Return the days of an event: ``12–14 mars 2026``."""
        first, last = days.first, days.last
        if first == last:
            return self.day(first)
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{self.day(last)}"
        return f"{self.day(first)} – {self.day(last)}"

    def day(self, day: date) -> str:
        """Return a day: ``14 mars 2026``."""
        return format_date(day, "d MMM y", locale=self._locale)

    def weekday(self, day: date) -> str:
        """Return the short name of a day of the week."""
        return format_date(day, "EEE", locale=self._locale).rstrip(".")

    def week(self, days: Sequence[tuple[date, int]]) -> str:
        """Return the figures of a week in words: ``lun 3, mar 0, aujourd'hui 5``."""
        named = [f"{self.weekday(day)} {count}" for day, count in days[:-1]]
        named += [f"{self.say('today')} {count}" for _, count in days[-1:]]
        return self.listed(named)

    def when(self, published: datetime | None, seen: datetime) -> str:
        """Return the moment of publication, or that nobody knows it."""
        if published is not None:
            return self.moment(published)
        return self.say("no_date", moment=self.moment(seen))

    def moment(self, moment: datetime) -> str:
        """Return a moment as Algiers and as UTC have it. The day is said twice where it differs."""
        moment = moment.astimezone(UTC)
        try:
            local = moment.astimezone(HOME)
        except OverflowError:  # a page may claim the last hour of the year 9999
            return f"{self.day(moment.date())} {moment:%H:%M} UTC"
        day = ""
        if local.date() != moment.date():
            day = format_date(moment.date(), "d MMM", locale=self._locale) + " "
        here = f"{self.day(local.date())} {local:%H:%M}"
        return self.say("moment", local=here, utc=f"{day}{moment:%H:%M}")


@cache
def _phrases(language: str) -> Mapping[str, Any]:
    path = Path(__file__).with_name("phrases") / f"{language}.yaml"
    phrases: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return phrases
