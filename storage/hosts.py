"""Hosts that several workers share: whose turn it is, and when the next request may go out.

The server's clock decides, so that workers whose clocks differ keep one pace. PostgreSQL
only: one process needs none of this.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, text

from domain.errors import LeaseLostError
from domain.lease import Lease

_NOW = "extract(epoch FROM clock_timestamp())"
_TAKE = text(
    "INSERT INTO hosts (host, epoch, free_at) VALUES (:host, 1, 0)"
    " ON CONFLICT (host) DO UPDATE SET epoch = hosts.epoch + 1 RETURNING epoch"
)
# A lease that is past finds no row; a host that nobody leased is anyone's.
_TURN = text(
    f"UPDATE hosts SET free_at = greatest(free_at, {_NOW}) + :gap"  # noqa: S608 - constants
    " WHERE host = :host AND epoch = :epoch"
    f" RETURNING free_at - :gap - {_NOW}"
)
_STRAY_TURN = text(
    f"INSERT INTO hosts (host, epoch, free_at) VALUES (:host, 0, {_NOW} + :gap)"  # noqa: S608
    f" ON CONFLICT (host) DO UPDATE SET free_at = greatest(hosts.free_at, {_NOW}) + :gap"
    f" RETURNING free_at - :gap - {_NOW}"
)
_DONE = text(
    f"UPDATE hosts SET free_at = greatest(free_at, {_NOW} + :gap) WHERE host = :host"  # noqa: S608
)
_HELD = text("SELECT 1 FROM hosts WHERE host = :host AND epoch = :epoch FOR SHARE")


def take(connection: Connection, host: str) -> Lease:
    """Take ``host`` over from whoever had it."""
    return Lease(host=host, epoch=int(connection.scalar(_TAKE, {"host": host}) or 0))


def turn(connection: Connection, host: str, gap: timedelta, lease: Lease | None) -> float:
    """Book the next request to ``host``; return how many seconds it has to wait.

    ``gap`` is kept free behind it. Raises LeaseLostError when ``lease`` is past.
    """
    values = {"host": host, "gap": gap.total_seconds()}
    if lease is None:
        return max(0.0, float(connection.scalar(_STRAY_TURN, values) or 0.0))
    wait = connection.scalar(_TURN, values | {"epoch": lease.epoch})
    if wait is None:
        raise _lost(lease)
    return max(0.0, float(wait))


def done(connection: Connection, host: str, gap: timedelta) -> None:
    """Keep ``host`` free for ``gap`` from now: its answer is here."""
    connection.execute(_DONE, {"host": host, "gap": gap.total_seconds()})


def require(connection: Connection, lease: Lease) -> None:
    """Hold ``lease`` until the end of the transaction. Raises LeaseLostError when it is past."""
    if connection.scalar(_HELD, {"host": lease.host, "epoch": lease.epoch}) is None:
        raise _lost(lease)


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(f"{lease.host} was taken over by another worker: nothing is stored")
