"""The job tables of the task queue (procrastinate): installed, brought up to date, asked.

The queue's own library runs the jobs; here is only what lies beside them in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from storage.schema import UPGRADE_LOCK
from storage.sources import REMOVED
from storage.tables import sources

_IS_THERE = text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
_VERSION = "COMMENT ON TABLE procrastinate_jobs IS "
_READ_VERSION = text("SELECT obj_description('procrastinate_jobs'::regclass)")
_MARK = "marsad: queue schema "
_LOCKS = text(
    "SELECT DISTINCT queueing_lock FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') AND queueing_lock IS NOT NULL"
)
_STATES = text("SELECT task_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2")
_WORKERS = text(
    "SELECT w.id, extract(epoch FROM now() - w.last_heartbeat),"
    " (SELECT count(*) FROM procrastinate_jobs j WHERE j.worker_id = w.id AND j.status = 'doing')"
    " FROM procrastinate_workers w ORDER BY w.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A worker's part: it has one for visits, one for alerts, one for the archive."""

    number: int
    silent: float  # seconds since its last sign of life
    jobs: int  # that it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """Who works and what waits."""

    workers: tuple[WorkerRow, ...]
    jobs: Mapping[tuple[str, str], int]  # by task and state
    overdue: int  # sources whose next visit is due
    lag: float  # seconds for which the most overdue one waits


def is_installed(connection: Connection) -> bool:
    """Whether the queue's tables are there."""
    return bool(connection.scalar(_IS_THERE))


def bring_up(connection: Connection, schema: str, migrations: Path) -> bool:
    """Install ``schema`` or apply the files of ``migrations`` that it lacks; False: nothing to do.

    The library names its migrations by version and keeps no note of what was applied: the
    last one's name stands in a comment of ours on its table.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    names = sorted(path.name for path in migrations.glob("*.sql"))
    if not is_installed(connection):
        _run(connection, schema)
    else:
        noted = str(connection.scalar(_READ_VERSION) or "")
        had = noted.removeprefix(_MARK) if noted.startswith(_MARK) else names[-1]
        missing = [name for name in names if name > had]
        if not missing and noted:
            return False
        for name in missing:
            _run(connection, (migrations / name).read_text(encoding="utf-8"))
    connection.exec_driver_sql(f"{_VERSION}'{_MARK}{names[-1]}'")
    return True


def locks(connection: Connection) -> set[str]:
    """Return what the jobs that wait or run are known by: a host, a channel, a chunk."""
    return {str(lock) for lock in connection.scalars(_LOCKS)}


def state(connection: Connection, now: datetime) -> ClusterState:
    """Return how the cluster stands at ``now``; without the queue's tables nobody works."""
    late = select(func.count(), func.min(sources.c.next_due)).where(
        sources.c.state != REMOVED, sources.c.next_due <= now
    )
    overdue, oldest = connection.execute(late).one()
    there = is_installed(connection)
    workers = connection.execute(_WORKERS) if there else ()
    jobs = connection.execute(_STATES) if there else ()
    return ClusterState(
        workers=tuple(
            WorkerRow(number=int(r[0]), silent=float(r[1]), jobs=int(r[2])) for r in workers
        ),
        jobs={(str(r[0]), str(r[1])): int(r[2]) for r in jobs},
        overdue=int(overdue),
        lag=(now - oldest).total_seconds() if oldest else 0.0,
    )


def _run(connection: Connection, script: str) -> None:
    """Run a script of several statements as it stands: no parameter, no percent sign is one."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(script)
    finally:
        cursor.close()
