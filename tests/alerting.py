"""What the tests of alerting share: things to tell, an outbox in memory, a channel that obeys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.article import Article
from domain.match import EventDate, Evidence, Match
from domain.notice import (
    Delivery,
    DeliveryState,
    Mode,
    Notice,
    PlannedDelivery,
    SendOutcome,
    SendResult,
)

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ACCEPTED = SendOutcome(result=SendResult.ACCEPTED)
RETRY = SendOutcome(result=SendResult.RETRY, reason="later")
REFUSED = SendOutcome(result=SendResult.REFUSED, reason="never")
DOWN = SendOutcome(result=SendResult.RETRY, reason="login", channel_wide=True)

FRENCH = (
    "Le ministre est arrivé lundi. Une délégation de la marine italienne a rencontré à Alger des "
    "officiers algériens pour préparer un exercice naval conjoint. Le port reste ouvert."
)
ARABIC = "استقبل رئيس الأركان وفدا عسكريا من إيطاليا. وبحث الطرفان التعاون العسكري بين البلدين."


def evidence(text: str, *words: str, field: str = "text") -> tuple[Evidence, ...]:
    return tuple(
        Evidence(start=text.index(w), end=text.index(w) + len(w), text=w, field=field, concept="#c")
        for w in words
    )


def match(rule: str = "defence-cooperation", **facts: Any) -> Match:
    given: dict[str, Any] = {
        "score": 0.9,
        "threshold": 0.5,
        "partners": ("IT",),
        "activities": ("visit", "exercise"),
        "persons": ("said-chanegriha",),
        "dates": (EventDate(first=date(2026, 3, 12), last=date(2026, 3, 14)),),
        "evidence": evidence(FRENCH, "marine italienne", "exercice naval conjoint"),
    }
    return Match(rule=rule, **{**given, **facts})


def article(**facts: Any) -> Article:
    given = {
        "url": "https://paper.example/1",
        "source_id": "paper",
        "title": "Exercice naval algéro-italien",
        "text": FRENCH,
        "language": "fr",
        "first_seen": NOW,
        "published_at": NOW - timedelta(hours=2),
    }
    return Article(**{**given, **facts})


def notice(number: int = 1, **facts: Any) -> Notice:
    given: dict[str, Any] = {
        "article_id": number,
        "story_id": number,
        "title": f"Exercice naval algéro-italien n° {number}",
        "url": f"https://paper.example/{number}?a=1&b=2",
        "outlet": "Le Papier",
        "language": "fr",
        "published_at": NOW - timedelta(hours=2),
        "first_seen": NOW,
        "text": FRENCH,
        "matches": (match(),),
    }
    return Notice(**{**given, **facts})


def arabic(number: int = 1, **facts: Any) -> Notice:
    held = match(evidence=evidence(ARABIC, "وفدا عسكريا", "التعاون العسكري"))
    given: dict[str, Any] = {
        "title": "رئيس الأركان يستقبل وفدا عسكريا إيطاليا",
        "text": ARABIC,
        "language": "ar",
        "outlet": "الجريدة",
        "matches": (held,),
    }
    return notice(number, **{**given, **facts})


def delivery(number: int = 1, told: Notice | None = None, **facts: Any) -> Delivery:
    given: dict[str, Any] = {
        "id": number,
        "key": f"mail:immediate:{number}",
        "channel": "mail",
        "mode": Mode.IMMEDIATE,
        "attempts": 0,
        "created_at": NOW,
        "notice": told or notice(number),
    }
    return Delivery(**{**given, **facts})


@dataclass(slots=True)
class Row:
    """A row of the outbox in memory."""

    delivery: Delivery
    due_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    lease_until: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class MemoryOutbox:
    """Implements ``alerts.ports.Outbox`` in a list, and is held to it by tests/contracts."""

    rows: list[Row] = field(default_factory=list)
    claims: int = 0

    def put(self, *deliveries: Delivery, due_at: datetime = NOW) -> None:
        self.rows += [Row(delivery=d, due_at=due_at) for d in deliveries]

    def plan(self, planned: PlannedDelivery, told: Notice) -> None:
        number = len(self.rows) + 1
        key = f"{planned.channel}:{planned.mode}:{told.article_id}"
        row = delivery(number, told, key=key, channel=planned.channel, mode=planned.mode)
        self.put(row, due_at=planned.due_at)

    def states(self) -> list[str]:
        return [str(row.state) for row in self.rows]

    async def claim(
        self, channel: str, mode: Mode, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Delivery]:
        self.claims += 1
        found = [r for r in self.rows if _is_free(r, channel, mode, now)][:limit]
        for row in found:
            row.state, row.lease_until = DeliveryState.LEASED, now + lease
            row.delivery = replace(row.delivery, lease=f"claim {self.claims}")
        return [row.delivery for row in found]

    async def settle(
        self,
        deliveries: Sequence[Delivery],
        outcome: SendOutcome,
        now: datetime,
        next_try: datetime | None,
    ) -> None:
        leases = {d.id: d.lease for d in deliveries}
        for row in self.rows:
            is_ours = leases.get(row.delivery.id) == row.delivery.lease
            if row.state is DeliveryState.LEASED and is_ours:
                _write(row, outcome, next_try)

    async def next_due(self, channel: str) -> datetime | None:
        waits = (DeliveryState.PENDING, DeliveryState.LEASED)
        waiting = [r for r in self.rows if r.state in waits and r.delivery.channel == channel]
        return min((r.lease_until or r.due_at for r in waiting), default=None)

    async def overdue(self, channel: str, made_by: datetime, due_by: datetime) -> int:
        waiting = [r for r in self.rows if r.state is DeliveryState.PENDING and r.due_at <= due_by]
        mine = [r.delivery for r in waiting if r.delivery.channel == channel]
        mine = [d for d in mine if d.created_at <= made_by]
        return sum(d.mode is Mode.IMMEDIATE and not d.is_urgent for d in mine)


def _is_free(row: Row, channel: str, mode: Mode, now: datetime) -> bool:
    if (row.delivery.channel, row.delivery.mode) != (channel, mode):
        return False
    if row.state is DeliveryState.PENDING:
        return row.due_at <= now
    return (
        row.state is DeliveryState.LEASED
        and row.lease_until is not None
        and (row.lease_until <= now)
    )


def _write(row: Row, outcome: SendOutcome, next_try: datetime | None) -> None:
    row.lease_until, row.reason = None, outcome.reason
    attempts = row.delivery.attempts + (not outcome.channel_wide)
    row.delivery = replace(row.delivery, attempts=attempts, lease="")
    if outcome.result is SendResult.ACCEPTED:
        row.state = DeliveryState.SENT
    elif next_try is None:
        row.state = DeliveryState.FAILED
    else:
        row.state, row.due_at = DeliveryState.PENDING, next_try


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, wait: timedelta) -> None:
        self.now += wait


@dataclass(slots=True)
class ObedientChannel:
    """Answers what ``answer`` says and remembers what it was given."""

    name: str = "mail"
    gap: float = 0.0
    answer: Callable[[Sequence[Delivery]], SendOutcome] = lambda _: ACCEPTED
    sent: list[list[str]] = field(default_factory=list)  # keys, message by message

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        assert digest or len(deliveries) == 1
        self.sent.append([d.key for d in deliveries])
        return self.answer(deliveries)

    async def close(self) -> None:
        """Hold nothing."""
