"""``marsad crawl``: one pass over the sources, then the alerts that it caused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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


async def crawl(
    config: Config,
    environment: Mapping[str, str],
    *,
    only: Sequence[str] = (),
    is_all: bool = False,
    is_telling: bool = True,
    progress: Callable[[VisitReport], None] | None = None,
    started: Callable[[int], None] | None = None,
) -> Pass:
    """Visit the sources that are due (or ``only`` these, or all) and deliver what it caused."""
    labels = Labels()
    store = await asyncio.to_thread(open_store, config.database, labels=labels)
    try:
        # Beside a daemon it would visit hosts twice as fast as they were promised.
        with store.hold_daemon_lock():
            house = build_house(config, environment, store, labels, is_telling=is_telling)
            return await _pass(house, only, is_all=is_all, progress=progress, started=started)
    finally:
        store.close()


async def _pass(
    house: House,
    only: Sequence[str],
    *,
    is_all: bool,
    progress: Callable[[VisitReport], None] | None,
    started: Callable[[int], None] | None,
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
        if started is not None:
            started(len(chosen))
        await _visit(house, chosen, progress)
        told: Mapping[str, int] = {}
        if house.is_telling:
            told = await house.dispatcher.drain_once()
            await house.operator.look()
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


async def _visit(
    house: House, states: Sequence[FetchState], progress: Callable[[VisitReport], None] | None
) -> None:
    await house.collector.start()
    try:
        for state in states:
            house.collector.submit(house.sources[state.source_id], state)
        seen: set[str] = set()
        while house.collector.visiting:
            await asyncio.sleep(0.05)
            seen |= _announce(house, seen, progress)
        await house.collector.drain()
        _announce(house, seen, progress)
    finally:
        await house.collector.stop(5.0)


def _announce(
    house: House, seen: set[str], progress: Callable[[VisitReport], None] | None
) -> set[str]:
    new = {i: r for i, r in house.desk.reports.items() if i not in seen}
    if progress is not None:
        for report in new.values():
            progress(report)
    return set(new)
