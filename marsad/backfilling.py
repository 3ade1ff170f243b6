"""``marsad backfill``: one source's past, collected politely, and only what is fresh is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.backfilling import BackfillWatcher, NoArchiveError, Span, Tally
from domain.backfill import BackfillRun, BackfillStep
from domain.errors import CrawlError
from marsad.config import Config
from marsad.house import House, build_house
from marsad.labels import Labels
from marsad.stores import open_store
from storage.store import Store


class BackfillError(CrawlError):
    """A source's past cannot be had; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """What a backfill came to."""

    run: BackfillRun
    tally: Tally
    hits: int
    deliveries: Mapping[str, int]  # by outcome; empty when nothing was told


async def backfill(
    config: Config,
    environment: Mapping[str, str],
    source_id: str,
    since: datetime,
    until: datetime | None,
    *,
    watcher: BackfillWatcher,
    is_telling: bool,
) -> Backfilled:
    """Collect what ``source_id`` published from ``since`` to ``until`` (now); see the command.

    Raises BackfillError when the source has no archive, BusyError beside a daemon.
    """
    labels = Labels()
    store = await asyncio.to_thread(
        open_store, config.database, labels=labels, story_days=config.story_days
    )
    try:
        with store.hold_daemon_lock():
            house = build_house(
                config,
                environment,
                store,
                labels,
                is_telling=is_telling,
                needs_date=True,
                is_lasting=False,
            )
            return await _backfill(house, source_id, since, until, watcher)
    finally:
        store.close()


async def _backfill(
    house: House,
    source_id: str,
    since: datetime,
    until: datetime | None,
    watcher: BackfillWatcher,
) -> Backfilled:
    store, clock = house.store, house.clock
    try:
        names, _ = await asyncio.gather(
            house.workers.ready(),
            asyncio.to_thread(store.sync_sources, house.config.sources, clock()),
        )
        house.labels.fill(names)
        run = await asyncio.to_thread(store.backfill_begin, source_id, since, until, clock())
        tally = await _walk(house, run, watcher)
        if tally.is_whole:
            await asyncio.to_thread(store.backfill_finish, run, clock())
        told: Mapping[str, int] = {}
        if house.is_telling:
            told = await house.dispatcher.drain_once()
    finally:
        await house.close()
    hits = house.desk.hits.get(source_id, 0)
    return Backfilled(run=run, tally=tally, hits=hits, deliveries=told)


async def _walk(house: House, run: BackfillRun, watcher: BackfillWatcher) -> Tally:
    source = house.sources[run.source_id]
    span = Span(since=run.since, until=run.until)
    shelf = StoredSteps(house.store, run)
    await house.collector.start()
    try:
        return await house.collector.backfill(source, span, shelf, watcher)
    except NoArchiveError as error:
        raise BackfillError(f"{source.id}: {error}", url=source.url) from None
    finally:
        await house.collector.stop(5.0)


class StoredSteps:
    """Implements ``crawler.backfilling.StepShelf`` over the store."""

    def __init__(self, store: Store, run: BackfillRun) -> None:
        self._store = store
        self._run = run

    async def steps(self) -> Mapping[str, BackfillStep]:
        """See ``crawler.backfilling.StepShelf``."""
        found = await asyncio.to_thread(self._store.backfill_steps, self._run)
        return {step.url: step for step in found}

    async def keep(self, step: BackfillStep) -> None:
        """See ``crawler.backfilling.StepShelf``."""
        await asyncio.to_thread(self._store.backfill_keep, self._run, step)


def remaining(share: float, elapsed: timedelta) -> timedelta | None:
    """Return how long the rest will take at the pace so far; None while nothing can be said."""
    return elapsed * ((1 - share) / share) if share > 0.005 else None


def rate(articles: int, elapsed: timedelta) -> float:
    """Return articles a minute."""
    seconds = elapsed.total_seconds()
    return 60 * articles / seconds if seconds > 0 else 0.0
