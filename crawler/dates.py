"""Dates as the Algerian press writes them, to aware UTC datetimes.

A date without a zone is Algiers time (+01:00, no summer time since 1981). Day comes before
month. What cannot be read, or cannot be true, gives None with a reason: never "today".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

ALGIERS = timezone(timedelta(hours=1))
_OLDEST = 1995  # no outlet was on the web before; 1970 is a clock that was never set
_FUTURE_TOLERATED = timedelta(hours=36)  # clocks and zones are wrong by hours, not by days

_MONTHS_BY_NUMBER = (
    "janvier janv jan january جانفي يناير كانون-الثاني",
    "fevrier fevr fev february feb فيفري فبراير شباط",
    "mars mar march مارس آذار اذار",
    "avril avr april apr أفريل افريل أبريل ابريل إبريل نيسان",
    "mai may ماي مايو أيار ايار",
    "juin june jun جوان يونيو حزيران",
    "juillet juil july jul جويلية جولية يوليو تموز",
    "aout aug august أوت اوت أغسطس اغسطس آب اب",
    "septembre sept sep september سبتمبر أيلول ايلول",
    "octobre oct october أكتوبر اكتوبر تشرين-الأول تشرين-الاول",
    "novembre nov november نوفمبر نونمبر تشرين-الثاني",
    "decembre dec december ديسمبر دجنبر كانون-الأول كانون-الاول",
)


def _fold(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.casefold()


_MONTHS = {
    _fold(name): number
    for number, names in enumerate(_MONTHS_BY_NUMBER, 1)
    for name in names.split()
}
_TWO_WORDS = re.compile(r"(كانون|تشرين)\s+(ال\w+)")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_TIME = r"(\d{1,2})\s*[:hH]\s*(\d{2})(?:\s*[:mM]\s*(\d{2}))?"
_ZONE = r"(?:\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?))?"

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,]\d+)?"
    r"\s*(Z?\s*[+-]\d{1,2}(?::?\d{2})?|Z|UTC|GMT)?)?",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?!\d)")
_NAMED = re.compile(
    r"(?<!\d)(\d{1,2})(?:er|st|nd|rd|th)?[\s,./-]+([^\W\d_][\w'-]*)\.?[\s,./-]+(\d{4})(?!\d)"
)
_NAMED_US = re.compile(r"([^\W\d_]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_CLOCK = re.compile(_TIME + r"(?:\s*(AM|PM|ص|م)\b)?" + _ZONE, re.IGNORECASE)
_RELATIVE = re.compile(
    r"\bil y a\b|\bago\b|\bhier\b|\byesterday\b|منذ|قبل|أمس|\btoday\b", re.IGNORECASE
)
_MAX_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DateReading:
    """A date that was found, or why there is none."""

    value: datetime | None = None  # aware, UTC
    reason: str = ""  # one line, when value is None


def local_day(moment: datetime) -> date:
    """Return the day in Algiers at ``moment``."""
    return moment.astimezone(ALGIERS).date()


def read_date(text: str | None, *, now: datetime | None = None) -> DateReading:
    """Read the date in ``text``. With ``now``, a date in the far future is not believed."""
    raw = " ".join((text or "").translate(_ARABIC_DIGITS).split())
    if not raw or len(raw) > _MAX_LENGTH:
        return DateReading(reason="no date")
    for reader in (_from_iso, _from_mail, _from_words):
        try:
            moment = reader(raw)
        except (ValueError, OverflowError):
            continue
        if moment is not None:
            return believe(moment, now)
    if _RELATIVE.search(raw):
        return DateReading(reason=f"relative date: {raw[:60]}")
    return DateReading(reason=f"date not understood: {raw[:60]}")


def believe(moment: datetime, now: datetime | None) -> DateReading:
    """Refuse dates that cannot be those of a press article."""
    if moment.year < _OLDEST:
        return DateReading(reason=f"date too old to be true: {moment:%Y-%m-%d}")
    if now is not None and moment > now + _FUTURE_TOLERATED:
        return DateReading(reason=f"date in the future: {moment:%Y-%m-%d}")
    return DateReading(value=moment)


def _from_iso(text: str) -> datetime | None:
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    zone = _zone(match[7]) if match[4] else ALGIERS
    clock = (int(match[4] or 0), int(match[5] or 0), int(match[6] or 0))
    return _moment(year, month, day, clock, zone)


def _from_mail(text: str) -> datetime | None:
    """RFC 822 and 2822 dates. ``-0000`` and a missing zone both come out naive: Algiers."""
    if not re.search(r"\d{1,2}\s+[A-Za-z]{3,9}\.?\s+\d{2,4}\s+\d{1,2}:\d{2}", text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        utc = text.rstrip().endswith("-0000")
        moment = moment.replace(tzinfo=UTC if utc else ALGIERS)
    return moment.astimezone(UTC)


def _from_words(text: str) -> datetime | None:
    text = _TWO_WORDS.sub(r"\1-\2", text)
    day_first = _DAY_FIRST.search(text)
    named = _NAMED.search(text)
    american = _NAMED_US.search(text)
    if day_first:
        found = day_first
        year, month, day = int(found[3]), int(found[2]), int(found[1])
    elif named and _fold(named[2]) in _MONTHS:
        found = named
        year, month, day = int(found[3]), _MONTHS[_fold(named[2])], int(found[1])
    elif american and _fold(american[1]) in _MONTHS:
        found = american
        year, month, day = int(found[3]), _MONTHS[_fold(american[1])], int(found[2])
    else:
        return None
    clock, zone = _clock_beside(text[: found.start()], text[found.end() :])
    return _moment(year, month, day, clock, zone)


def _clock_beside(before: str, after: str) -> tuple[tuple[int, int, int], timezone]:
    """Return the time of day that stands after the date, or before it."""
    match = _CLOCK.search(after) or _CLOCK.search(before)
    if match is None:
        return (0, 0, 0), ALGIERS
    hour = int(match[1])
    half = (match[4] or "").lower()
    if half in ("pm", "م") and hour < 12:
        hour += 12
    elif half in ("am", "ص") and hour == 12:
        hour = 0
    return (hour, int(match[2]), int(match[3] or 0)), _zone(match[5])


def _zone(text: str | None) -> timezone:
    if not text:
        return ALGIERS
    # El Khabar wrote "Z+1": local time, and the Z means nothing
    text = text.upper().replace(" ", "")
    if len(text) > 1 and text[0] == "Z":
        text = text[1:]
    if text in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


def _moment(
    year: int, month: int, day: int, clock: tuple[int, int, int], zone: timezone
) -> datetime:
    return datetime(year, month, day, *clock, tzinfo=zone).astimezone(UTC)
