"""A notice to try a channel with. It says of itself that it is a test."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.match import EventDate, Evidence, Match
from domain.notice import Delivery, Mode, Notice

_TITLE = "Test de marsad : dialogue militaire algéro-américain à Washington"
_TEXT = (
    "Ceci est un message d'essai. L'Algérie et les Etats-Unis ont tenu à Washington un dialogue "
    "militaire conjoint consacré à la coopération en matière de défense."
)


def sample_delivery(channel: str, now: datetime) -> Delivery:
    """Return a made-up delivery for ``channel``; its key differs at every second."""
    words = ("Algérie", "Etats-Unis", "dialogue militaire conjoint")
    evidence = tuple(
        Evidence(
            start=_TEXT.index(w), end=_TEXT.index(w) + len(w), text=w, field="text", concept="#test"
        )
        for w in words
    )
    day = now.date()
    match = Match(
        rule="defence-cooperation",
        score=1.0,
        threshold=0.5,
        partners=("US",),
        activities=("dialogue",),
        dates=(EventDate(first=day, last=day),),
        evidence=evidence,
    )
    notice = Notice(
        article_id=0,
        story_id=0,
        title=_TITLE,
        url="https://example.org/marsad-test",
        outlet="marsad",
        language="fr",
        published_at=now - timedelta(minutes=5),
        first_seen=now,
        text=_TEXT,
        matches=(match,),
    )
    return Delivery(
        id=0,
        key=f"test:{channel}:{now.isoformat()}",
        channel=channel,
        mode=Mode.IMMEDIATE,
        attempts=0,
        created_at=now,
        notice=notice,
    )
