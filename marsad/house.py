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
    chance = rng or Random()  # noqa: S311 - spreads visits and retries, guards nothing
    failpoint = make_failpoint(environment)
    sources = {source.id: source for source in config.sources}
    week = StoredWeek(store)
    channels = {
        name: open_channel(config, name, labels, clock, week) for name in config.alerts.channels
    }
    planner = Planner(config.alerts, pause=FIRST_DIGEST if is_lasting else timedelta(0))
    dispatcher = Dispatcher(
        channels,
        StoredOutbox(store),
        clock=clock,
        rng=chance,
        failpoint=failpoint,
        quiet=planner.quiet_of,
    )
    workers = WorkerPool(
        config.rules,
        limit=config.crawler.parse_timeout.total_seconds(),
        memory=config.crawler.parse_memory,
    )
    archive = Archive(config.archive) if config.archive is not None else None
    steps = SteppedWorkers(workers, failpoint)
    store.watch_commits(failpoint)
    desk = NewsDesk(
        store,
        steps,
        planner,
        sources,
        clock,
        wake=dispatcher.poke if shared is None else shared.wake,
        failpoint=failpoint,
        is_telling=is_telling,
        needs_date=needs_date,
        archive=archive,
        lease_of=no_lease if shared is None else shared.lease_of,
    )
    collector = Collector(
        config.crawler,
        desk,
        steps,
        StoredRobots(store),
        clock,
        rng=chance,
        holds=StoredHolds(store, clock),
        turns=None if shared is None else shared.turns,
        failpoint=failpoint,
    )
    return House(
        config=config,
        store=store,
        labels=labels,
        workers=workers,
        desk=desk,
        collector=collector,
        dispatcher=dispatcher,
        archive=archive,
        heartbeat=(
            Heartbeat(config, config.alerts.heartbeat, store, clock)
            if config.alerts.heartbeat
            else None
        ),
        operator=OperatorDesk(
            store,
            config.alerts.channels,
            len(sources),
            clock,
            pace=config.crawler.poll_every.min,
            guard_of=partial(guard_of, config),
        ),
        duty=DutyDesk(
            store,
            planner,
            config.alerts.channels,
            clock,
            wake=dispatcher.poke if shared is None else shared.wake,
            troubles=dispatcher.troubles,
            guard_of=partial(guard_of, config),
        ),
        sources=sources,
        channels=channels,
        clock=clock,
        is_telling=is_telling,
    )
