"""The tasks that workers share, as procrastinate runs them.

A job says what to look at; what is to be done stands in the store, so a job that is lost, or
runs twice, changes nothing but the time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from storage.database import queue_session_options

_log = logging.getLogger(__name__)
_NOTED_AGAIN = (0.5, 2.0, 5.0)  # seconds after each try to note a job's end
_NOT_FOUND = "P0001"  # what the queue's function raises for a job that nobody does
TICK = "* * * * * */2"  # every two seconds: what is due is looked up by one worker
BEAT = timedelta(seconds=10)  # between two turns at the heartbeat
VISIT, DISPATCH, REMATCH = "marsad.visit", "marsad.dispatch", "marsad.rematch"
BACKFILL = "marsad.backfill"
# Queues: a slow press must not hold up the alerts, nor the archive what is new.
VISITS, DESK, ARCHIVE = "visits", "desk", "archive"


class Duties(Protocol):
    """What a worker does when a job says so."""

    async def visit(self, host: str) -> None:
        """Visit the sources of ``host`` that are due."""

    async def dispatch(self, channel: str) -> None:
        """Send what is due on ``channel``."""

    async def rematch(self, rematch_id: int, upto: int, is_dry: bool, is_telling: bool) -> None:
        """Judge the chunk of a rematch that ends with article ``upto``."""

    async def backfill(self, backfill_id: int, is_telling: bool) -> None:
        """Go on with a backfill for a while."""

    async def look(self) -> None:
        """Hand out what is due, and take back what dead workers had."""

    async def watch(self) -> None:
        """Tell the operator how the sources fare."""

    async def stand_by(self) -> None:
        """End floods, remind of what nobody acknowledged, report what failed."""

    async def beat(self, tick: datetime) -> None:
        """Give a sign of life, if it is time at ``tick``."""

    async def prune(self) -> None:
        """Let articles go that are older than is wished."""


def lock_of(task: str, subject: str) -> str:
    """Return what a second job of one host, channel, chunk or backfill is known by."""
    kinds = {VISIT: "host", DISPATCH: "channel", REMATCH: "rematch", BACKFILL: "backfill"}
    return f"{kinds[task]}:{subject}"


def connector(conninfo: str, *, connections: int) -> procrastinate.PsycopgConnector:
    """Return the queue's way to the database. ``conninfo`` is a libpq address."""
    return procrastinate.PsycopgConnector(
        conninfo=conninfo,
        min_size=2,
        max_size=connections,
        timeout=30.0,
        kwargs=queue_session_options(),
    )


class _Jobs(JobManager):
    """Notes the ends of jobs. What cannot be noted is a line of the log, no traceback a job.

    A worker that is stopped while it comes forward comes forward no more.
    """

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        """Forget workers that are gone."""
        pruned = await super().prune_stalled_workers(seconds_since_heartbeat)
        _heed_cancellation()
        return pruned

    async def register_worker(self) -> int:
        """Return this worker's number."""
        number = await super().register_worker()
        _heed_cancellation()
        return number

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note the end of ``job``; of one that was taken back meanwhile there is none to note."""
        for wait in _NOTED_AGAIN:
            try:
                await super().finish_job(job, status, delete_job)
            except exceptions.ConnectorException as error:
                if getattr(error.__cause__, "sqlstate", "") == _NOT_FOUND:
                    _log.warning("job %s was taken back from this worker meanwhile", job.lock)
                    return
                why = said(error)
            else:
                return
            await asyncio.sleep(wait)
        _log.warning("the end of job %s cannot be noted: %s", job.lock, why)


def _heed_cancellation() -> None:
    """Raise a cancellation that psycopg forgot: a connection that the server had cut met it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def said(error: BaseException) -> str:
    """Return the database's own words, in one line, where the queue only says that it failed."""
    return " ".join(str(error.__cause__ or error).split())


