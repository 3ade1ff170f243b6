"""What goes into the store in one commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.article import Article, Folded
from domain.match import Match
from domain.notice import PlannedDelivery
from domain.page import Archived
from domain.source import VisitReport
from domain.story import StoryUpdate, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """An article with its judgement and the deliveries it causes: stored together or not at all."""

    article: Article
    matches: tuple[Match, ...] = ()
    deliveries: tuple[PlannedDelivery, ...] = ()
    archived: Archived | None = None  # where the page of a hit is kept
    officials: tuple[str, ...] = ()  # official sources it comes from: ids of outlets or bodies
    trace: Trace | None = None  # of a hit; None: only the title says what story it is of
    folded: Folded | None = None  # the article's words for the index; None: the store folds them


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a visit hands in at one time: articles, with its report if they are its last."""

    filings: tuple[Filing, ...]
    report: VisitReport | None = None


class DeliveryPlanner(Protocol):
    """Decides whom an article is told, once its place among the stories is known.

    Called inside the commit that files the article: pure and quick, no I/O.
    """

    def __call__(self, filing: Filing, update: StoryUpdate, /) -> tuple[PlannedDelivery, ...]:
        """Return the deliveries of ``filing``, whose own ``deliveries`` are a proposal."""
        ...


def as_proposed(filing: Filing, update: StoryUpdate, /) -> tuple[PlannedDelivery, ...]:
    """Tell what the filing proposes, whatever the story."""
    del update
    return filing.deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What a commit did. An article the store already held counts nowhere."""

    articles: int = 0
    hits: int = 0
    deliveries: int = 0
    revised: int = 0  # stored articles that were edited
