"""The store: everything that is kept, behind one door."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection

from domain.article import Article
from domain.asking import ArticleQuery, ArticleRow, HitQuery, HitRow, OutboxQuery, StoredHit
from domain.backfill import BackfillRun, BackfillStanding, BackfillStep
from domain.filing import DeliveryPlanner, Filed, Filing, Parcel, as_proposed
from domain.health import HealthChange
from domain.lease import Lease
from domain.notice import Delivery, Mode, SendOutcome
from domain.page import Archived
from domain.rematch import Rejudged, RematchChunk, RematchProgress, StoredArticle, StoredText
from domain.revision import Known
from domain.source import FetchState, Source, VisitReport
from storage import (
    analyst,
    asking,
    backfills,
    backup,
    care,
    chunks,
    counting,
    filing,
    fulltext,
    health,
    hosts,
    jobs,
    outbox,
    pruning,
    rematching,
    revising,
    robots,
    schema,
    sources,
)
from storage.analyst import QueryResult
from storage.border import border
from storage.database import Database
from storage.duty import Duty
from storage.facets import Labels, value_itself
from storage.folding import Folding, PlainFolding
from storage.jobs import ClusterState
from storage.locking import Renew, daemon_lock, worker_lock
from storage.looks import Looks
from storage.outbox import OutboxRow
from storage.robots import RobotsRow
from storage.schema import Migrate, SchemaState
from storage.stories import Placer


def _new_token() -> str:
    return uuid.uuid4().hex


R = TypeVar("R")


class Store:
    """A database of marsad, SQLite or PostgreSQL. One Store serves many threads.

    Every method raises StoreError, of one line, when the database says no. ``labels`` gives
    the words for people of a facet's value, ``tokens`` a new unique token for each claim,
    ``folding`` the form in which words are indexed and sought, ``placer`` which articles tell
    of one event (None: those of one title).
    """

    def __init__(
        self,
        database: Database,
        *,
        labels: Labels = value_itself,
        tokens: Callable[[], str] = _new_token,
        folding: Folding = PlainFolding(),  # noqa: B008 - a value without state
        placer: Placer | None = None,
    ) -> None:
        self._placer = placer
        self._database = database
        self._folding = folding
        self._labels = labels
        self._tokens = tokens

    @classmethod
    def open(
        cls,
        url: str,
        *,
        migrate: Migrate = Migrate.COPIED,
        read_only: bool = False,
        seconds: float | None = None,
        labels: Labels = value_itself,
        folding: Folding = PlainFolding(),  # noqa: B008 - a value without state
        placer: Placer | None = None,
    ) -> Self:
        """Open ``sqlite:///PATH`` or ``postgresql+psycopg://...``, its schema brought up to date.

        A schema that ``migrate`` does not let be raised, as with ``read_only`` none is, raises
        SchemaError; a newer one always does. ``seconds`` limits each question: TimeLimitError.
        """
        database = Database(url, read_only=read_only, seconds=seconds)
        store = cls(database, labels=labels, folding=folding, placer=placer)
        try:
            if migrate is not Migrate.NEVER and not read_only:
                store.upgrade(migrate)
                store.index_words()
            else:
                with store._border():
                    schema.require_current(store._database)
        except BaseException:
            store.close()
            raise
        return store

    def watch_commits(self, step: Callable[[str], None]) -> None:
        """Call ``step`` with ``before-commit`` and ``after-commit`` around each one from now on."""
        self._database.step = step

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _border(self) -> AbstractContextManager[None]:
        database = self._database
        return border(database.name, database.path if database.is_sqlite else None)

    # -- the database itself

    def upgrade(self, migrate: Migrate = Migrate.COPIED) -> bool:
        """Bring the schema to this program's version, as far as ``migrate`` lets; False: it was."""
        with self._border():
            return schema.upgrade(self._database, migrate)

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
        """Copy the database while it is in use; ``path`` must not exist. See ``storage.backup``."""
        with self._border():
            backup.backup(self._database, Path(path))

    def prunable(self, before: datetime) -> int:
        """Return how many articles ``prune`` would delete in all."""
        with self._border(), self._database.read() as connection:
            return pruning.count(connection, before)

    def prune(self, before: datetime, after: int = 0) -> list[int]:
        """Delete the next articles, beyond the id ``after``, that are old and no hits; one commit.

        Returns their ids; empty when there are no more. See ``storage.pruning``.
        """
        with self._border():
            return self._database.writing(
                lambda connection: pruning.prune(connection, before, self._folding, after)
            )

    def vacuum(self) -> None:
        """Give back the space of what was deleted. BusyError while a daemon is at a SQLite file."""
        with ExitStack() as stack, self._border():
            if self._database.is_sqlite:
                stack.enter_context(daemon_lock(self._database))
            care.vacuum(self._database)

    def gather_statistics(self) -> None:
        """Let the planner know what was filed, and bring the index of words together.

        After filing in bulk, and now and then: short commits, between which others have theirs.
        """
        with self._border():
            while self._database.writing(fulltext.merge):
                pass
            self._database.writing(care.gather_statistics)

    @contextmanager
    def hold_daemon_lock(self) -> Iterator[Renew]:
        """Hold the database for one daemon; BusyError names another that does.

        Yields what takes the lock again where a server that restarted forgot it: BusyError when
        another was quicker, StoreError while the server is down.
        """
        with self._hold(daemon_lock) as renew:
            yield renew

    @contextmanager
    def _hold(self, lock: Callable[[Database], AbstractContextManager[Renew]]) -> Iterator[Renew]:
        with ExitStack() as stack:
            with self._border():
                take_again = stack.enter_context(lock(self._database))

            def renew() -> None:
                with self._border():
                    take_again()

            yield renew

    @contextmanager
    def hold_worker_lock(self) -> Iterator[Renew]:
        """The same for one of several workers; BusyError names a daemon beside them."""
        with self._hold(worker_lock) as renew:
            yield renew

    # -- the queue that workers share

    def install_queue(self, schema: str, migrations: Path) -> bool:
        """Install the queue's tables or bring them up to date; see ``jobs.bring_up``."""
        with self._border(), self._database.write() as connection:
            return jobs.bring_up(connection, schema, migrations)

    def end_stuck_sessions(self) -> list[str]:
        """End sessions of suspended processes, and name them. PostgreSQL only."""
        with self._border():
            return self._database.end_stuck_sessions()

    def job_locks(self) -> set[str]:
        """Return the locks of the jobs that wait or run."""
        with self._border(), self._database.read() as connection:
            return jobs.locks(connection)

    def cluster_state(self, now: datetime) -> ClusterState:
        """Return who works, what waits and what is overdue at ``now``."""
        with self._border(), self._database.read() as connection:
            return jobs.state(connection, now)

    # -- sources

    def sync_sources(self, wanted: Sequence[Source], now: datetime) -> None:
        """Take over the configured sources; those that left keep their history as ``removed``."""
        with self._border():
            self._database.writing(lambda connection: sources.sync(connection, wanted, now))

    def due_sources(self, now: datetime, limit: int) -> list[FetchState]:
        """Return up to ``limit`` sources to visit now, the most overdue first."""
        with self._border(), self._database.read() as connection:
            return sources.due(connection, now, limit)

    def due_of(self, among: Sequence[str], now: datetime) -> list[FetchState]:
        """Return the states of those sources ``among`` these that are due now."""
        with self._border(), self._database.read() as connection:
            return sources.due(connection, now, len(among), among)

    def due_ids(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of up to ``limit`` sources that are due, the most overdue first."""
        with self._border(), self._database.read() as connection:
            return sources.due_ids(connection, now, limit)

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

    # -- hosts that several workers share

    def take_host(self, host: str) -> Lease:
        """Take ``host`` over: whoever held it stores nothing more."""
        with self._border():
            return self._database.writing(lambda connection: hosts.take(connection, host))

    def host_turn(self, host: str, gap: timedelta, lease: Lease | None) -> float:
        """Book the next request to ``host``; return the seconds to wait. See ``hosts.turn``."""
        with self._border():
            return self._database.writing(
                lambda connection: hosts.turn(connection, host, gap, lease)
            )

    def host_done(self, host: str, gap: timedelta) -> None:
        """Keep ``host`` free for ``gap`` from now."""
        with self._border():
            self._database.writing(lambda connection: hosts.done(connection, host, gap))

    # -- articles

    def unseen(self, urls: Sequence[str]) -> set[str]:
        """Return those of ``urls`` that no stored article has."""
        with self._border(), self._database.read() as connection:
            return asking.unseen(connection, urls)

    def file(
        self,
        filings: Sequence[Filing],
        report: VisitReport | None,
        now: datetime,
        lease: Lease | None = None,
        *,
        plan: DeliveryPlanner = as_proposed,
    ) -> Filed:
        """Store articles, matches, deliveries and the end of a visit in one commit.

        ``plan`` decides on the deliveries once an article has found its story. What the store
        already holds is passed over: filing twice does nothing twice. Raises
        LeaseLostError, and stores nothing, when ``lease`` is past.
        """
        parcel = Parcel(filings=tuple(filings), report=report)
        return self.file_together([parcel], now, lease, plan=plan)[0]

    def file_together(
        self,
        parcels: Sequence[Parcel],
        now: datetime,
        lease: Lease | None = None,
        *,
        plan: DeliveryPlanner = as_proposed,
    ) -> list[Filed]:
        """Store what several visits hand in, in one commit; see ``file``."""

        def work(connection: Connection) -> list[Filed]:
            return filing.file(
                connection,
                parcels,
                now,
                labels=self._labels,
                folding=self._folding,
                plan=plan,
                placer=self._placer,
            )

        return self._fenced(lease, work)

    def _fenced(self, lease: Lease | None, work: Callable[[Connection], R]) -> R:
        """Return what ``work`` returns from its transaction, which holds ``lease`` to its end."""

        def held(connection: Connection) -> R:
            if lease is not None:
                hosts.require(connection, lease)
            return work(connection)

        with self._border():
            return self._database.writing(held)

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

    # -- edited articles

    def known(self, urls: Sequence[str]) -> dict[str, Known]:
        """Return what is remembered of those ``urls`` that are stored."""
        with self._border(), self._database.read() as connection:
            return revising.known(connection, urls)

    def stored(self, url: str) -> StoredArticle | None:
        """Return the article of ``url`` with its hits."""
        with self._border(), self._database.read() as connection:
            return revising.stored(connection, url)

    def note_check(self, article: Article, now: datetime) -> None:
        """Note that an article was read again and says what it said."""
        with self._border(), self._database.write() as connection:
            revising.note_check(connection, article, now)

    def revise(
        self,
        rejudged: Rejudged,
        old: Article,
        new: Filing,
        now: datetime,
        *,
        lease: Lease | None = None,
        plan: DeliveryPlanner = as_proposed,
    ) -> Filed:
        """Put an edited article in the place of ``old``, which is kept as a version.

        Its verdicts, their history and the deliveries of new hits are in the same commit. Raises
        LeaseLostError, and stores nothing, when ``lease`` is past.
        """

        def work(connection: Connection) -> Filed:
            return revising.revise(
                connection,
                rejudged,
                old,
                new,
                now,
                labels=self._labels,
                folding=self._folding,
                plan=plan,
                placer=self._placer,
            )

        return self._fenced(lease, work)

    # -- going back in time

    def backfill_begin(
        self, source_id: str, since: datetime, until: datetime | None, now: datetime
    ) -> BackfillRun:
        """Begin a backfill, or go on with the one of the same time that was not finished."""
        with self._border(), self._database.write() as connection:
            return backfills.begin(connection, source_id, since, until, now)

    def backfill_steps(self, run: BackfillRun) -> list[BackfillStep]:
        """Return the steps of a backfill that are done."""
        with self._border(), self._database.read() as connection:
            return backfills.steps(connection, run.backfill_id)

    def backfill_keep(self, run: BackfillRun, step: BackfillStep) -> None:
        """Keep a step that is done."""
        with self._border(), self._database.write() as connection:
            backfills.keep(connection, run.backfill_id, step)

    def backfill_run(self, backfill_id: int) -> BackfillRun | None:
        """Return a backfill to go on with; None when it came to its end."""
        with self._border(), self._database.read() as connection:
            return backfills.unfinished(connection, backfill_id)

    def backfill_refuse(self, run: BackfillRun, reason: str) -> None:
        """Note why a worker left a backfill; whoever begins it again asks again."""
        with self._border(), self._database.write() as connection:
            backfills.refuse(connection, run.backfill_id, reason)

    def backfill_standings(self, ids: Sequence[int]) -> list[BackfillStanding]:
        """Return how far workers are with these backfills."""
        with self._border(), self._database.read() as connection:
            return backfills.standings(connection, ids)

    def backfill_finish(self, run: BackfillRun, now: datetime) -> None:
        """Note that a backfill came to its end."""
        with self._border(), self._database.write() as connection:
            backfills.finish(connection, run.backfill_id, now)

    # -- judging again

    def rematch_begin(self, version: str, since: datetime | None, now: datetime) -> RematchProgress:
        """Begin a rematch, or go on with the one of the same rules that was not finished."""
        with self._border(), self._database.write() as connection:
            return rematching.begin(connection, version, since, now)

    def rematch_count(self, after: int, since: datetime | None) -> int:
        """Return how many articles lie beyond ``after``."""
        with self._border(), self._database.read() as connection:
            return rematching.count(connection, after, since)

    def rematch_page(
        self, after: int, since: datetime | None, upto: int | None = None
    ) -> list[StoredText]:
        """Return the next texts beyond ``after`` with the hits they have; empty at the end."""
        with self._border(), self._database.read() as connection:
            return rematching.page(connection, after, since, upto)

    def rematch_articles(self, ids: Sequence[int]) -> list[StoredArticle]:
        """Return the articles of a page whose verdicts changed, as far as they are still there."""
        with self._border(), self._database.read() as connection:
            return rematching.of_ids(connection, ids)

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
                    connection,
                    progress,
                    rejudged,
                    checked_to,
                    now=now,
                    labels=self._labels,
                    folding=self._folding,
                    placer=self._placer,
                )
            )

    def rematch_plan(self, progress: RematchProgress) -> None:
        """Cut what a rematch has before it into chunks for several workers."""
        with self._border():
            self._database.writing(lambda connection: chunks.plan(connection, progress))

    def rematch_chunks(self, rematch_id: int) -> list[RematchChunk]:
        """Return every chunk of a rematch, done or not."""
        with self._border(), self._database.read() as connection:
            return chunks.every(connection, rematch_id)

    def rematch_chunk(self, rematch_id: int, upto: int) -> RematchChunk | None:
        """Return the chunk that ends with article ``upto``; None when its rematch is over."""
        with self._border(), self._database.read() as connection:
            return chunks.one(connection, rematch_id, upto)

    def rematch_refuse(self, chunk: RematchChunk, reason: str) -> None:
        """Note why a worker does not take ``chunk``."""
        with self._border():
            self._database.writing(lambda connection: chunks.refuse(connection, chunk, reason))

    def rematch_advance(
        self,
        chunk: RematchChunk,
        rejudged: Sequence[Rejudged],
        checked_to: int,
        result: str,
        now: datetime,
    ) -> None:
        """As ``rematch_write``, of a chunk. Raises LeaseLostError when another is further."""

        def work(connection: Connection) -> None:
            chunks.advance(connection, chunk, checked_to, result)
            rematching.settle(
                connection,
                rejudged,
                now=now,
                labels=self._labels,
                folding=self._folding,
                placer=self._placer,
            )

        with self._border():
            self._database.writing(work)

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

    def channel_pace(self, channel: str) -> str | None:
        """Return what was last kept of how ``channel`` fares."""
        with self._border(), self._database.read() as connection:
            return outbox.pace(connection, channel)

    def put_channel_pace(self, channel: str, pace: str) -> None:
        """Keep how ``channel`` fares."""
        with self._border(), self._database.write() as connection:
            outbox.put_pace(connection, channel, pace)

    def next_due(self, channel: str) -> datetime | None:
        """Return when a row of ``channel`` falls due or its lease ends; None: no row waits."""
        with self._border(), self._database.read() as connection:
            return outbox.next_due(connection, channel)

    def overdue(self, channel: str, made_by: datetime, due_by: datetime) -> int:
        """Return how many rows for messages of their own wait that were made and due by then."""
        with self._border(), self._database.read() as connection:
            return outbox.overdue(connection, channel, made_by, due_by)

    def deliveries(self, query: OutboxQuery = OutboxQuery()) -> list[OutboxRow]:  # noqa: B008
        """Return the rows that ``query`` asks for, oldest first: those not sent unless it says."""
        with self._border(), self._database.read() as connection:
            return outbox.listing(connection, query)

    def retry_deliveries(self, query: OutboxQuery, now: datetime) -> int:
        """Make rows that failed, were dropped or wait due now; return how many."""
        with self._border(), self._database.write() as connection:
            return outbox.retry(connection, query, now)

    def drop_deliveries(self, query: OutboxQuery) -> int:
        """Take rows that are not sent out of the outbox, by hand; return how many."""
        with self._border(), self._database.write() as connection:
            return outbox.drop(connection, query)

    def release_leases(self, now: datetime) -> int:
        """Free every leased row, for a program that is the only sender; return how many."""
        with self._border(), self._database.write() as connection:
            return outbox.release(connection, now)

    @property
    def duty(self) -> Duty:
        """Silences, acknowledgements, floods and bulletins."""
        return Duty(self._database, self._border, self._folding)

    # -- questions

    def hits(self, query: HitQuery) -> Iterator[HitRow]:
        """Yield the hits that ``query`` asks for, newest first, as the database gives them."""
        with self._border(), self._database.read() as connection:
            yield from asking.ask(connection, query)

    def hit(self, hit_id: int) -> StoredHit | None:
        """Return one hit with its article, or None when there is none of that number."""
        with self._border(), self._database.read() as connection:
            return asking.hit(connection, hit_id)

    def search(self, query: ArticleQuery) -> list[ArticleRow]:
        """Return the articles, hits or not, that ``query`` asks for, the best first."""
        with self._border(), self._database.read() as connection:
            return fulltext.search(connection, query)

    def archived(self, hit_ids: Sequence[int]) -> dict[int, Archived]:
        """Return where the pages of hits are kept, by hit; those without one are left out."""
        with self._border(), self._database.read() as connection:
            return asking.archived(connection, hit_ids)

    @property
    def looks(self) -> Looks:
        """Return what the page asks."""
        return Looks(self._database, self._border)

    def articles_with_hits(
        self, moments: Sequence[datetime], routes: Collection[str] = ()
    ) -> list[int]:
        """Return how many articles with hits are dated between each moment and the next.

        With ``routes``, by name, only those that one of them took.
        """
        with self._border(), self._database.read() as connection:
            return counting.articles_with_hits(connection, moments, routes)

    def query(self, sql: str, seconds: float = 30.0) -> QueryResult:
        """Run an analyst's one reading statement for at most ``seconds``. Raises QueryError."""
        with self._border():
            return analyst.query(self._database, sql, seconds)
