"""Bulletins: what marsad says of itself, each told once to a channel or to the operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from domain.notice import Bulletin
from storage.inserting import insert_new
from storage.tables import bulletins


def post(
    connection: Connection,
    *,
    key: str,
    at: datetime,
    subject: str,
    body: str,
    channel: str = "",
    avoid: str = "",
) -> None:
    """Put a bulletin up; one of the same key stands already and stays as it is."""
    row = {"key": key, "at": at, "subject": subject, "body": body}
    insert_new(connection, bulletins, [row | {"channel": channel, "avoid": avoid, "told_at": None}])


def untold(connection: Connection) -> list[Bulletin]:
    """Return what nobody was told yet, oldest first."""
    wanted = select(bulletins).where(bulletins.c.told_at.is_(None))
    names = ("key", "at", "subject", "body", "channel", "avoid")
    rows = connection.execute(wanted.order_by(bulletins.c.bulletin_id)).mappings()
    return [Bulletin(**{name: row[name] for name in names}) for row in rows]


def mark_told(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Note that people heard of these."""
    told = update(bulletins).where(bulletins.c.key.in_(keys)).values(told_at=now)
    connection.execute(told)
