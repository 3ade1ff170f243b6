"""Deliveries that were refused for good: said once, by another channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from domain.notice import DeliveryState
from storage.bulletins import post
from storage.tables import deliveries

_REASONS = 3  # different ones in a bulletin


def report(connection: Connection, now: datetime) -> int:
    """Post a bulletin a channel for failures that nobody heard of; return how many those are."""
    fresh = (deliveries.c.state == DeliveryState.FAILED, deliveries.c.is_reported == 0)
    newest = func.max(deliveries.c.delivery_id)
    by_channel = select(deliveries.c.channel, func.count(), newest).where(*fresh)
    reported = 0
    for channel, count, last in connection.execute(by_channel.group_by(deliveries.c.channel)).all():
        mine = (*fresh, deliveries.c.channel == channel)
        said = select(deliveries.c.last_error).where(*mine).distinct().limit(_REASONS)
        reasons = "\n".join(f"- {reason}" for reason in connection.scalars(said))
        alerts = f"{count} alert{'s' if count > 1 else ''}"
        post(
            connection,
            key=f"failed:{channel}:{last}",
            at=now,
            subject=f"{channel} refused {alerts} for good",
            body=(
                f"They are not tried again by themselves. What it said:\n{reasons}\n"
                f"See marsad alerts pending --channel {channel} --failed; once it is mended, "
                f"marsad alerts retry --channel {channel} --failed."
            ),
            avoid=channel,
        )
        connection.execute(update(deliveries).where(*mine).values(is_reported=1))
        reported += count
    return reported
