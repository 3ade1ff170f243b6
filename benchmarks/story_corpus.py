"""Labelled articles as stories: read, traced, and moved onto one short calendar."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from domain.article import Document
from domain.match import EventDate
from domain.story import Trace
from matcher.facts import HOME_ZONE
from matcher.judge import Matcher
from matcher.learn import is_kept_aside
from matcher.stories.trace import Tracer

FORTNIGHT = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A traced article and the story that people gave it. Alone: a story of its own."""

    id: str
    story: str
    published: datetime
    trace: Trace

    @property
    def is_kept_aside(self) -> bool:
        return is_kept_aside(self.story)

    @property
    def day(self) -> date:
        return self.published.astimezone(HOME_ZONE).date()


def read(paths: Iterable[Path], matcher: Matcher) -> list[Labelled]:
    """Trace every dated article of ``paths``, in order of publication."""
    tracer = Tracer(matcher)
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            if "published_at" not in item:
                continue
            published = datetime.fromisoformat(item["published_at"])
            document = Document(
                id=item["id"], title=item["title"], text=item["text"], published_at=published
            )
            trace = tracer.trace(document, matcher.judge(document).matches)
            story = str(item.get("story") or item["id"])
            found.append(Labelled(id=item["id"], story=story, published=published, trace=trace))
    return sorted(found, key=lambda each: (each.published, each.id))


def on_one_calendar(
    articles: Sequence[Labelled], seed: str = "", days: int = FORTNIGHT
) -> list[Labelled]:
    """Move each story, whole, to a day of one fortnight: its articles and its event's days.

    Years apart, two visits from one country are told apart by the calendar alone. Here they
    are a few days apart, as in a busy week.
    """
    first = {}
    for each in articles:
        first[each.story] = min(each.day, first.get(each.story, each.day))
    begin = date(2026, 3, 2)
    moved = []
    for each in articles:
        digest = hashlib.sha256(f"{seed} {each.story}".encode()).digest()
        shift = begin - first[each.story] + timedelta(days=digest[0] % days)
        dates = tuple(
            EventDate(first=d.first + shift, last=d.last + shift) for d in each.trace.dates
        )
        trace = replace(each.trace, dates=dates)
        moved.append(replace(each, published=each.published + shift, trace=trace))
    return sorted(moved, key=lambda each: (each.published, each.id))
