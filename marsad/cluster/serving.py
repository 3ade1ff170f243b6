"""A worker's life: open, take jobs until it is asked to stop, close."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import procrastinate
from procrastinate.schema import SchemaManager

from domain.errors import StoreError, UsageError
from marsad.cluster.metrics import WorkerMetrics, serving
from marsad.cluster.settings import ClusterSettings
from marsad.cluster.tasks import ARCHIVE, DESK, VISITS, make_app, said
from marsad.cluster.turns import StoredTurns
from marsad.cluster.worker import Worker, by_host
from marsad.config import Config
from marsad.counter import patiently
from marsad.guarding import guarded
from marsad.house import Shared, build_house
from marsad.labels import Labels
from marsad.stopping import stop_on_signals
from marsad.stores import open_store
from marsad.supervisor import Supervisor, supervised
from storage.store import Store

_log = logging.getLogger("marsad.worker")
STOP_WITHIN = 8.0  # seconds for jobs to end
_ONCE_MORE = 0.5  # seconds until what did not end is cancelled again
_AGAIN = 2.0  # seconds until a queue that was lost is asked again
_DESK_AT_ONCE = 8  # channels served and looks taken at once
_ARCHIVE_AT_ONCE = 1  # chunk of the archive: its pages keep every worker process busy


async def work(
    config: Config, environment: Mapping[str, str], *, metrics_at: str | None = None
) -> None:
    """Take jobs until SIGTERM or SIGINT. Raises BusyError beside a daemon on the database.

    ``metrics_at`` is the address at which Prometheus may ask.
    """
    settings = settings_of(config)
    metrics = WorkerMetrics()
    with serving(metrics, metrics_at):
        await _share(config, environment, settings, metrics)


async def _share(
    config: Config,
    environment: Mapping[str, str],
    settings: ClusterSettings,
    metrics: WorkerMetrics,
) -> None:
    labels = Labels()
    store = await asyncio.to_thread(
        open_store, config.database, labels=labels, story_days=config.story_days
    )
    try:
        with ExitStack() as stack:
            renew = await patiently(lambda: stack.enter_context(store.hold_worker_lock()))
            # before anything else is written: a process that is stuck may hold what a start needs
            guard = asyncio.create_task(_end_stuck(store, settings))
            try:
                await patiently(install_queue, store)
                await _work(config, environment, store, labels, metrics, renew=renew)
            finally:
                guard.cancel()
                await asyncio.gather(guard, return_exceptions=True)
    finally:
        store.close()


def settings_of(config: Config) -> ClusterSettings:
    """Return the cluster's settings. Raises UsageError where the configuration has none."""
    if config.cluster is None:
        raise UsageError("no cluster is configured: add `cluster: {}` to the configuration")
    if not config.database.startswith("postgresql"):
        raise UsageError("workers share a PostgreSQL database; `database:` names a SQLite file")
    return config.cluster


def queue_address(config: Config) -> str:
    """Return the address of the queue, as libpq wants it."""
    return config.database.replace("+psycopg", "", 1)


def install_queue(store: Store) -> bool:
    """Install the queue's tables beside marsad's own, or bring them up to date."""
    return store.install_queue(
        SchemaManager.get_schema(), Path(SchemaManager.get_migrations_path())
    )


async def _work(
    config: Config,
    environment: Mapping[str, str],
    store: Store,
    labels: Labels,
    metrics: WorkerMetrics,
    *,
    renew: Callable[[], None],
) -> None:
    settings = settings_of(config)
    bell = asyncio.Event()
    host_of = {s: host for host, many in by_host(config.sources).items() for s in many}
    turns = StoredTurns(store, host_of)
    shared = Shared(turns=turns, lease_of=turns.lease_of, wake=bell.set)
    house = build_house(config, environment, store, labels, shared=shared)
    worker = Worker(house, turns, settings, metrics)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(house.close)
        labels.fill(await house.workers.ready())
        await patiently(store.sync_sources, config.sources, house.clock())
        await house.collector.start()
        stack.push_async_callback(house.collector.stop, STOP_WITHIN / 2)
        app = make_app(
            queue_address(config),
            worker,
            connections=settings.visits // 4 + 8,
        )
        worker.app = app
        await _serve(worker, app, bell, Supervisor(environment), renew)


async def _serve(
    worker: Worker,
    app: procrastinate.App,
    bell: asyncio.Event,
    supervisor: Supervisor,
    renew: Callable[[], None],
) -> None:
    stop, house, settings = stop_on_signals(), worker.house, worker.settings
    _log.info("worker %d takes jobs: %d sources", os.getpid(), len(house.sources))
    async with app.open_async():
        tasks = [
            asyncio.create_task(_take(app, VISITS, settings.visits, settings, stop)),
            asyncio.create_task(_take(app, DESK, _DESK_AT_ONCE, settings, stop)),
            asyncio.create_task(_take(app, ARCHIVE, _ARCHIVE_AT_ONCE, settings, stop)),
            asyncio.create_task(_ring(worker, tuple(house.channels), bell)),
            asyncio.create_task(_sweep(worker, settings)),
        ]
        try:
            async with guarded(renew, stop), supervised(supervisor, stop):
                await stop.wait()
        finally:
            _log.info("worker %d stops", os.getpid())
            await asyncio.gather(house.collector.stop(STOP_WITHIN / 2), end(tasks))


async def end(tasks: Sequence[asyncio.Task[None]], within: float = STOP_WITHIN * 7 / 8) -> None:
    """Cancel ``tasks`` until all have ended: again after ``within`` seconds, and then often.

    psycopg forgets a cancellation that comes while it sees that the server cut the connection,
    and what was cancelled goes on.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=within)
        within = min(within, _ONCE_MORE)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _take(
    app: procrastinate.App, queue: str, at_once: int, settings: ClusterSettings, stop: asyncio.Event
) -> None:
    """Run the jobs of ``queue``; a database that went away is waited for."""
    alive = settings.stalled_after.total_seconds()
    while not stop.is_set():
        try:
            await app.run_worker_async(
                queues=[queue],
                name=f"{queue}-{os.getpid()}",
                concurrency=at_once,
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=STOP_WITHIN * 3 / 4,  # the whole stop stays under ten
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=alive / 3,
                stalled_worker_timeout=alive,
            )
        except Exception as error:  # noqa: BLE001 - the top loop: the queue is taken up again
            _log.warning("the queue %s is lost: %s", queue, said(error))
        await asyncio.sleep(_AGAIN)


async def _ring(worker: Worker, channels: tuple[str, ...], bell: asyncio.Event) -> None:
    """Have the channels served as soon as deliveries were written."""
    while True:
        await bell.wait()
        bell.clear()
        await worker.tell(channels)


async def _end_stuck(store: Store, settings: ClusterSettings) -> None:
    """End sessions of suspended processes that somebody waits for."""
    while True:
        try:
            await asyncio.to_thread(store.end_stuck_sessions)
        except StoreError as error:
            _log.info("sessions that are stuck are looked for again: %s", error)
        await asyncio.sleep(settings.stalled_after.total_seconds() / 3)


async def _sweep(worker: Worker, settings: ClusterSettings) -> None:
    """Take back what dead workers had. No job of the queue: the queue may be what is stuck."""
    while True:
        await asyncio.sleep(settings.stalled_after.total_seconds() / 3)
        await worker.take_back()
