"""A host that one worker of several may visit now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to visit ``host``, until someone takes it over: then its epoch is past."""

    host: str  # a registrable domain; an address with its port where there is none
    epoch: int
