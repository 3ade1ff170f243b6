"""``marsad run``: one loop that collects, judges, stores and tells until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from domain.errors import StoreError
from marsad.config import Config
from marsad.house import House, build_house
from marsad.labels import Labels
from marsad.stores import open_store

_log = logging.getLogger("marsad.daemon")
TICK = timedelta(seconds=2)
STOP_WITHIN = 8.0  # seconds for the collector; the whole stop stays under ten
_AT_ONCE = 500  # due sources taken up in one tick


async def run(config: Config, environment: Mapping[str, str]) -> None:
    """Run until SIGTERM or SIGINT. Raises BusyError when another daemon holds the database."""
    labels = Labels()
    store = await asyncio.to_thread(open_store, config.database, labels=labels)
    try:
        with store.hold_daemon_lock():
            await _run(build_house(config, environment, store, labels))
    finally:
        store.close()


async def _run(house: House) -> None:
    stop = _stop_on_signals()
    loading = asyncio.create_task(house.workers.ready())
    try:
        await asyncio.to_thread(house.store.sync_sources, house.config.sources, house.clock())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            house.labels.fill(loading.result())  # a rule that does not load ends it here
            await _serve(house, stop)
    finally:
        loading.cancel()
        await house.close()


async def _serve(house: House, stop: asyncio.Event) -> None:
    await house.collector.start()
    scheduler = AsyncIOScheduler(timezone="UTC")
    # A late tick is made up once, never dropped; a slow one is not doubled.
    scheduler.add_job(
        _tick,
        "interval",
        seconds=TICK.total_seconds(),
        args=[house],
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
        next_run_time=house.clock(),
    )
    scheduler.add_job(
        house.operator.look,
        "interval",
        seconds=house.operator.round.total_seconds(),
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
    )
    scheduler.start()
    telling = asyncio.create_task(house.dispatcher.run(stop), name="dispatcher")
    _log.info(
        "marsad runs: %d sources, rules %s, channels %s",
        len(house.sources),
        ", ".join(house.config.rules),
        ", ".join(house.channels) or "none",
    )
    try:
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, telling}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done() and not stop.is_set():
            telling.result()  # a dispatcher ends by itself only by a fault of ours
    finally:
        stop.set()
        await _close(house, scheduler, telling)


async def _close(house: House, scheduler: AsyncIOScheduler, telling: asyncio.Task[None]) -> None:
    _log.info("marsad stops")
    scheduler.shutdown(wait=False)
    await asyncio.gather(house.collector.stop(STOP_WITHIN / 2), _finish(telling))


async def _finish(telling: asyncio.Task[None]) -> None:
    """Let the message that is being sent arrive; one that hangs is handed back."""
    _, late = await asyncio.wait({telling}, timeout=STOP_WITHIN / 2)
    for task in late:
        task.cancel()
    await asyncio.wait({telling}, timeout=STOP_WITHIN / 4)


async def _tick(house: House) -> None:
    """Submit what is due. What is due is a column in the store, so a lost tick loses nothing."""
    try:
        due = await asyncio.to_thread(house.store.due_sources, house.clock(), _AT_ONCE)
    except StoreError as error:
        _log.warning("cannot ask what is due: %s", error)
        return
    for state in due:
        source = house.sources.get(state.source_id)
        if source is not None:
            house.collector.submit(source, state)


def _stop_on_signals() -> asyncio.Event:
    """Return an event that the first SIGTERM or SIGINT sets; the second ends the process."""
    stop = asyncio.Event()

    def ask() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
    return stop
