"""``marsad crawl``: one pass over the sources, then the alerts that it caused."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.source import FetchState, VisitReport
from marsad.config import Config
from marsad.house import House, build_house
from marsad.labels import Labels
from marsad.stores import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did."""

    reports: tuple[VisitReport, ...]
    hits: Mapping[str, int]  # by source
    deliveries: Mapping[str, int]  # by outcome; empty when nothing was told
    unfinished: tuple[str, ...] = ()  # sources whose visit left no report


class Watcher(Protocol):
    """Is told how a pass gets on."""

    def start(self, count: int) -> None:
        """That many sources are to be visited."""

    def look(self, visiting: Collection[str], articles: int, hits: int) -> None:
        """These sources are being visited; so much was filed so far. Told some times a second."""

    def advance(self, report: VisitReport, hits: int) -> None:
        """A source was visited, and gave so many hits."""


class Unwatched:
    """Watches nothing."""

    def start(self, count: int) -> None:
        """See ``Watcher``."""

    def look(self, visiting: Collection[str], articles: int, hits: int) -> None:
        """See ``Watcher``."""

    def advance(self, report: VisitReport, hits: int) -> None:
        """See ``Watcher``."""


async def crawl(
    config: Config,
    environment: Mapping[str, str],
    *,
    only: Sequence[str] = (),
    is_all: bool = False,
    is_telling: bool = True,
    watcher: Watcher = Unwatched(),  # noqa: B008 - has no state
) -> Pass:
    """Visit the sources that are due (or ``only`` these, or all) and deliver what it caused."""
    labels = Labels()
    store = await asyncio.to_thread(
        open_store, config.database, labels=labels, story_days=config.story_days
    )
    try:
        # Beside a daemon it would visit hosts twice as fast as they were promised.
        with store.hold_daemon_lock():
            house = build_house(
                config, environment, store, labels, is_telling=is_telling, is_lasting=False
            )
            await asyncio.to_thread(store.release_leases, house.clock())
            return await _pass(house, only, is_all=is_all, watcher=watcher)
    finally:
        store.close()


async def _pass(
    house: House,
    only: Sequence[str],
    *,
    is_all: bool,
    watcher: Watcher,
) -> Pass:
    store = house.store
    try:
        names, _ = await asyncio.gather(
            house.workers.ready(),
            asyncio.to_thread(store.sync_sources, house.config.sources, house.clock()),
        )
        house.labels.fill(names)
        states = await asyncio.to_thread(store.fetch_states)
        chosen = _chosen(states, house.clock(), only, is_all=is_all)
        watcher.start(len(chosen))
        await _visit(house, chosen, watcher)
        told: Mapping[str, int] = {}
        if house.is_telling:
            told = await house.dispatcher.drain_once()
            await house.operator.look()
            await house.duty.look()
    finally:
        await house.close()
    ids = [s.source_id for s in chosen]
    reports = house.desk.reports
    return Pass(
        reports=tuple(reports[i] for i in ids if i in reports),
        hits=dict(house.desk.hits),
        deliveries=told,
        unfinished=tuple(i for i in ids if i not in reports),
    )


def _chosen(
    states: Sequence[FetchState], now: datetime, only: Sequence[str], *, is_all: bool
) -> list[FetchState]:
    if only:
        wanted = set(only)
        return [s for s in states if s.source_id in wanted]
    return [s for s in states if is_all or s.next_due <= now]


async def _visit(house: House, states: Sequence[FetchState], watcher: Watcher) -> None:
    await house.collector.start()
    try:
        for state in states:
            house.collector.submit(house.sources[state.source_id], state)
        seen: set[str] = set()
        while house.collector.visiting:
            await asyncio.sleep(0.05)
            seen |= _announce(house, seen, watcher)
        await house.collector.drain()
        _announce(house, seen, watcher)
    finally:
        await house.collector.stop(5.0)


def _announce(house: House, seen: set[str], watcher: Watcher) -> set[str]:
    desk = house.desk
    new = {i: r for i, r in desk.reports.items() if i not in seen}
    for ident, report in new.items():
        watcher.advance(report, desk.hits.get(ident, 0))
    watcher.look(house.collector.at_work, desk.articles, sum(desk.hits.values()))
    return set(new)
