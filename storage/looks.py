"""What the page asks of the store, and the judgements that it keeps there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from domain.looking import (
    Counts,
    Figures,
    HitPage,
    JudgedArticle,
    Judgement,
    Picture,
    SourceRow,
    StoryCard,
)
from storage import judgements, looking, outbox, stories, telling
from storage import picture as pictures
from storage.database import Database
from storage.outbox import OutboxRow


class Looks:
    """A part of a Store: every method raises StoreError when the database says no."""

    def __init__(
        self, database: Database, border: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._database = database
        self._border = border

    def figures(self, now: datetime) -> Figures:
        """Return how the store stands, in numbers."""
        with self._border(), self._database.read() as connection:
            return looking.figures(connection, now)

    def counts(self) -> Counts:
        """Return how much the store holds."""
        with self._border(), self._database.read() as connection:
            return looking.counts(connection)

    def facet_values(self, kinds: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        """Return the values that hits have of each kind with their number, most first."""
        with self._border(), self._database.read() as connection:
            return looking.facet_values(connection, kinds)

    def hit(self, hit_id: int) -> HitPage | None:
        """Return one hit with its article and proofs."""
        with self._border(), self._database.read() as connection:
            return looking.hit(connection, hit_id)

    def stories(self, limit: int, before: int | None = None) -> list[StoryCard]:
        """Return the stories that were told last, beyond story ``before`` in that order."""
        with self._border(), self._database.read() as connection:
            return telling.newest(connection, limit, before)

    def changed_stories(self, after_hit: int, limit: int) -> list[StoryCard]:
        """Return the stories with hits beyond ``after_hit``, the newest last."""
        with self._border(), self._database.read() as connection:
            return telling.changed(connection, after_hit, limit)

    def newest_hit(self) -> int:
        """Return the id of the newest hit; 0 where there is none."""
        with self._border(), self._database.read() as connection:
            return telling.newest_hit(connection)

    def story(self, story_id: int) -> StoryCard | None:
        """Return one story; of a number that became part of another, that other."""
        with self._border(), self._database.read() as connection:
            number = stories.standing_number(connection, story_id)
            return next(iter(telling.cards(connection, [number])), None)

    def deliveries(self, story_id: int) -> list[OutboxRow]:
        """Return the messages about a story's articles, whatever became of them."""
        with self._border(), self._database.read() as connection:
            ids = telling.article_ids(connection, story_id)
            return [row for ident in ids for row in outbox.of_article(connection, ident)]

    def sources(self, now: datetime) -> list[SourceRow]:
        """Return every configured source with what it gave in the last days."""
        with self._border(), self._database.read() as connection:
            return pictures.source_rows(connection, now)

    def picture(self, since: datetime, until: datetime) -> Picture:
        """Return what the hits of a span of time say together."""
        with self._border(), self._database.read() as connection:
            return pictures.picture(connection, since, until)

    def judge(self, judgement: Judgement) -> None:
        """Keep what an analyst says of a hit."""
        with self._border(), self._database.write() as connection:
            judgements.add(connection, judgement)

    def judgement(self, article_id: int, rule: str) -> Judgement | None:
        """Return what was said of a hit last."""
        with self._border(), self._database.read() as connection:
            return judgements.last(connection, article_id, rule)

    def judgements(self) -> list[JudgedArticle]:
        """Return what counts of every judged hit, the oldest judgement first."""
        with self._border(), self._database.read() as connection:
            return list(judgements.listing(connection))
