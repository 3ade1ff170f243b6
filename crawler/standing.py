"""How each way into a source fares, and in which order the ways are tried. Pure.

A way that fails gives place to the next in the same visit. When it fails again and again while
another answers, it rests, longer each time; after its rest it is tried first again, so that it
comes back when it heals.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from crawler.ways import Way
from domain.source import Validators

PATIENCE = 2  # failures in a row that cost no rest: a hiccup is no illness
_FIRST_REST = timedelta(hours=1)
_LONGEST_REST = timedelta(hours=24)


def in_order(
    groups: Sequence[Sequence[Way]], known: Mapping[str, Validators], now: datetime
) -> list[list[Way]]:
    """Return the groups as they are to be tried: first what does not rest, then what does.

    Nothing is left out: when every fresh way fails, a resting one may have healed.
    """
    awake = [[way for way in group if not is_resting(known.get(way.url), now)] for group in groups]
    resting = [[way for way in group if is_resting(known.get(way.url), now)] for group in groups]
    return [group for group in (*awake, *resting) if group]


def is_resting(standing: Validators | None, now: datetime) -> bool:
    """Whether a way is left alone at ``now``."""
    return standing is not None and standing.rests_until is not None and standing.rests_until > now


def after_failure(
    standing: Validators | None, url: str, now: datetime, wait: timedelta | None = None
) -> Validators:
    """Return the standing of a way that failed while another answered.

    ``wait`` is what its server asked for, if it did.
    """
    old = standing or Validators(url=url)
    failures = old.failures + 1
    rest = rest_after(failures)
    if wait is not None:
        rest = max(rest, min(wait, _LONGEST_REST))
    return replace(old, failures=failures, rests_until=now + rest if rest else None)


def rest_after(failures: int) -> timedelta:
    """Return how long a way rests after that many failures in a row: 0, 0, 1, 2, 4 h to a day."""
    if failures <= PATIENCE:
        return timedelta(0)
    doublings = min(failures - PATIENCE - 1, 10)
    return min(_FIRST_REST * (1 << doublings), _LONGEST_REST)


def kept_of(known: Collection[Validators], addresses: Collection[str]) -> dict[str, Validators]:
    """Return what is remembered of those ways that the source still has, by address."""
    return {one.url: one for one in known if one.url in addresses}
