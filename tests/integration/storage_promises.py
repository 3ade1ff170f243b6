"""What the tests of the store's promises share: things to file, and short ways to ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from domain.article import Article
from domain.errors import StoreError
from domain.filing import Filing
from domain.match import EventDate, Evidence, Match
from domain.notice import Mode, PlannedDelivery, SendOutcome, SendResult
from domain.source import FetchState, Source, VisitOutcome, VisitReport
from storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def outlet(key: str, **changes: object) -> Source:
    facts: dict[str, object] = {
        "id": key,
        "name": key.title(),
        "url": f"https://{key}.example/",
        "language": "fr",
        "country": "DZ",
        "feeds": (f"https://{key}.example/feed",),
    }
    return Source(**{**facts, **changes})  # type: ignore[arg-type]


def match(text: str, *words: str, rule: str = "defence", score: float = 0.9) -> Match:
    proofs = tuple(
        Evidence(
            start=text.index(w), end=text.index(w) + len(w), text=w, field="text", concept="#c"
        )
        for w in words
    )
    return Match(
        rule=rule,
        score=score,
        threshold=0.5,
        partners=("US", "FR"),
        activities=("visit", "dialogue"),
        persons=("said-chanegriha",),
        organisations=("anp",),
        places=("alger",),
        dates=(EventDate(first=date(2026, 1, 9), last=date(2026, 1, 10)),),
        evidence=proofs,
    )


TEXT = "Le général a parlé de coopération militaire à Alger.\n\nوزير الدفاع 🇩🇿 في واشنطن."


def filing(key: str, *, hit: bool = True, **changes: object) -> Filing:
    facts: dict[str, object] = {
        "url": f"https://tsa.example/{key}",
        "source_id": "tsa",
        "title": f"Titre {key}",
        "text": TEXT,
        "language": "fr",
        "first_seen": NOW,
        "published_at": NOW - MINUTE,
        "authors": ("A. B.",),
    }
    article = Article(**{**facts, **changes})  # type: ignore[arg-type]
    planned = (PlannedDelivery(channel="mail", mode=Mode.IMMEDIATE, due_at=NOW),)
    found = (match(TEXT, "coopération militaire", "وزير الدفاع"),)
    return Filing(article=article, matches=found if hit else (), deliveries=planned if hit else ())


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.query(sql).rows]


def claim(store: Store, now: datetime = NOW, lease: timedelta = MINUTE, limit: int = 10):  # type: ignore[no-untyped-def]
    return store.claim("mail", Mode.IMMEDIATE, now, lease, limit)


def report(key: str, state: FetchState | None = None, **changes: object) -> VisitReport:
    facts: dict[str, object] = {
        "source_id": key,
        "outcome": VisitOutcome.OK,
        "reason": "",
        "started": NOW,
        "finished": NOW,
        "state": state,
    }
    return VisitReport(**{**facts, **changes})  # type: ignore[arg-type]


def refusal(call: Callable[[], object]) -> str | None:
    """Return what a StoreError says, None if there is none; any other error fails the test."""
    try:
        call()
    except StoreError as error:
        return str(error)
    return None


SENT = SendOutcome(result=SendResult.ACCEPTED)