def make_app(conninfo: str, duties: Duties, *, connections: int) -> procrastinate.App:
    """Return the app with every task. ``conninfo`` is a libpq address."""
    app = procrastinate.App(connector=connector(conninfo, connections=connections))
    app.job_manager = _Jobs(app.connector)

    @app.task(name=VISIT, queue=VISITS)
    async def visit(host: str) -> None:
        await duties.visit(host)

    @app.task(name=DISPATCH, queue=DESK)
    async def dispatch(channel: str) -> None:
        await duties.dispatch(channel)

    @app.task(name=REMATCH, queue=ARCHIVE)
    async def rematch(rematch_id: int, upto: int, is_dry: bool, is_telling: bool) -> None:
        await duties.rematch(rematch_id, upto, is_dry, is_telling)

    @app.task(name=BACKFILL, queue=VISITS)
    async def backfill(backfill_id: int, is_telling: bool) -> None:
        await duties.backfill(backfill_id, is_telling)

    _periodic(app, "marsad.look", TICK, lambda _: duties.look())
    _periodic(app, "marsad.watch", "*/1 * * * *", lambda _: duties.watch(), is_alone=True)
    _periodic(app, "marsad.stand_by", "* * * * * */4", lambda _: duties.stand_by(), is_alone=True)
    _periodic(app, "marsad.beat", f"* * * * * */{BEAT.seconds}", duties.beat)
    _periodic(app, "marsad.prune", "17 3 * * *", lambda _: duties.prune())
    return app


def _periodic(
    app: procrastinate.App,
    name: str,
    cron: str,
    duty: Callable[[datetime], Awaitable[None]],
    *,
    is_alone: bool = False,
) -> None:
    """Have each turn of ``duty`` taken by one worker; a late one makes up for all before it.

    Where it ``is_alone``, no turn begins before the last one ended or its worker was given up:
    what tells people, and takes its time at a channel that does not answer. What only looks
    holds no lock: a worker that is stuck in one look must not keep the others from looking.
    """

    @app.periodic(cron=cron)
    @app.task(name=name, lock=name if is_alone else None, queueing_lock=name, queue=DESK)
    async def run(timestamp: int) -> None:
        await duty(datetime.fromtimestamp(timestamp, UTC))


async def hand_out(app: procrastinate.App, task: str, subject: str) -> bool:
    """Put a visit or a dispatch on the queue; False when one waits already."""
    key, queue = ("host", VISITS) if task == VISIT else ("channel", DESK)
    return await _defer(app, task, queue, lock_of(task, subject), {key: subject})


async def hand_out_chunk(
    app: procrastinate.App, rematch_id: int, upto: int, *, is_dry: bool, is_telling: bool
) -> bool:
    """Put a chunk of a rematch on the queue; False when it waits already."""
    values = {"rematch_id": rematch_id, "upto": upto}
    values |= {"is_dry": is_dry, "is_telling": is_telling}
    return await _defer(app, REMATCH, ARCHIVE, lock_of(REMATCH, f"{rematch_id}:{upto}"), values)


async def hand_out_backfill(
    app: procrastinate.App, backfill_id: int, host: str, *, is_telling: bool
) -> bool:
    """Put a part of a backfill on the queue, as a visit of ``host`` that others go before."""
    values = {"backfill_id": backfill_id, "is_telling": is_telling}
    key = lock_of(BACKFILL, str(backfill_id))
    return await _defer(app, BACKFILL, VISITS, key, values, lock=lock_of(VISIT, host), priority=-1)


async def _defer(
    app: procrastinate.App,
    task: str,
    queue: str,
    key: str,
    values: Mapping[str, Any],
    *,
    lock: str = "",
    priority: int = 0,
) -> bool:
    """Defer a job unless one of ``key`` waits; of those of one ``lock`` one runs at a time."""
    job = app.configure_task(
        task, lock=lock or key, queueing_lock=key, queue=queue, priority=priority
    )
    try:
        await job.defer_async(**values)
    except exceptions.AlreadyEnqueued:
        return False
    return True
