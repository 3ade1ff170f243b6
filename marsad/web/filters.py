"""Filters in an address: the ones of ``marsad hits``, read once for page, feed and program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from domain.asking import HitQuery
from domain.errors import UsageError, nearest
from domain.match import ACTIVITIES
from marsad.questions import LANGUAGES, hit_query

MANY = ("partner", "activity", "outlet", "language", "rule")  # may be given more than once
NUMBERS = ("story", "before", "limit")
ONE = ("since", "until", "text", *NUMBERS)
NAMES = (*MANY, *ONE)
MOST = 1000  # rows of one answer
_LONGEST = 200  # characters of a value
LARGEST = 2**31 - 1  # of an id: what both databases hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was asked, as typed and as a query."""

    values: Mapping[str, tuple[str, ...]]  # names that were given, empty values left out
    query: HitQuery

    def address(self, path: str, **other: str | int | None) -> str:
        """Return ``path`` with these filters; ``other`` replaces some, None drops one."""
        kept = {k: v for k, v in self.values.items() if k not in other}
        pairs = [(name, value) for name, values in kept.items() for value in values]
        pairs += [(name, str(value)) for name, value in other.items() if value is not None]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def read_filters(
    pairs: Iterable[tuple[str, str]],
    now: datetime,
    *,
    usual: int = 50,
    also: Iterable[str] = (),
    is_strict: bool = True,
) -> Filters:
    """Read an address's parameters; ``usual`` is the limit where none is given.

    Raises SearchError on words that leave nothing to seek, UsageError on a value that makes no
    sense and, ``is_strict``, on a name that is neither a filter nor one of ``also`` and on an empty
    number: a mistyped filter must not answer with everything.
    """
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if name not in NAMES:
            if is_strict and name not in also:
                raise UsageError(f"unknown parameter {name!r}{nearest(name, NAMES)}")
            continue
        if len(value) > _LONGEST:
            raise UsageError(f"{name}: at most {_LONGEST} characters")
        if is_strict and name in NUMBERS and not value.strip():
            raise UsageError(f"{name}: no number is given")
        if value.strip():
            values[name] = (*values.get(name, ()), value.strip())
    for name in ONE:
        if len(values.get(name, ())) > 1:
            raise UsageError(f"{name} is given more than once")
    return Filters(values=values, query=_query(values, now, usual))


def _query(values: Mapping[str, tuple[str, ...]], now: datetime, usual: int) -> HitQuery:
    single: dict[str, Any] = {name: values[name][0] for name in ONE if name in values}
    single |= {name: read_number(name, single[name]) for name in NUMBERS if name in single}
    if single.get("limit", 0) > MOST:
        raise UsageError(f"limit: at most {MOST}; go on with before=ID of the last hit")
    single["limit"] = (single["limit"] or MOST) if "limit" in single else usual
    many: dict[str, Any] = {name: values.get(name, ()) for name in MANY}
    return hit_query(now, prefix="", **single, **many)


def read_number(name: str, value: str) -> int:
    """Read an id or a count. Raises UsageError."""
    is_number = value.isascii() and value.isdecimal() and int(value[:12]) <= LARGEST
    if not is_number or len(value) > len(str(LARGEST)):
        raise UsageError(f"{name}: {value!r} is no number that an id or a count can be")
    return int(value)


def parameters() -> list[dict[str, Any]]:
    """Return the filters as OpenAPI describes parameters."""
    found: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": False, "description": words, "schema": schema}
        for name, (words, schema) in _described().items()
    ]
    (text,) = (parameter for parameter in found if parameter["name"] == "text")
    text["examples"] = {
        "some": {"summary": "all of them", "value": '"exercice naval" -sport'},
        "none": {"summary": "no word: 422", "value": "de la ..."},
    }
    return found


def _described() -> dict[str, tuple[str, dict[str, Any]]]:
    # What is read is wider (ISO moments with a zone); this is what everybody can write. Words
    # left empty, as a form sends what nobody filled in, are as if they were not there.
    day = r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])"
    moment = {"type": ["string", "null"], "pattern": rf"^([1-9]\d{{0,2}}[mhdw]|{day})?$"}
    ident = {"type": ["string", "null"], "maxLength": _LONGEST}
    whole = {"type": "integer", "minimum": 0, "maximum": LARGEST}
    return {
        "since": ("published (else found) from here on: 30d, 12h, 2026-03-14", moment),
        "until": ("published (else found) up to here; a day to its end", moment),
        "partner": ("ISO code or id of an alliance; may be repeated: any of them", _list(ident)),
        "activity": ("may be repeated", _list({"enum": [*ACTIVITIES, ""]})),
        "outlet": ("id of a source; may be repeated", _list(ident)),
        "language": ("of the article; may be repeated", _list({"enum": [*LANGUAGES, ""]})),
        "rule": ("id of a rule; may be repeated", _list(ident)),
        "text": (
            'full-text search: words, "phrases", prefix*, -without, a OR b',
            ident,
        ),
        "story": ("id of a story", whole),
        "before": ("id of a hit: only those that come after it in the order of answers", whole),
        "limit": (
            "at most so many rows; 0: as many as one answer holds",
            whole | {"maximum": MOST},
        ),
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": items}
