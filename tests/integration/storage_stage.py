"""Things to store, for the tests of storage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.article import Article
from domain.filing import Filing
from domain.match import EventDate, Evidence, Match
from domain.notice import Mode, PlannedDelivery
from domain.source import FetchState, Source, Validators, VisitOutcome, VisitReport

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
WORDS = "coopération militaire"
TEXT = f"Une délégation est venue à Alger.\n\nLa {WORDS} avance, dit-on."


def source(key: str = "aps", **facts: Any) -> Source:
    given = {"name": key.upper(), "url": f"https://{key}.example/", "language": "fr"}
    return Source(id=key, **{"country": "DZ", **given, **facts})


def article(number: int | str = 1, **facts: Any) -> Article:
    given = {
        "url": f"https://aps.example/{number}",
        "source_id": "aps",
        "title": f"Titre {number}",
        "text": TEXT,
        "language": "fr",
        "first_seen": NOW,
        "published_at": NOW - timedelta(hours=1),
    }
    return Article(**{**given, **facts})


def proof(text: str = TEXT) -> Evidence:
    start = text.index(WORDS)
    return Evidence(start=start, end=start + len(WORDS), text=WORDS, field="text", concept="#c")


def match(**facts: Any) -> Match:
    given = {
        "rule": "defence-cooperation",
        "score": 0.875,
        "threshold": 0.5,
        "partners": ("US", "FR"),
        "activities": ("visit", "dialogue"),
        "persons": ("said-chanegriha",),
        "organisations": ("anp", "africom"),
        "equipment": ("su-30",),
        "places": ("alger",),
        "dates": (EventDate(first=date(2026, 3, 12), last=date(2026, 3, 14)),),
        "evidence": (proof(),),
    }
    return Match(**{**given, **facts})


def planned(channel: str = "mail", mode: Mode = Mode.IMMEDIATE, **facts: Any) -> PlannedDelivery:
    return PlannedDelivery(channel=channel, mode=mode, **{"due_at": NOW, **facts})


def hit(number: int | str = 1, **facts: Any) -> Filing:
    return Filing(article=article(number, **facts), matches=(match(),), deliveries=(planned(),))


def visit(outcome: VisitOutcome = VisitOutcome.OK, key: str = "aps", **facts: Any) -> VisitReport:
    state = FetchState(
        source_id=key,
        next_due=NOW + timedelta(hours=1),
        last_visit=NOW,
        last_success=NOW if outcome.is_success else None,
        failures=0 if outcome.is_success else 1,
        outcome=outcome,
        reason="" if outcome.is_success else "HTTP 503",
        interval_seconds=3600.0,
        validators=(Validators(url=f"https://{key}.example/feed", etag='"1"', body_hash="ab"),),
    )
    given = {"reason": state.reason, "started": NOW, "finished": NOW, "state": state}
    return VisitReport(source_id=key, outcome=outcome, **{**given, **facts})
