"""How alike two articles are: a few counted signs, each with a weight that can be read.

N-grams tell reprints, the rarity-weighted cosine of stems tells rewrites and briefs, and who,
with whom, where and when tell the same event in another language. The weights were learnt
(benchmarks/tune_stories.py) on labelled stories moved onto one fortnight, so that the calendar
alone never tells them apart; each keeps the sign that its meaning gives it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter

from domain.match import EventDate
from domain.story import Trace
from matcher.stories.sketch import shared

NEAR_DAYS = 1  # event days so close count as the same: papers disagree by one
FAR_DAYS = 2  # event days farther apart are those of two events


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What speaks for and against one event. Each 0..1."""

    wording: float  # share of the shorter text's word sequences
    stems: float  # cosine, within one language
    foreign_stems: float  # cosine across two languages of one alphabet
    names: float  # people, bodies, ships that both name, of those the poorer one names
    places: float
    numbers: float
    same_partners: float
    other_partners: float  # 1: both have partners, none in common
    activities: float
    same_days: float  # 1: the event days meet
    other_days: float  # 1: both tell days, far apart
    other_names: float  # 1: both name people or things abroad, none in common
    days_between: float  # publication: 0 the same day, 1 a week or more
    other_language: float


_values_of = attrgetter(*(sign.name for sign in fields(Signs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A weight for each sign, and what the sum begins with."""

    bias: float
    signs: Signs


def signs(one: Trace, other: Trace, days: int) -> Signs:
    """Return the signs of two articles published ``days`` apart."""
    is_same_language = one.language == other.language
    cosine = _cosine(one.terms, other.terms)
    names = _overlap(one.names, other.names)
    return Signs(
        wording=shared(one.sketch, other.sketch),
        stems=cosine if is_same_language else 0.0,
        foreign_stems=0.0 if is_same_language else cosine,
        names=names,
        places=_overlap(one.places, other.places),
        numbers=_overlap(one.numbers, other.numbers) * _few(one.numbers, other.numbers),
        same_partners=_jaccard(one.partners, other.partners),
        other_partners=float(_is_apart(one.partners, other.partners)),
        activities=_jaccard(one.activities, other.activities),
        same_days=float(_distance(one.dates, other.dates) <= NEAR_DAYS),
        other_days=float(FAR_DAYS < _distance(one.dates, other.dates) < math.inf),
        other_names=float(_is_apart(one.names, other.names)),
        days_between=min(abs(days), 7) / 7,
        other_language=float(not is_same_language),
    )


def likeness(one: Trace, other: Trace, days: int, weights: Weights) -> float:
    """Return how sure it is, 0..1, that two articles tell of one event."""
    return score(signs(one, other, days), weights)


def score(found: Signs, weights: Weights) -> float:
    """Return the weighed sum of signs as a share, 0..1."""
    pairs = zip(_values_of(found), _values_of(weights.signs), strict=True)
    total = weights.bias + sum(value * weight for value, weight in pairs)
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def _cosine(one: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]]) -> float:
    known = dict(one)
    return sum(weight * known.get(term, 0.0) for term, weight in other)


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Share of the poorer one's; one alone of many is little."""
    common = len(set(one) & set(other))
    return common / min(len(one), len(other)) if common else 0.0


def _few(one: Sequence[str], other: Sequence[str]) -> float:
    """Two figures in common say more than one: 0.5, 0.75, ..."""
    return 1 - 0.5 ** len(set(one) & set(other))


def _jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else 0.0


def _is_apart(one: Sequence[str], other: Sequence[str]) -> bool:
    return bool(one and other) and set(one).isdisjoint(other)


def _distance(one: Sequence[EventDate], other: Sequence[EventDate]) -> float:
    """Days between the nearest days of two events; infinite where one tells none."""
    return min((_gap(a, b) for a in one for b in other), default=math.inf)


def _gap(one: EventDate, other: EventDate) -> int:
    return max(_days(one.last, other.first), _days(other.last, one.first), 0)


def _days(first: date, last: date) -> int:
    return (last - first).days
