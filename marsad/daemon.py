"""``marsad run``: one loop that collects, judges, stores and tells until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from domain.errors import MarsadError, StoreError
from marsad.clock import utc_now
from marsad.config import Config
from marsad.counter import patiently
from marsad.duty import ROUND as DUTY_ROUND
from marsad.guarding import guarded
from marsad.heap import give_back, share_one_arena
from marsad.house import House, build_house
from marsad.keeping import keep_house
from marsad.labels import Labels
from marsad.reloading import Reloading, in_place, say_refused
from marsad.stopping import stop_on_signals
from marsad.stores import open_store, past_cuts
from marsad.supervisor import Supervisor, supervised

_log = logging.getLogger("marsad.daemon")
TICK = timedelta(seconds=0.5)  # what is due waits no longer to be taken up
EDITS = 1.0  # seconds between two looks for an edit of the configuration
GIVE_BACK = timedelta(seconds=10)  # of the memory that the last visits left empty
TIDIED_AFTER = timedelta(minutes=10)  # of running, and then daily
HAND_OVER_WITHIN = 10.0  # seconds for the visits under way when a new configuration takes over
STOP_WITHIN = 8.0  # seconds for the collector; the whole stop stays under ten
_AT_ONCE = 500  # due sources taken up in one tick


async def run(
    path: Path,
    load: Callable[[], Config],
    environment: Mapping[str, str],
    *,
    in_force: Callable[[Config], None],
) -> None:
    """Run until SIGTERM or SIGINT on the configuration that ``load`` reads from ``path``.

    It is read again on SIGHUP and when a file of it changed. ``in_force`` is told of each
    configuration before it is used. Raises ConfigError when the first one is wrong, and
    BusyError when another daemon holds the database.
    """
    share_one_arena()
    config = load()
    in_force(config)
    labels = Labels()
    store = await asyncio.to_thread(
        open_store, config.database, labels=labels, story_days=config.story_days
    )
    try:
        with ExitStack() as stack:
            renew = past_cuts(lambda: stack.enter_context(store.hold_daemon_lock()))
            reloading = Reloading(path, load, config)
            stop = stop_on_signals()
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloading.ask)
            # Nobody else sends on this database: what is leased was left by a crash.
            await patiently(store.release_leases, utc_now())
            async with (
                guarded(renew, stop),
                _page(config, stop),
                supervised(Supervisor(environment), stop),
            ):
                house: House | None = build_house(config, environment, store, labels)
                successors = Successors(reloading, environment, in_force)
                while house is not None:
                    house = await _run(house, stop, successors)
    finally:
        store.close()


@asynccontextmanager
async def _page(config: Config, stop: asyncio.Event) -> AsyncIterator[None]:
    """Serve the web page while the daemon runs, where one is configured."""
    if config.web is None:
        yield
        return
    from marsad.web.server import serving  # noqa: PLC0415 - Starlette, for most daemons idle

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and not stop.is_set():
            _log.error("the page is no longer served", exc_info=task.exception())

    async with serving(config, config.web, is_collecting=True) as task:
        task.add_done_callback(ended)
        yield


class Successors:
    """Builds the house that takes over when an edit of the configuration is good."""

    def __init__(
        self,
        reloading: Reloading,
        environment: Mapping[str, str],
        in_force: Callable[[Config], None],
    ) -> None:
        self._reloading = reloading
        self._environment = environment
        self._in_force = in_force

    async def look(self, house: House) -> House | None:
        """Return a house ready to take over from ``house``; None while there is no need."""
        config = await self._reloading.look()
        if config is None:
            return None
        config = in_place(config, house.config)
        self._in_force(config)
        new = build_house(config, self._environment, house.store, house.labels)
        try:
            new.labels.fill(await new.workers.ready())
        except MarsadError as error:
            say_refused(error)
            self._in_force(house.config)
            await new.close()
            return None
        self._reloading.take(config)
        return new


async def _run(house: House, stop: asyncio.Event, successors: Successors) -> House | None:
    """Run ``house`` until it is asked to stop, or return the one that takes over from it."""
    loading = asyncio.create_task(house.workers.ready())
    try:
        stopping = asyncio.create_task(stop.wait())
        # An edit may come while the database is down: that ends nothing.
        syncing = asyncio.create_task(
            patiently(house.store.sync_sources, house.config.sources, house.clock())
        )
        await asyncio.wait({syncing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not syncing.done():
            syncing.cancel()
            return None
        syncing.result()
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            return None
        house.labels.fill(loading.result())  # a rule that does not load ends it here
        return await _serve(house, stop, successors)
    finally:
        loading.cancel()
        await house.close()


async def _serve(house: House, stop: asyncio.Event, successors: Successors) -> House | None:
    await house.collector.start()
    scheduler = _scheduled(house)
    scheduler.start()
    over = asyncio.Event()
    telling = asyncio.create_task(house.dispatcher.run(over), name="dispatcher")
    succeeding = asyncio.create_task(_successor(house, successors), name="reload")
    _log.info(
        "marsad runs: %d sources, rules %s, channels %s",
        len(house.sources),
        ", ".join(house.config.rules),
        ", ".join(house.channels) or "none",
    )
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, telling, succeeding}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            telling.result()  # a dispatcher ends by itself only by a fault of ours
        if not succeeding.done():
            _log.info("marsad stops")
            return None
        scheduler.pause()
        await _let_visits_end(house, stopping)
        return succeeding.result()
    finally:
        stopping.cancel()
        succeeding.cancel()
        over.set()
        await _close(house, scheduler, telling)


def _scheduled(house: House) -> AsyncIOScheduler:
    """Return what calls each part of ``house`` when its turn comes; it is not started."""
    # A late turn is made up once, never dropped; a slow one is not doubled.
    late = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=late)

    def every(
        pause: timedelta, work: Callable[[], Awaitable[object]], first: datetime | None = None
    ) -> None:
        async def turn() -> None:
            with suppress(asyncio.CancelledError):  # at the end, which is no fault to be logged
                await work()

        given = {} if first is None else {"next_run_time": first}
        scheduler.add_job(turn, "interval", seconds=pause.total_seconds(), **given)

    now = house.clock()
    every(TICK, partial(_tick, house), now)
    every(house.operator.round, house.operator.look)
    every(DUTY_ROUND, house.duty.look)
    if house.heartbeat is not None:
        every(house.heartbeat.every, house.heartbeat.beat, now)
    every(GIVE_BACK, partial(asyncio.to_thread, give_back))
    every(timedelta(days=1), partial(_tidy, house, house.config.keep.articles), now + TIDIED_AFTER)
    return scheduler


async def _successor(house: House, successors: Successors) -> House:
    """Look for edits until one is good."""
    while True:
        await asyncio.sleep(EDITS)
        try:
            new = await successors.look(house)
        except Exception:  # noqa: BLE001 - a top loop: what runs goes on as it is
            _log.exception("the configuration could not be read again")
            continue
        if new is not None:
            return new


async def _let_visits_end(house: House, stopping: asyncio.Task[bool]) -> None:
    """Give the visits that run a moment: one that is cut is only made again, in full."""
    visits = asyncio.create_task(house.collector.drain())
    await asyncio.wait(
        {visits, stopping}, timeout=HAND_OVER_WITHIN, return_when=asyncio.FIRST_COMPLETED
    )
    visits.cancel()
    _log.info("the new configuration is in force")


async def _close(house: House, scheduler: AsyncIOScheduler, telling: asyncio.Task[None]) -> None:
    scheduler.shutdown(wait=False)
    await asyncio.gather(house.collector.stop(STOP_WITHIN / 2), _finish(telling))


async def _finish(telling: asyncio.Task[None]) -> None:
    """Let the message that is being sent arrive; one that hangs is handed back."""
    _, late = await asyncio.wait({telling}, timeout=STOP_WITHIN / 2)
    for task in late:
        task.cancel()
    await asyncio.wait({telling}, timeout=STOP_WITHIN / 4)


async def _tidy(house: House, age: timedelta | None) -> None:
    await asyncio.to_thread(keep_house, house.store, age, house.clock())


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
