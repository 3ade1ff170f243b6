"""robots.txt of every host, as last fetched."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

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
