"""Words around a date that say what happened on it: said, begun, ended, how long it lasted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from matcher.dates.words import read_words
from matcher.text import match_form

_NUMBERS = ("counts", "ordinals", "lengths")


@dataclass(frozen=True, slots=True)
class Cues:
    """Patterns over the match form."""

    report: re.Pattern[bytes]  # at the end of what precedes the date
    report_far: re.Pattern[bytes]  # anywhere before, if what follows is "that"
    that: re.Pattern[bytes]
    report_after: re.Pattern[bytes]  # at the start of what follows it
    start: re.Pattern[bytes]
    end: re.Pattern[bytes]
    length: re.Pattern[bytes]  # group "n": days, or weeks with "weeks"; or "known"
    no_length: re.Pattern[bytes]  # before a length that is none: "three days ago"
    ordinal: re.Pattern[bytes]  # group "n" or "m": on the second day of the visit
    counts: dict[bytes, int]  # what the words of those groups say


def _any(words: list[str]) -> bytes:
    forms = sorted({match_form(w) for w in words}, key=len, reverse=True)
    return b"(?:" + b"|".join(re.escape(f) for f in forms) + b")"


@lru_cache(maxsize=1)
def cues() -> Cues:
    """Return the cues of all languages at once: their scripts or words keep them apart."""
    data = read_words()["cues"]
    counts, ordinals = _any([*data["counts"]]), _any([*data["ordinals"]])
    values = {match_form(k): v for part in _NUMBERS for k, v in data[part].items()}
    clitic = b"[" + match_form("وفل") + b"]?"
    that = _any(data["that"])
    reported = b" " + clitic + _any(data["report"])
    return Cues(
        report=re.compile(reported + b" (?:%b ){0,2}$" % _any(data["between"])),
        report_far=re.compile(reported + b" "),
        report_after=re.compile(b"^ {1,2}" + _any(data["report_after"]) + b" "),
        that=re.compile(b"^ {1,2}" + that + b" "),
        start=re.compile(b" " + clitic + _any(data["start"]) + b" "),
        end=re.compile(b" " + clitic + _any(data["end"]) + b" "),
        length=re.compile(
            b" (?:(?P<n>[0-9]{1,2}|%b) (?:%b|(?P<weeks>%b))|(?P<known>%b)) "
            % (counts, _any(data["days"]), _any(data["weeks"]), _any([*data["lengths"]]))
        ),
        no_length=re.compile(b" " + _any(data["no_length"]) + b" (?:les |des |ces )?$"),
        ordinal=re.compile(
            b" (?:(?P<n>[0-9]|%b)(?:e|eme|nd|rd|th)? %b|%b (?P<m>%b)) "
            % (ordinals, _any(data["day"]), _any(data["day_before"]), ordinals)
        ),
        counts=values,
    )
