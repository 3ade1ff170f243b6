"""The composition root: the one place where the rooms meet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from alerts.channels import make_channel
from alerts.dispatcher import Dispatcher
from alerts.ports import Channel
from crawler.collector import Collector
from domain.source import Source
from marsad.clock import utc_now
from marsad.config import Config
from marsad.failpoints import make_failpoint
from marsad.labels import Labels
from marsad.operator import OperatorDesk
from marsad.pipeline import NewsDesk, StoredHolds, StoredOutbox, StoredRobots
from marsad.workers import WorkerPool
from storage.archive import Archive
from storage.store import Store


@dataclass(slots=True)
class House:
    """Everything that runs, wired. Close it when done."""

    config: Config
    store: Store
    labels: Labels
    workers: WorkerPool
    desk: NewsDesk
    collector: Collector
    dispatcher: Dispatcher
    operator: OperatorDesk
    sources: Mapping[str, Source]
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    is_telling: bool
    archive: Archive | None

    async def close(self) -> None:
        """Give back what was opened, the store last."""
        for channel in self.channels.values():
            await channel.close()
        await asyncio.to_thread(self.workers.close)
        if self.archive is not None:
            self.archive.close()
        self.store.close()


def build_house(
    config: Config,
    environment: Mapping[str, str],
    store: Store,
    labels: Labels,
    *,
    clock: Callable[[], datetime] = utc_now,
    rng: Random | None = None,
    is_telling: bool = True,
) -> House:
    """Wire the rooms. Nothing runs yet; ``store`` is open and now belongs to the house."""
    chance = rng or Random()  # noqa: S311 - spreads visits and retries, guards nothing
    failpoint = make_failpoint(environment)
    sources = {source.id: source for source in config.sources}
    channels = {
        name: make_channel(name, settings, labels.name, clock)
        for name, settings in config.alerts.channels.items()
    }
    dispatcher = Dispatcher(
        channels, StoredOutbox(store), clock=clock, rng=chance, failpoint=failpoint
    )
    workers = WorkerPool(config.rules, limit=config.crawler.parse_timeout.total_seconds())
    archive = Archive(config.archive) if config.archive is not None else None
    desk = NewsDesk(
        store,
        workers,
        config.alerts,
        sources,
        clock,
        wake=dispatcher.poke,
        failpoint=failpoint,
        is_telling=is_telling,
        archive=archive,
    )
    collector = Collector(
        config.crawler,
        desk,
        workers,
        StoredRobots(store),
        clock,
        rng=chance,
        holds=StoredHolds(store, clock),
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
        operator=OperatorDesk(
            store,
            config.alerts.channels,
            len(sources),
            clock,
            pace=config.crawler.poll_every.min,
        ),
        sources=sources,
        channels=channels,
        clock=clock,
        is_telling=is_telling,
    )
