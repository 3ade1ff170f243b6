"""What whoever is on duty keeps in the store: silences, acknowledgements, floods, bulletins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from domain.flood import FloodPolicy
from domain.notice import Bulletin
from domain.reminding import Reminder, ToldStory
from domain.silence import Silence
from storage import bulletins, failing, flooding, reminding, silencing
from storage.database import Database
from storage.folding import Folding


class Duty:
    """A part of a Store: every method raises StoreError when the database says no."""

    def __init__(
        self,
        database: Database,
        border: Callable[[], AbstractContextManager[None]],
        folding: Folding,
    ) -> None:
        self._database = database
        self._border = border
        self._folding = folding

    def silence(self, silence: Silence, now: datetime) -> tuple[int, int] | None:
        """Keep a silence; return its id and how many waiting deliveries it mutes.

        None when there is no story of its number. The id that ``silence`` has is not used.
        """
        with self._border(), self._database.write() as connection:
            ident = silencing.add(connection, silence, now)
            if ident is None:
                return None
            return ident, silencing.mute_waiting(connection, ident, self._folding, now)

    def silences(self) -> list[tuple[Silence, int]]:
        """Return every silence with the number of deliveries that it muted."""
        with self._border(), self._database.read() as connection:
            return silencing.listing(connection)

    def remove_silence(self, silence_id: int, now: datetime) -> bool:
        """End a silence now; False when none of that number is in force."""
        with self._border(), self._database.write() as connection:
            return silencing.remove(connection, silence_id, now)

    def acknowledge(self, story_id: int, made_by: str, now: datetime) -> bool | None:
        """Note that somebody looks after a story; False: it was before, None: no such story."""
        with self._border(), self._database.write() as connection:
            return silencing.acknowledge(connection, story_id, made_by, now)

    def told_stories(self, since: datetime) -> list[ToldStory]:
        """Return what was told one by one since then of stories that nobody acknowledged."""
        with self._border(), self._database.read() as connection:
            return reminding.told(connection, since)

    def remind(self, reminders: Sequence[Reminder], now: datetime) -> int:
        """Put reminders into the outbox; one that is there already is not put twice."""
        with self._border(), self._database.write() as connection:
            return reminding.add(connection, reminders, now)

    def end_floods(self, policy_of: Callable[[str], FloodPolicy | None], now: datetime) -> int:
        """End the floods that are over; return how many were. ``policy_of`` takes a route."""
        with self._border(), self._database.write() as connection:
            return flooding.end_floods(connection, policy_of, now)

    def report_failures(self, now: datetime) -> int:
        """Post a bulletin for what was refused for good since the last one; return how much."""
        with self._border(), self._database.write() as connection:
            return failing.report(connection, now)

    def bulletins(self) -> list[Bulletin]:
        """Return what nobody was told yet, oldest first."""
        with self._border(), self._database.read() as connection:
            return bulletins.untold(connection)

    def post(self, bulletin: Bulletin) -> None:
        """Put a bulletin up; one of the same key stands already and stays as it is."""
        with self._border(), self._database.write() as connection:
            bulletins.post(
                connection,
                key=bulletin.key,
                at=bulletin.at,
                subject=bulletin.subject,
                body=bulletin.body,
                channel=bulletin.channel,
                avoid=bulletin.avoid,
            )

    def mark_told(self, keys: Sequence[str], now: datetime) -> None:
        """Note that people heard of the bulletins of ``keys``."""
        with self._border(), self._database.write() as connection:
            bulletins.mark_told(connection, keys, now)
