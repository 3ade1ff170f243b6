"""What a message says of a notice, before it takes the form of a channel."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from alerts.cleaning import is_rtl, one_line, safe_link
from alerts.phrasebook import Phrasebook
from alerts.proof import Piece, proof
from domain.match import ACTIVITIES, Match
from domain.notice import Delivery, Mode

LONGEST_TITLE = 300  # code points
_MOST_RULES = 8
_MOST_ALSO = 6  # other reports that are named
_ARTICLE_LANGUAGES = ("ar", "fr", "en")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One hit article, ready to be laid out. Every text is clean; none is escaped.

    Names, dates and labels are in the language of the channel; title and proof in the article's.
    """

    who: str  # Algeria and its partners
    headline: str  # who, with whom, doing what
    partners: tuple[str, ...]
    activities: tuple[str, ...]
    kinds: tuple[str, ...]  # the activities' ids, in the order of a verdict
    when: str  # the days of the event; empty where none is known
    where: str
    people: str
    facts: tuple[tuple[str, str], ...]  # (label, values) of what else is known
    title: str
    link: str  # empty when the address is none to click on
    outlet: str
    language: str  # ar | fr | en | und, as the attribute ``lang`` wants it
    language_name: str
    is_rtl: bool  # the article
    published: str
    rules: tuple[str, ...]
    score: float
    proof: tuple[Piece, ...]
    reference: str
    story_id: int
    is_update: bool  # the story was told before
    also: tuple[tuple[str, str], ...] = ()  # (outlet, link) of other reports in this message
    also_left: int = 0  # of them, not named

    @property
    def occasion(self) -> str:
        """When and where, in a line."""
        return " · ".join(filter(None, (self.when, self.where)))


def reference(key: str) -> str:
    """Return the short mark by which two messages of one delivery are known as one."""
    return "M-" + hashlib.sha256(key.encode()).hexdigest()[:10].upper()


def best_score(delivery: Delivery) -> float:
    """Return the score of the rule that holds best."""
    return max((m.score for m in delivery.notice.matches), default=0.0)


def is_one_story(deliveries: Sequence[Delivery]) -> bool:
    """Whether a message is a notice: one report, or several of one story that came together."""
    stories = {d.notice.story_id for d in deliveries}
    is_told_now = all(d.mode is Mode.IMMEDIATE for d in deliveries)
    return len(deliveries) == 1 or (is_told_now and len(stories) == 1 and min(stories) > 0)


def story_card(deliveries: Sequence[Delivery], book: Phrasebook) -> Card:
    """Lay out several reports of one story: the strongest, and where the others stand."""
    lead, *rest = sorted(deliveries, key=lambda d: (-best_score(d), d.id))
    others = tuple((_outlet(d, book), safe_link(d.notice.url)) for d in rest[:_MOST_ALSO])
    return replace(card(lead, book), also=others, also_left=len(rest) - len(others))


def card(delivery: Delivery, book: Phrasebook) -> Card:
    """Lay out what a message says of ``delivery``, in the language of ``book``."""
    notice = delivery.notice
    matches = notice.matches
    title = one_line(notice.title, LONGEST_TITLE) or book.say("no_title")
    language = notice.language if notice.language in _ARTICLE_LANGUAGES else "und"
    partners = tuple(book.partner(p) for p in _merged(m.partners for m in matches))
    kinds = _kinds(matches)
    activities = tuple(book.activity(a) for a in kinds)
    who = " – ".join(filter(None, (book.say("home"), book.listed(partners, 4))))
    what = book.listed(activities, 4)
    return Card(
        who=who,
        headline=book.say("headline", who=who, what=what) if what else who,
        partners=partners,
        activities=activities,
        kinds=kinds,
        when=book.listed([book.days(d) for d in _merged(m.dates for m in matches)], 3),
        where=_things((m.places for m in matches), book, 3),
        people=_things((m.persons for m in matches), book),
        facts=_facts(matches, book),
        title=title,
        link=safe_link(notice.url),
        outlet=_outlet(delivery, book),
        language=language,
        language_name=book.language_name(language),
        is_rtl=language == "ar" or is_rtl(title),
        published=book.when(notice.published_at, notice.first_seen),
        rules=tuple(one_line(m.rule, 80) for m in matches[:_MOST_RULES]),
        score=best_score(delivery),
        proof=proof(notice),
        reference=reference(delivery.key),
        story_id=notice.story_id,
        is_update=bool(delivery.thread),
    )


def _outlet(delivery: Delivery, book: Phrasebook) -> str:
    return one_line(delivery.notice.outlet, 80) or book.say("no_outlet")


def _facts(matches: Sequence[Match], book: Phrasebook) -> tuple[tuple[str, str], ...]:
    rows = (
        ("organisations", _things((m.organisations for m in matches), book)),
        ("equipment", _things((m.equipment for m in matches), book)),
    )
    return tuple((book.say(f"facts.{key}"), values) for key, values in rows if values)


def _things(groups: Iterable[Iterable[str]], book: Phrasebook, most: int = 8) -> str:
    return book.listed([book.thing(ident) for ident in _merged(groups)], most)


def _merged(groups: Iterable[Iterable[T]]) -> list[T]:
    return list(dict.fromkeys(item for group in groups for item in group))


def _kinds(matches: Sequence[Match]) -> tuple[str, ...]:
    found = {a for m in matches for a in m.activities}
    named = tuple(a for a in ACTIVITIES if a in found)
    return tuple(a for a in named if a != "other") or named
