"""What makes a report of a story material: one answer for what is kept and what is told. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from domain.match import Match

_AGENCY = frozenset({"agency", "state"})
_OFFICIAL = frozenset({"ministry", "embassy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one report says, or several together."""

    partners: frozenset[str] = frozenset()  # ids as in Match
    activities: frozenset[str] = frozenset()
    officials: frozenset[str] = frozenset()  # official sources: ids of outlets or bodies

    def __or__(self, other: Facts) -> Facts:
        """Return what both hold together."""
        return Facts(
            partners=self.partners | other.partners,
            activities=self.activities | other.activities,
            officials=self.officials | other.officials,
        )

    def beyond(self, known: Facts) -> Facts:
        """Return what is news to who knows ``known``.

        One official source is news beside the papers; the second says what the first said.
        """
        return Facts(
            partners=self.partners - known.partners,
            activities=self.activities - known.activities,
            officials=frozenset() if known.officials else self.officials,
        )

    def news_to(self, known: Facts) -> bool:
        """Whether anything here is news to who knows ``known``."""
        return self.beyond(known) != Facts()


def facts_of(matches: Iterable[Match], officials: Iterable[str] = ()) -> Facts:
    """Return what an article with ``matches`` says, speaking for ``officials``."""
    held = tuple(matches)
    return Facts(
        partners=frozenset(partner for match in held for partner in match.partners),
        activities=frozenset(activity for match in held for activity in match.activities),
        officials=frozenset(officials),
    )


def is_official(tags: Collection[str]) -> bool:
    """Whether a source of these tags is official: a ministry, an embassy, the state's agency."""
    return not _OFFICIAL.isdisjoint(tags) or set(tags) >= _AGENCY
