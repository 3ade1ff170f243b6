"""A match as rows, and back: values without loss, in their own order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import RowMapping

from domain.match import EventDate, Evidence, Match

KINDS = {
    "partner": "partners",
    "activity": "activities",
    "person": "persons",
    "organisation": "organisations",
    "equipment": "equipment",
    "place": "places",
}
"""Kind of a facet -> the field of Match that holds its values."""

DATE = "date"

Labels = Callable[[str, str], str]
"""What people call a value: (kind, value) -> label."""


def value_itself(kind: str, value: str) -> str:
    """Return ``value``: the label when nobody knows a better one."""
    del kind
    return value


def listed(values: Iterable[str]) -> str:
    """Return what a list column of a view says."""
    return ",".join(sorted(set(values)))


def facet_rows(hit_id: int, match: Match, labels: Labels) -> Iterator[dict[str, Any]]:
    """Yield a row of ``hit_facets`` for every fact of ``match``."""
    for kind, values in _values(match):
        for position, value in enumerate(dict.fromkeys(values)):
            yield {
                "hit_id": hit_id,
                "kind": kind,
                "value": value,
                "position": position,
                "label": labels(kind, value) or value,
            }


def evidence_rows(hit_id: int, match: Match) -> Iterator[dict[str, Any]]:
    """Yield a row of ``evidence`` for every proof of ``match``."""
    for position, proof in enumerate(match.evidence):
        yield {
            "hit_id": hit_id,
            "position": position,
            "field": proof.field,
            "start_offset": proof.start,
            "end_offset": proof.end,
            "text": proof.text,
            "concept": proof.concept,
        }


def match_of(
    hit: RowMapping,
    facets: Iterable[RowMapping],
    proofs: Iterable[RowMapping],
) -> Match:
    """Build the match again from its rows, each kind in the order of ``position``."""
    values: dict[str, list[str]] = {}
    for row in facets:
        values.setdefault(row["kind"], []).append(row["value"])
    return Match(
        rule=hit["rule"],
        score=hit["score"],
        threshold=hit["threshold"],
        rule_version=hit["rule_version"],
        dates=tuple(_event(value) for value in values.get(DATE, ())),
        evidence=tuple(_proof(row) for row in proofs),
        **{field: tuple(values.get(kind, ())) for kind, field in KINDS.items()},
    )


def _values(match: Match) -> Iterator[tuple[str, Iterable[str]]]:
    for kind, field in KINDS.items():
        yield kind, getattr(match, field)
    yield DATE, (f"{event.first}/{event.last}" for event in match.dates)


def _event(value: str) -> EventDate:
    first, _, last = value.partition("/")
    return EventDate(first=date.fromisoformat(first), last=date.fromisoformat(last))


def _proof(row: RowMapping) -> Evidence:
    return Evidence(
        start=row["start_offset"],
        end=row["end_offset"],
        text=row["text"],
        field=row["field"],
        concept=row["concept"],
    )
