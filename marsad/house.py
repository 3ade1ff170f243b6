"""The composition root: the one place where the rooms meet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from alerts.dispatcher import Dispatcher
from alerts.planning import Planner
from alerts.ports import Channel
from crawler.collector import Collector
from crawler.ports import Turns
from domain.flood import FIRST_DIGEST
from domain.lease import Lease
from domain.source import Source
from marsad.clock import utc_now
from marsad.config import Config
from marsad.duty import DutyDesk
from marsad.failpoints import SteppedWorkers, make_failpoint
from marsad.heartbeat import Heartbeat
from marsad.judging import judge_one
from marsad.labels import Labels
from marsad.operator import OperatorDesk
from marsad.pipeline import NewsDesk, StoredHolds, StoredOutbox, StoredRobots, no_lease
from marsad.telling import StoredWeek, guard_of, open_channel
from marsad.workers import WorkerPool
from storage.archive import Archive
from storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What takes the place of one process's own, where several workers share the work."""

    turns: Turns
    lease_of: Callable[[str], Lease | None]  # by source
    wake: Callable[[], None]  # deliveries were written


@dataclass(slots=True)
class House:
    """Everything that runs, wired. Close it when done; the store is its maker's to close."""

    config: Config
    store: Store
    labels: Labels
    workers: WorkerPool
    desk: NewsDesk
    collector: Collector
    dispatcher: Dispatcher
    operator: OperatorDesk
    duty: DutyDesk
    heartbeat: Heartbeat | None
    sources: Mapping[str, Source]
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    is_telling: bool
    archive: Archive | None

    async def close(self) -> None:
        """Give back what the house opened."""
        for channel in self.channels.values():
            await channel.close()
        await asyncio.to_thread(self.workers.close)
        if self.archive is not None:
            self.archive.close()


def build_house(
    config: Config,
    environment: Mapping[str, str],
    store: Store,
    labels: Labels,
    *,
    clock: Callable[[], datetime] = utc_now,
    rng: Random | None = None,
    is_telling: bool = True,
    needs_date: bool = False,
    is_lasting: bool = True,
    shared: Shared | None = None,
) -> House:
    """Wire the rooms. Nothing runs yet; ``store`` is open and stays the caller's.

    With ``needs_date`` an article without a date is stored and not told. ``is_lasting`` is
    False for a single pass, whose messages nobody sends later. ``shared`` is given where other
    workers do the same work beside this one.
    """
    wiring = _Wiring(
        config=config,
        store=store,
        labels=labels,
        clock=clock,
        chance=rng or Random(),  # noqa: S311 - spreads visits and retries, guards nothing
        failpoint=make_failpoint(environment),
        planner=Planner(config.alerts, pause=FIRST_DIGEST if is_lasting else timedelta(0)),
        sources={source.id: source for source in config.sources},
        shared=shared,
    )
    store.watch_commits(wiring.failpoint)
    return wiring.house(is_telling=is_telling, needs_date=needs_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wiring:
    """What the parts of one house have in common, and how each is made of it."""

    config: Config
    store: Store
    labels: Labels
    clock: Callable[[], datetime]
    chance: Random
    failpoint: Callable[[str], None]
    planner: Planner
    sources: Mapping[str, Source]
    shared: Shared | None

    def house(self, *, is_telling: bool, needs_date: bool) -> House:
        channels = self.channels()
        dispatcher = self.dispatcher(channels)
        wake = dispatcher.poke if self.shared is None else self.shared.wake
        workers = self.workers()
        steps = SteppedWorkers(workers, self.failpoint)
        archive = Archive(self.config.archive) if self.config.archive is not None else None
        desk = self.news_desk(steps, wake, archive, is_telling=is_telling, needs_date=needs_date)
        return House(
            config=self.config,
            store=self.store,
            labels=self.labels,
            workers=workers,
            desk=desk,
            collector=self.collector(desk, steps),
            dispatcher=dispatcher,
            operator=self.operator_desk(),
            duty=self.duty_desk(dispatcher, wake),
            heartbeat=self.heartbeat(),
            sources=self.sources,
            channels=channels,
            clock=self.clock,
            is_telling=is_telling,
            archive=archive,
        )

    def channels(self) -> dict[str, Channel]:
        week = StoredWeek(self.store)
        return {
            name: open_channel(self.config, name, self.labels, self.clock, week)
            for name in self.config.alerts.channels
        }

    def dispatcher(self, channels: Mapping[str, Channel]) -> Dispatcher:
        return Dispatcher(
            channels,
            StoredOutbox(self.store),
            clock=self.clock,
            rng=self.chance,
            failpoint=self.failpoint,
            quiet=self.planner.quiet_of,
        )

    def workers(self) -> WorkerPool:
        return WorkerPool(
            self.config.rules,
            limit=self.config.crawler.parse_timeout.total_seconds(),
            memory=self.config.crawler.parse_memory,
        )

    def news_desk(
        self,
        steps: SteppedWorkers,
        wake: Callable[[], None],
        archive: Archive | None,
        *,
        is_telling: bool,
        needs_date: bool,
    ) -> NewsDesk:
        return NewsDesk(
            self.store,
            steps,
            self.planner,
            self.sources,
            self.clock,
            wake=wake,
            failpoint=self.failpoint,
            is_telling=is_telling,
            needs_date=needs_date,
            archive=archive,
            lease_of=no_lease if self.shared is None else self.shared.lease_of,
        )

    def collector(self, desk: NewsDesk, steps: SteppedWorkers) -> Collector:
        return Collector(
            self.config.crawler,
            desk,
            steps,
            StoredRobots(self.store),
            self.clock,
            rng=self.chance,
            holds=StoredHolds(self.store, self.clock),
            turns=None if self.shared is None else self.shared.turns,
            judge=judge_one,
            failpoint=self.failpoint,
        )

    def heartbeat(self) -> Heartbeat | None:
        settings = self.config.alerts.heartbeat
        return Heartbeat(self.config, settings, self.store, self.clock) if settings else None

    def operator_desk(self) -> OperatorDesk:
        return OperatorDesk(
            self.store,
            self.config.alerts.channels,
            len(self.sources),
            self.clock,
            pace=self.config.crawler.poll_every.min,
            guard_of=partial(guard_of, self.config),
        )

    def duty_desk(self, dispatcher: Dispatcher, wake: Callable[[], None]) -> DutyDesk:
        return DutyDesk(
            self.store,
            self.planner,
            self.config.alerts.channels,
            self.clock,
            wake=wake,
            troubles=dispatcher.troubles,
            guard_of=partial(guard_of, self.config),
        )
