"""What goes into the store in one commit."""

from __future__ import annotations

from dataclasses import dataclass

from domain.article import Article
from domain.match import Match
from domain.notice import PlannedDelivery
from domain.page import Archived


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """An article with its judgement and the deliveries it causes: stored together or not at all."""

    article: Article
    matches: tuple[Match, ...] = ()
    deliveries: tuple[PlannedDelivery, ...] = ()
    archived: Archived | None = None  # where the page of a hit is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What a commit did. An article the store already held counts nowhere."""

    articles: int = 0
    hits: int = 0
    deliveries: int = 0
