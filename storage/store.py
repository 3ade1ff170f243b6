"""The store: everything that is kept, behind one door."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from domain.article import Article
from domain.asking import HitQuery, HitRow
from domain.filing import Filed, Filing
from domain.health import HealthChange
from domain.notice import Delivery, DeliveryState, Mode, SendOutcome
from domain.page import Archived
from domain.source import FetchState, Source, VisitReport
from storage import analyst, asking, care, filing, health, outbox, robots, schema, sources
from storage.analyst import QueryResult
from storage.border import border
from storage.database import Database
from storage.facets import Labels, value_itself
from storage.locking import daemon_lock
from storage.outbox import OutboxRow
from storage.robots import RobotsRow
from storage.schema import SchemaState


def _new_token() -> str:
    return uuid.uuid4().hex


class Store:
    """A database of marsad, SQLite or PostgreSQL. One Store serves many threads.

    Every method raises StoreError, of one line, when the database says no. ``labels`` gives
    the words for people of a facet's value, ``tokens`` a new unique token for each claim.
    """

    def __init__(
        self,
        database: Database,
        *,
        labels: Labels = value_itself,
        tokens: Callable[[], str] = _new_token,
    ) -> None:
        self._database = database
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
    ) -> Self:
        """Open ``sqlite:///PATH`` or ``postgresql+psycopg://...``, its schema brought up to date.

        Without ``migrate``, or ``read_only``, a schema of another version raises SchemaError;
        a newer one always does.
        """
        store = cls(Database(url, read_only=read_only), labels=labels)
        try:
            if migrate and not read_only:
                store.upgrade()
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

    def untold_health(self) -> list[HealthChange]:
        """Return the changes of state that the operator has not heard of yet."""
        with self._border(), self._database.read() as connection:
            return health.untold(connection)

    def mark_health_told(self, changes: Sequence[HealthChange]) -> None:
        """Remember that the operator heard of ``changes``."""
        with self._border(), self._database.write() as connection:
            health.mark_told(connection, changes)

    def health_history(self, source_id: str) -> list[HealthChange]:
        """Return a source's changes of state, newest first."""
        with self._border(), self._database.read() as connection:
            return health.history(connection, source_id)

    def holds(self, now: datetime) -> dict[str, datetime]:
        """Return the hosts that asked to be left alone, and until when."""
        with self._border(), self._database.read() as connection:
            return robots.holds(connection, now)

    def hold(self, host: str, until: datetime, now: datetime) -> None:
        """Remember that ``host`` asked to be left alone; what is past is forgotten."""
        with self._border(), self._database.write() as connection:
            robots.hold(connection, host, until, now)

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
                lambda connection: filing.file(connection, filings, report, now, self._labels)
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

    def archived(self, hit_ids: Sequence[int]) -> dict[int, Archived]:
        """Return where the pages of hits are kept, by hit; those without one are left out."""
        with self._border(), self._database.read() as connection:
            return asking.archived(connection, hit_ids)

    def query(self, sql: str, seconds: float = 30.0) -> QueryResult:
        """Run an analyst's one reading statement for at most ``seconds``. Raises QueryError."""
        with self._border():
            return analyst.query(self._database, sql, seconds)
