"""The shapes of dates, as patterns over the letters of ``words``.

A pattern sees one letter a word, so it is short, has no nested repetition and takes linear
time. Order matters: at one place the first that fits is taken.
"""

from __future__ import annotations

import re
from functools import lru_cache

# A weekday, a part of the day or "today" that goes with a date: "hier, mardi 5 décembre".
_LEAD = r"(?:R[,(]?)?(?:W(?:P)?[,(]?l?J?)?"
_NAMES = r"M(?:[/(]M\)?)?"  # also two names, of the east and of the west of the Arab world
_MONTH = rf"-?[fnu]?S?[fn]?{_NAMES}"
_YEAR = r"(?:[,(]?[fnu]?l?Q?y)"
_TAIL = rf"(?:{_YEAR}|[fn]?[LXC])?"
_THIS_MONTH = r"[fnu]?(?:l?S[LXC]|TS|C)"
_THROUGH = r"(?:[aA-]|&[aA])"
_NEXT = r"(?:,&|[,&aA-])"
_NUMERIC = r"(?:d(?P<s{0}>[/-])d(?P=s{0})(?:y|d)|y-d-d)"

_SHAPES = {
    "numeric_range": rf"(?<![-/]){_NUMERIC.format(1)}l?{_THROUGH}l?(?:W,?)?"
    rf"{_NUMERIC.format(2)}(?![-/][dy])",
    "numeric": rf"(?<![-/])(?:W[,(]?)?{_NUMERIC.format(3)}(?![-/][dy])",
    "months_between": rf"(?<=B){_LEAD}d{_MONTH}{_TAIL}&l?{_LEAD}d{_MONTH}{_TAIL}"
    rf"|(?<=Bl){_LEAD}d{_MONTH}{_TAIL}&l?{_LEAD}d{_MONTH}{_TAIL}",
    "days_across": rf"{_LEAD}d{_MONTH}{_TAIL}[,]?[un]?{_THROUGH}l?J?{_LEAD}d{_MONTH}{_TAIL}",
    "month_first_across": rf"{_LEAD}Md{_TAIL}{_THROUGH}{_LEAD}Md{_TAIL}",
    "month_first": rf"{_LEAD}Md(?:{_NEXT}l?d){{0,8}}(?!M){_TAIL}",
    "days": rf"{_LEAD}d(?:{_NEXT}l?J?{_LEAD}d){{0,8}}(?:{_MONTH}{_TAIL}|{_THIS_MONTH})",
    "today": r"(?:PJ?[,]?)?R(?:[,(]?J?W)?(?:P)?",
    "weekdays": r"(?:PJ?[fn]?)?[TLX]?J?WP?(?:(?:,l?J?P?W){0,4}(?:,?&|&?[aA]|-)l?J?P?WP?)?[LXC]?",
    "weekend": r"[TLX]?E[LXC]?",
    "week": r"[TLX]K|K[LXC]",
    "relative_month": r"[TLX]S(?![fnMS])|S[LXC]",
    "relative_year": r"[TLX]Q(?!y)|Q[LXC]",
    "months": rf"M(?:[a&-]M)?(?:[/(]M\)?)?(?:{_YEAR}|[LXC])"
    rf"|(?<=[isAC])[fl]?S?[fn]?{_NAMES}|(?<=[SX])f?M|LM",
}
_MONTH_FIRST = ("month_first_across", "month_first")


@lru_cache(maxsize=2)
def date_pattern(*, month_first: bool) -> re.Pattern[str]:
    """Return what finds dates in a line of letters; ``month_first``: "March 4" is one too."""
    names = [n for n in _SHAPES if month_first or n not in _MONTH_FIRST]
    return re.compile("|".join(f"(?P<{name}>{_SHAPES[name]})" for name in names))


# What stands before a date that is none: "université du 1er novembre", "chaque mardi".
NAMED = re.compile(r"(?:b[^|,]{0,3}|e)$")
HABIT = re.compile(r"e[lJP]?$")
UNTIL = re.compile(r"(?:A|&A)[ln]?J?P?$")
SINCE = re.compile(r"s[nl]?J?P?$")
AHEAD = re.compile(r"F[^|,]{0,8}$")
CONTEXT = 12  # letters before a date that these may see
