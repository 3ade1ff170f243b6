"""The store: everything that is kept, behind one door."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from domain.article import Article
from domain.asking import ArticleQuery, ArticleRow, HitQuery, HitRow
from domain.filing import Filed, Filing
from domain.notice import Delivery, DeliveryState, Mode, SendOutcome
from domain.rematch import Rejudged, RematchProgress, StoredArticle
from domain.source import FetchState, Source, VisitReport
from storage import (
    analyst,
    asking,
    care,
    filing,
    fulltext,
    outbox,
    rematching,
    robots,
    schema,
    sources,
)
from storage.analyst import QueryResult
from storage.border import border
from storage.database import Database
from storage.facets import Labels, value_itself
from storage.fulltext import Folding, PlainFolding
from storage.locking import daemon_lock
from storage.outbox import OutboxRow
from storage.robots import RobotsRow
from storage.schema import SchemaState


def _new_token() -> str:
    return uuid.uuid4().hex


class Store:
    """A database of marsad, SQLite or PostgreSQL. One Store serves many threads.

    Every method raises StoreError, of one line, when the database says no. ``labels`` gives
    the words for people of a facet's value, ``tokens`` a new unique token for each claim,
    ``folding`` the form in which words are indexed and sought.
    """

    def __init__(
        self,
        database: Database,
        *,
        labels: Labels = value_itself,
        tokens: Callable[[], str] = _new_token,
        folding: Folding = PlainFolding(),  # noqa: B008 - a value without state
    ) -> None:
        self._database = database
        self._folding = folding
        self._labels = labels
        self._tokens = tokens

    @classmethod
    def open(
        cls,
        url: str,
        *,
        migrate: bool = True,
        read_only: bool = False,
        labels: Labels = value_itself,
        folding: Folding = PlainFolding(),  # noqa: B008 - a value without state
    ) -> Self:
        """Open ``sqlite:///PATH`` or ``postgresql+psycopg://...``, its schema brought up to date.

        Without ``migrate``, or ``read_only``, a schema of another version raises SchemaError;
        a newer one always does.
        """
        store = cls(Database(url, read_only=read_only), labels=labels, folding=folding)
        try:
            if migrate and not read_only:
                store.upgrade()
                store.index_words()
            else:
                with store._border():
                    schema.require_current(store._database)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _border(self) -> AbstractContextManager[None]:
        return border(self._database.name)

    # -- the database itself

    def upgrade(self) -> bool:
        """Bring the schema to this program's version; False if it was there."""
        with self._border():
            return schema.upgrade(self._database)

    def index_words(self) -> None:
        """Index articles that no index of this folding holds, some hundreds a commit."""
        with self._border():
            with self._database.read() as connection:
                is_behind = fulltext.is_behind(connection, self._folding)
            while is_behind:
                is_behind = self._database.writing(
                    lambda connection: fulltext.catch_up(connection, self._folding)
                )

    def schema_state(self) -> SchemaState:
        """Return how the schema stands to this program."""
        with self._border():
            return schema.schema_state(self._database)

    def check(self) -> list[str]:
        """Return what is wrong with the database, a line each; empty when it is whole."""
        with self._border():
            return list(care.faults(self._database))

    def backup(self, path: str | Path) -> None:
        """Copy a SQLite database while it is in use; ``path`` must not exist."""
        with self._border():
            care.backup(self._database, Path(path))

    @contextmanager
    def hold_daemon_lock(self) -> Iterator[None]:
        """Hold the database for one daemon; BusyError names another that does."""
        with ExitStack() as stack:
            with self._border():
                stack.enter_context(daemon_lock(self._database))
            yield

    # -- sources

    def sync_sources(self, wanted: Sequence[Source], now: datetime) -> None:
        """Take over the configured sources; those that left keep their history as ``removed``."""
        with self._border(), self._database.write() as connection:
            sources.sync(connection, wanted, now)

    def due_sources(self, now: datetime, limit: int) -> list[FetchState]:
        """Return up to ``limit`` sources to visit now, the most overdue first."""
        with self._border(), self._database.read() as connection:
            return sources.due(connection, now, limit)

    def fetch_states(self) -> list[FetchState]:
        """Return every configured source's state, by ``next_due``."""
        with self._border(), self._database.read() as connection:
            return sources.states(connection)

    def get_robots(self, origin: str) -> RobotsRow | None:
        """Return the robots.txt last kept of ``origin``."""
        with self._border(), self._database.read() as connection:
            return robots.get(connection, origin)

    def put_robots(self, origin: str, body: bytes, status: int, fetched_at: datetime) -> None:
        """Keep a robots.txt in place of an older one."""
        row = RobotsRow(origin=origin, body=body, status=status, fetched_at=fetched_at)
        with self._border(), self._database.write() as connection:
            robots.put(connection, row)

    # -- articles

    def unseen(self, urls: Sequence[str]) -> set[str]:
        """Return those of ``urls`` that no stored article has."""
        with self._border(), self._database.read() as connection:
            return asking.unseen(connection, urls)

    def file(self, filings: Sequence[Filing], report: VisitReport | None, now: datetime) -> Filed:
        """Store articles, matches, deliveries and the end of a visit in one commit.

        What the store already holds is passed over: filing twice does nothing twice.
        """
        with self._border():
            return self._database.writing(
                lambda connection: filing.file(
                    connection, filings, report, now, labels=self._labels, folding=self._folding
                )
            )

    def articles(
        self, since: datetime | None = None, after: int = 0
    ) -> Iterator[tuple[int, Article]]:
        """Yield articles with their ids, ascending, beyond ``after``, first seen from ``since``."""
        while True:
            with self._border(), self._database.read() as connection:
                page = asking.page(connection, after, since)
            if not page:
                return
            yield from page
            after = page[-1][0]

    # -- judging again

    def rematch_begin(self, version: str, since: datetime | None, now: datetime) -> RematchProgress:
        """Begin a rematch, or go on with the one of the same rules that was not finished."""
        with self._border(), self._database.write() as connection:
            return rematching.begin(connection, version, since, now)

    def rematch_count(self, after: int, since: datetime | None) -> int:
        """Return how many articles lie beyond ``after``."""
        with self._border(), self._database.read() as connection:
            return rematching.count(connection, after, since)

    def rematch_page(self, after: int, since: datetime | None) -> list[StoredArticle]:
        """Return the next articles beyond ``after`` with the hits they have; empty at the end."""
        with self._border(), self._database.read() as connection:
            return rematching.page(connection, after, since)

    def rematch_write(
        self,
        progress: RematchProgress,
        rejudged: Sequence[Rejudged],
        checked_to: int,
        now: datetime,
    ) -> None:
        """Put today's verdicts in the place of stored ones, which become history; one commit."""
        with self._border():
            self._database.writing(
                lambda connection: rematching.write(
                    connection, progress, rejudged, checked_to, now=now, labels=self._labels
                )
            )

    def rematch_finish(self, progress: RematchProgress, now: datetime) -> None:
        """Note that the rematch came to its end."""
        with self._border(), self._database.write() as connection:
            rematching.finish(connection, progress.rematch_id, now)

    # -- the outbox

    def claim(
        self, channel: str, mode: Mode, now: datetime, lease: timedelta, limit: int
    ) -> list[Delivery]:
        """Lease up to ``limit`` due rows of ``channel`` and ``mode``, oldest first."""
        token = self._tokens()
        with self._border(), self._database.write() as connection:
            return outbox.claim(
                connection, channel, mode, now=now, lease=lease, limit=limit, token=token
            )

    def settle(
        self,
        deliveries: Sequence[Delivery],
        outcome: SendOutcome,
        now: datetime,
        next_try: datetime | None,
    ) -> int:
        """Write the outcome to the rows whose lease is still ours; return how many those are."""
        with self._border(), self._database.write() as connection:
            return outbox.settle(connection, deliveries, outcome, now, next_try)

    def next_due(self, channel: str) -> datetime | None:
        """Return when a row of ``channel`` falls due or its lease ends; None: no row waits."""
        with self._border(), self._database.read() as connection:
            return outbox.next_due(connection, channel)

    def deliveries(self, state: DeliveryState | None = None) -> list[OutboxRow]:
        """Return the rows in ``state``, or all that are not sent, oldest first."""
        with self._border(), self._database.read() as connection:
            return outbox.listing(connection, state)

    def retry_failed(self, now: datetime, channel: str | None = None) -> int:
        """Make failed rows due again, of one channel or all; return how many."""
        with self._border(), self._database.write() as connection:
            return outbox.retry_failed(connection, channel, now)

    # -- questions

    def hits(self, query: HitQuery) -> Iterator[HitRow]:
        """Yield the hits that ``query`` asks for, newest first, as the database gives them."""
        with self._border(), self._database.read() as connection:
            yield from asking.ask(connection, query)

    def search(self, query: ArticleQuery) -> list[ArticleRow]:
        """Return the articles, hits or not, that ``query`` asks for, the best first."""
        with self._border(), self._database.read() as connection:
            return fulltext.search(connection, query)

    def query(self, sql: str, seconds: float = 30.0) -> QueryResult:
        """Run an analyst's one reading statement for at most ``seconds``. Raises QueryError."""
        with self._border():
            return analyst.query(self._database, sql, seconds)
