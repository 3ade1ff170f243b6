"""Judging again what was judged before: what changed, and how far it got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.article import Article, Document
from domain.match import Match
from domain.notice import PlannedDelivery
from domain.story import Trace

SCORE_PLACES = 4


class ChangeKind(StrEnum):
    """How a verdict of today stands to the stored one."""

    NEW = "new"  # a hit that was none
    LOST = "lost"  # no longer a hit
    SCORE = "score"  # a hit as before, its score moved
    FACTS = "facts"  # a hit as before, with other facts or other proof
    SAME = "same"  # nothing but the rule's version


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article of the store with the hits it has there."""

    article_id: int
    article: Article
    hits: tuple[tuple[int, Match], ...]  # (hit_id, match)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """What is judged of an article of the store, with the hits it has there."""

    article_id: int
    document: Document  # its id is the article's address
    hits: tuple[tuple[int, Match], ...]  # (hit_id, match)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChange:
    """What becomes of one rule's verdict on one article."""

    article_id: int
    kind: ChangeKind
    rule: str
    hit_id: int | None  # of the stored hit; None for a new one
    before: Match | None
    after: Match | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """A stored article with what becomes of its verdicts, and whom a new one is told."""

    stored: StoredArticle
    changes: tuple[VerdictChange, ...]
    deliveries: tuple[PlannedDelivery, ...] = ()
    officials: tuple[str, ...] = ()  # see Filing
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RematchProgress:
    """How far a rematch of some rules got. ``version`` stands for the rules and the lexicon."""

    rematch_id: int
    version: str
    since: datetime | None
    checked_to: int  # articles up to this id are done
    is_resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RematchChunk:
    """A part of the archive that one worker judges again at a time: articles up to ``upto``."""

    rematch_id: int
    version: str
    since: datetime | None
    upto: int
    articles: int
    checked_to: int  # articles up to this id are done
    result: str  # what changed so far, as its maker writes it; empty: nothing was done
    refusal: str  # why a worker would not take it

    @property
    def is_done(self) -> bool:
        """Whether all of it was judged."""
        return self.checked_to >= self.upto


def changes(
    stored: StoredArticle | StoredText, today: Sequence[Match], rules: Iterable[str]
) -> tuple[VerdictChange, ...]:
    """Compare the stored hits of ``rules`` with today's matches; hits of other rules stay."""
    asked = set(rules)
    before = {match.rule: (hit_id, match) for hit_id, match in stored.hits if match.rule in asked}
    after = {match.rule: match for match in today}
    found = []
    for rule in sorted(before.keys() | after.keys()):
        hit_id, old = before.get(rule, (None, None))
        new = after.get(rule)
        found.append(
            VerdictChange(
                article_id=stored.article_id,
                kind=_kind(old, new),
                rule=rule,
                hit_id=hit_id,
                before=old,
                after=new,
            )
        )
    return tuple(c for c in found if c.kind is not ChangeKind.SAME or c.before != c.after)


def _kind(old: Match | None, new: Match | None) -> ChangeKind:
    if old is None:
        return ChangeKind.NEW
    if new is None:
        return ChangeKind.LOST
    if round(old.score, SCORE_PLACES) != round(new.score, SCORE_PLACES):
        return ChangeKind.SCORE
    alike = replace(new, score=old.score, rule_version=old.rule_version)
    return ChangeKind.SAME if alike == old else ChangeKind.FACTS
