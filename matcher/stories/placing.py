"""Where an article belongs: a pure decision of its trace and of those found for it.

A false join hides news, a missed one tells it twice: so an article joins only where the
evidence is clear, and two stories become one only where it is clearer still.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.story import Placement, StoryMember, Trace
from matcher.stories.likeness import Signs, Weights, likeness, signs

WEIGHTS = Weights(
    bias=-6.97,
    signs=Signs(
        wording=3.91,
        stems=3.26,
        foreign_stems=0.35,
        names=1.47,
        places=1.22,
        numbers=2.14,
        same_partners=1.01,
        other_partners=-8.0,  # given, not learnt: whatever else they share, two events
        activities=5.47,
        same_days=2.27,
        other_days=-2.13,
        other_names=-0.3,
        days_between=-2.4,
        other_language=0.52,
    ),
)
"""What each sign weighs, in the units of a log-odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How sure a join must be, 0..1."""

    join: float = 0.6  # that an article is of a story
    merge: float = 0.8  # that an article is of a second story, too: they become one
    between: float = 0.3  # mean likeness of the two stories' articles that a merge needs
    members: float = 0.35  # mean likeness to a story's articles that a join needs


BAR = Bar()


def place(
    trace: Trace,
    day: date,
    members: Iterable[StoryMember],
    *,
    window: int,
    bar: Bar = BAR,
    weights: Weights = WEIGHTS,
) -> Placement:
    """Decide where an article published on ``day`` belongs, given articles found for it.

    Articles more than ``window`` days away count for nothing. The answer depends on the
    values alone, not on the order in which ``members`` come.
    """
    stories = _by_story(trace, day, members, window, weights)
    ranked = sorted(
        (
            (max(how for how, _ in likes), ident)
            for ident, likes in stories.items()
            if _fits(likes, bar)
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    if not ranked:
        return Placement()
    sure, best = ranked[0]
    joined = [best]
    for likes, ident in ranked[1:]:
        if likes >= bar.merge and _are_one(stories, joined, ident, bar, weights):
            joined.append(ident)
    closest = max(stories[best], key=lambda pair: pair[0])[1]
    found = signs(trace, closest.trace, (day - closest.day).days)
    return Placement(stories=tuple(sorted(joined)), likeness=round(sure, 4), why=_why(found))


def _by_story(
    trace: Trace, day: date, members: Iterable[StoryMember], window: int, weights: Weights
) -> dict[int, list[tuple[float, StoryMember]]]:
    stories: dict[int, list[tuple[float, StoryMember]]] = defaultdict(list)
    for member in members:
        days = (day - member.day).days
        if abs(days) <= window:
            how = likeness(trace, member.trace, days, weights)
            stories[member.story_id].append((how, member))
    return stories


def _fits(likes: Sequence[tuple[float, StoryMember]], bar: Bar) -> bool:
    """One article alike is enough if the rest do not speak against it: no chain of chances."""
    values = [how for how, _ in likes]
    return max(values) >= bar.join and sum(values) / len(values) >= bar.members


def _are_one(
    stories: Mapping[int, Sequence[tuple[float, StoryMember]]],
    joined: Sequence[int],
    other: int,
    bar: Bar,
    weights: Weights,
) -> bool:
    pairs = [
        likeness(one.trace, two.trace, (one.day - two.day).days, weights)
        for ident in joined
        for _, one in stories[ident]
        for _, two in stories[other]
    ]
    return sum(pairs) / len(pairs) >= bar.between


_WORDS = {
    "wording": "wording",
    "stems": "words",
    "foreign_stems": "words",
    "names": "names",
    "places": "places",
    "numbers": "figures",
    "same_partners": "partners",
    "activities": "activities",
    "same_days": "days of the event",
}


def _why(found: Signs) -> str:
    """Name what two articles share, for people."""
    shared = (word for sign, word in _WORDS.items() if getattr(found, sign) >= 0.3)
    return ", ".join(dict.fromkeys(shared))
