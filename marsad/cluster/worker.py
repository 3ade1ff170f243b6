"""``marsad worker``: one of any number that share the work of a database."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import procrastinate
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Status

from crawler.collector import NotOpenError
from crawler.domains import host_key
from domain.errors import LeaseLostError, StoreError
from domain.source import FetchState, Source
from marsad.cluster.archives import judge_chunk
from marsad.cluster.metrics import WorkerMetrics
from marsad.cluster.past import go_on
from marsad.cluster.settings import ClusterSettings
from marsad.cluster.tasks import BEAT, DISPATCH, VISIT, hand_out, lock_of
from marsad.cluster.turns import StoredTurns
from marsad.house import House
from marsad.keeping import keep_house
from marsad.pipeline import StoredPaces

_log = logging.getLogger(__name__)
_AT_ONCE = 500  # due sources handed out by one look


class Worker:
    """Does what jobs say, on the rooms of ``house``. Implements ``tasks.Duties``."""

    def __init__(
        self,
        house: House,
        turns: StoredTurns,
        settings: ClusterSettings,
        metrics: WorkerMetrics | None = None,
    ) -> None:
        self.house = house
        self.metrics = metrics or WorkerMetrics()
        self.metrics.follow(lambda: house.desk.articles, lambda: sum(house.desk.hits.values()))
        self._turns = turns
        self.settings = settings
        self._hosts = by_host(house.config.sources)
        self._host_of = {s: host for host, many in self._hosts.items() for s in many}
        self.app: procrastinate.App | None = None  # set once it is made: it calls us

    async def visit(self, host: str) -> None:
        """See ``tasks.Duties``. A host that the configuration lost is passed over."""
        house, ids = self.house, self._hosts.get(host, ())
        states = await asyncio.to_thread(house.store.due_of, ids, house.clock())
        if not states:
            return
        lease = await asyncio.to_thread(house.store.take_host, host)
        self._turns.hold(lease)
        try:
            with self.metrics.hosts.track_inprogress():
                for state in states:
                    await self._visit(state)
        except LeaseLostError as error:
            self.metrics.lost.inc()
            _log.warning("%s", error)
        except NotOpenError:  # this worker stops: what is due still is
            return
        finally:
            self._turns.drop(lease)

    async def _visit(self, state: FetchState) -> None:
        late = self.house.clock() - state.next_due
        self.metrics.lag.observe(max(0.0, late.total_seconds()))
        source = self.house.sources[state.source_id]
        report = await self.house.collector.visit(source, state)
        self.metrics.visits.labels(report.outcome).inc()

    async def dispatch(self, channel: str) -> None:
        """See ``tasks.Duties``."""
        await self.house.dispatcher.serve_once(channel, StoredPaces(self.house.store))

    async def rematch(self, rematch_id: int, upto: int, is_dry: bool, is_telling: bool) -> None:
        """See ``tasks.Duties``."""
        self.metrics.chunks.inc()
        await judge_chunk(self.house, rematch_id, upto, is_dry=is_dry, is_telling=is_telling)

    async def backfill(self, backfill_id: int, is_telling: bool) -> None:
        """See ``tasks.Duties``."""
        run = await asyncio.to_thread(self.house.store.backfill_run, backfill_id)
        if run is None or run.source_id not in self._host_of:
            return
        lease = await asyncio.to_thread(self.house.store.take_host, self._host_of[run.source_id])
        self._turns.hold(lease)
        try:
            await go_on(self.house, run, is_telling=is_telling)
        except LeaseLostError as error:
            _log.warning("%s", error)
        finally:
            self._turns.drop(lease)

    async def look(self) -> None:
        """See ``tasks.Duties``. A database that is down is looked at again by the next tick."""
        assert self.app is not None
        self.metrics.duties.labels("look").inc()
        store = self.house.store
        try:
            busy = await asyncio.to_thread(store.job_locks)
            due = await asyncio.to_thread(store.due_ids, self.house.clock(), _AT_ONCE)
            hosts = dict.fromkeys(self._host_of[i] for i in due if i in self._host_of)
            for host in hosts:
                if lock_of(VISIT, host) not in busy:
                    await hand_out(self.app, VISIT, host)
            for channel in self.house.channels:
                when = await asyncio.to_thread(store.next_due, channel)
                if when is not None and when <= self.house.clock():
                    await hand_out(self.app, DISPATCH, channel)
        except (StoreError, ProcrastinateException) as error:
            _log.warning("cannot hand out what is due: %s", error)

    async def take_back(self) -> None:
        """End the jobs of workers that show no sign of life; what was due still is.

        They are ended rather than tried again under their numbers: a worker that wakes up
        would else report the end of a job that is another's by then.
        """
        assert self.app is not None
        seconds = self.settings.stalled_after.total_seconds()
        manager = self.app.job_manager
        try:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
                _log.warning("job %s of a worker that is gone or stuck is taken back", job.lock)
                assert job.id is not None
                await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
                self.metrics.taken_back.inc()
        except ProcrastinateException as error:  # another took it back, or the database is down
            _log.info("what dead workers had is looked at again: %s", error)

    async def watch(self) -> None:
        """See ``tasks.Duties``."""
        self.metrics.duties.labels("watch").inc()
        await self.house.operator.look()

    async def stand_by(self) -> None:
        """See ``tasks.Duties``."""
        self.metrics.duties.labels("stand_by").inc()
        await self.house.duty.look()

    async def beat(self, tick: datetime) -> None:
        """See ``tasks.Duties``."""
        self.metrics.duties.labels("beat").inc()
        if self.house.heartbeat is not None:
            await self.house.heartbeat.beat_in_turn(tick, BEAT)

    async def prune(self) -> None:
        """See ``tasks.Duties``."""
        self.metrics.duties.labels("prune").inc()
        age, house = self.house.config.keep.articles, self.house
        await asyncio.to_thread(keep_house, house.store, age, house.clock())

    async def tell(self, channels: Sequence[str]) -> None:
        """Have channels that rows were written for served at once; a look makes up for a loss."""
        assert self.app is not None
        try:
            for channel in channels:
                await hand_out(self.app, DISPATCH, channel)
        except ProcrastinateException as error:
            _log.warning("channels wait for the next look: %s", error)


def by_host(sources: Sequence[Source]) -> Mapping[str, tuple[str, ...]]:
    """Return the ids of the sources of each host. The host of a source is its first way in's."""
    found: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        ways = (*source.feeds, *source.sitemaps, *source.sections, source.url)
        found[host_key(ways[0])].append(source.id)
    return {host: tuple(ids) for host, ids in found.items()}
