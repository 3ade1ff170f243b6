"""A message as JSON, for programs: the same facts as the mail, by the names of the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from alerts.card import Card
from alerts.cleaning import clean, one_line
from domain.match import Match
from domain.notice import Delivery

_MOST_EVIDENCE = 50  # of one match
_MOST_IDS = 100  # of one list of a match
FORMAT = 1  # changes when a field changes its meaning or goes


def item(delivery: Delivery, card: Card) -> dict[str, Any]:
    """Return one hit article as JSON. Times are UTC, ISO 8601; None where nobody knows."""
    notice = delivery.notice
    return {
        "format": FORMAT,
        "type": "notice",
        "mode": str(delivery.mode),
        "reference": card.reference,
        "headline": card.headline,
        "title": card.title,
        "url": card.link or None,
        "outlet": card.outlet,
        "language": card.language,
        "published_at": _moment(notice.published_at),
        "first_seen": _moment(notice.first_seen),
        "story_id": notice.story_id,
        "snippet": "".join(piece.text for piece in card.proof),
        "matches": [_match(match) for match in notice.matches],
    }


def message(key: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what a webhook is posted: one message, its id and the notices that it holds."""
    return {"format": FORMAT, "type": "message", "id": key, "notices": list(items)}


def _match(match: Match) -> dict[str, Any]:
    lists = ("partners", "activities", "persons", "organisations", "equipment", "places")
    return {
        "rule": one_line(match.rule),
        "score": match.score,
        **{name: [one_line(v) for v in getattr(match, name)[:_MOST_IDS]] for name in lists},
        "dates": [{"from": d.first.isoformat(), "to": d.last.isoformat()} for d in match.dates],
        "evidence": [
            {"text": clean(e.text), "field": e.field, "concept": clean(e.concept)}
            for e in match.evidence[:_MOST_EVIDENCE]
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
