"""What hosts asked of visitors: robots.txt as last fetched, and to be left alone for a while."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage import tables
from storage.inserting import put_row


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRow:
    """A host's robots.txt. ``status`` is the HTTP status, 0 when unreachable."""

    origin: str  # scheme://host[:port]
    body: bytes
    status: int
    fetched_at: datetime


def get(connection: Connection, origin: str) -> RobotsRow | None:
    """Return the record of ``origin``."""
    wanted = select(tables.robots).where(tables.robots.c.origin == origin)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else RobotsRow(**row)


def put(connection: Connection, row: RobotsRow) -> None:
    """Keep ``row`` in place of an older one."""
    put_row(connection, tables.robots, asdict(row))


def holds(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Return the hosts on hold beyond ``now``."""
    wanted = select(tables.holds).where(tables.holds.c.until > now)
    return {row.host: row.until for row in connection.execute(wanted)}


def hold(connection: Connection, host: str, until: datetime, now: datetime) -> None:
    """Put ``host`` on hold, in place of what it asked before."""
    connection.execute(delete(tables.holds).where(tables.holds.c.until <= now))
    put_row(connection, tables.holds, {"host": host, "until": until})
