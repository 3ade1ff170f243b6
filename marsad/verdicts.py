"""The verdict as JSON, as docs and outside checks know it."""

from __future__ import annotations

from typing import Any

from domain.match import Match, Verdict


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict in its public form."""
    return {
        "id": verdict.id,
        "language": verdict.language,
        "matched": verdict.is_match,
        "matches": [_match(match) for match in verdict.matches],
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "rule": match.rule,
        "score": match.score,
        "threshold": match.threshold,
        "partners": list(match.partners),
        "activities": list(match.activities),
        "persons": list(match.persons),
        "organisations": list(match.organisations),
        "equipment": list(match.equipment),
        "places": list(match.places),
        "dates": [{"from": d.first.isoformat(), "to": d.last.isoformat()} for d in match.dates],
        "evidence": [
            {
                "start": e.start,
                "end": e.end,
                "text": e.text,
                "field": e.field,
                "concept": e.concept,
            }
            for e in match.evidence
        ],
    }
