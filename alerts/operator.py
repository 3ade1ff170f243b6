"""What the operator is told: sources in trouble and recovered, and marsad's own bulletins.

A notice goes to the channels marked ``operator: true``; where none is marked, to the first one
configured, so that a silent press is never mistaken for a quiet one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from alerts import slack_blocks
from alerts.channel_settings import ChannelSettings, EmailSettings
from alerts.channels import make_channel
from alerts.cleaning import one_line
from alerts.fitting import fitted
from alerts.guarding import Guard
from alerts.messages import Composer
from alerts.mime import new_mail
from alerts.payload import FORMAT
from alerts.payload import message as as_message
from domain.health import HealthChange, HealthNotice, HealthState
from domain.notice import Bulletin, Delivery, SendOutcome

MOST_LINES = 40  # of each part; the rest is counted
_SLACK_TEXT = 2800  # characters: one section of a message
_ALMOST_ALL = 0.8
_SOME = 5  # sources, below which "almost all" says nothing


def ripe(
    changes: Sequence[HealthChange], sources: int, now: datetime, patience: timedelta
) -> HealthNotice | None:
    """Return the notice that is due, or None. Pure.

    A trouble is told once it lasted for ``patience``; whatever else waits by then goes along,
    so that a bad morning is one notice.
    """
    if not any(change.is_recovery or now - change.at >= patience for change in changes):
        return None
    ordered = sorted(changes, key=lambda c: (not c.state.is_trouble, c.at, c.source_id))
    return HealthNotice(changes=tuple(ordered), sources=sources)


def operator_channels(channels: Mapping[str, ChannelSettings]) -> list[str]:
    """Return the names of the channels for the operator."""
    marked = [name for name, settings in channels.items() if settings.operator]
    return marked or list(channels)[:1]


async def tell(
    name: str,
    settings: ChannelSettings,
    notice: HealthNotice | Bulletin,
    clock: Callable[[], datetime],
    guard: Guard | None = None,
) -> SendOutcome:
    """Send ``notice`` through a channel of its own; what goes wrong is in the outcome."""
    channel = make_channel(name, settings, OperatorComposer(notice), clock, guard=guard)
    try:
        return await channel.send((), digest=False)
    finally:
        await channel.close()


def bulletin_channels(channels: Mapping[str, ChannelSettings], bulletin: Bulletin) -> list[str]:
    """Return the channels to tell a bulletin to: its own, or the operator's, never who it avoids.

    Where the operator has no other, any other channel must do: better told twice than never.
    """
    if bulletin.channel in channels:
        return [bulletin.channel]
    wanted = [name for name in operator_channels(channels) if name != bulletin.avoid]
    return wanted or [name for name in channels if name != bulletin.avoid]


def subject(notice: HealthNotice | Bulletin) -> str:
    """Return the notice in a line: ``3 sources in trouble, 2 recovered``."""
    if isinstance(notice, Bulletin):
        return f"[marsad] {one_line(notice.subject, 200)}"
    parts = []
    if notice.troubles:
        count = len(notice.troubles)
        parts.append(f"{count} source{'s' if count > 1 else ''} in trouble")
    if notice.recoveries:
        parts.append(f"{len(notice.recoveries)} recovered")
    return f"[marsad] {', '.join(parts)}"


def body(notice: HealthNotice | Bulletin) -> str:
    """Return the notice as plain text, a line a source."""
    if isinstance(notice, Bulletin):
        said = [one_line(line, 400) for line in notice.body.splitlines()[:MOST_LINES]]
        return "\n".join(said) + "\n"
    lines = []
    if is_everywhere(notice):
        lines += ["Almost every source fails: is this machine's own network down?", ""]
    for heading, changes in (("In trouble", notice.troubles), ("Recovered", notice.recoveries)):
        if changes:
            lines += [f"{heading}:", *map(_line, changes[:MOST_LINES])]
            if len(changes) > MOST_LINES:
                lines.append(f"- and {len(changes) - MOST_LINES} more: marsad sources list")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def is_everywhere(notice: HealthNotice) -> bool:
    """Whether so many sources fail at once that the fault is more likely ours."""
    failing = sum(change.state is HealthState.FAILING for change in notice.troubles)
    return failing >= _SOME and failing >= _ALMOST_ALL * notice.sources


def _line(change: HealthChange) -> str:
    name = one_line(change.name, 60)
    reason = f": {one_line(change.reason, 300)}" if change.reason else ""
    since = f"since {change.at:%Y-%m-%d %H:%M} UTC"
    if change.is_recovery:
        return f"- {name} ({change.source_id}): {change.state} {since}, was {change.before}"
    next_try = f"; next try {change.next_try:%Y-%m-%d %H:%M}" if change.next_try else ""
    return f"- {name} ({change.source_id}): {change.state} {since}{reason}{next_try}"


class OperatorComposer(Composer):
    """Writes one notice, in the form that each channel takes."""

    def __init__(self, notice: HealthNotice | Bulletin) -> None:
        super().__init__()
        self._subject = subject(notice)
        self._body = body(notice)
        identity = notice.key if isinstance(notice, Bulletin) else self._body
        self._key = hashlib.sha256(identity.encode()).hexdigest()[:32]

    def text(self, deliveries: Sequence[Delivery], limit: int | None = None) -> str:
        """Return the notice as plain text."""
        del deliveries
        whole = f"{self._subject}\n\n{self._body}"
        return whole if limit is None else fitted(whole, limit)

    def payload(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return the notice as JSON for programs."""
        del deliveries
        told = {"format": FORMAT, "type": "operator", "headline": self._subject, "text": self._body}
        return as_message(self._key, [told])

    def email(
        self, deliveries: Sequence[Delivery], settings: EmailSettings, now: datetime
    ) -> EmailMessage:
        """Return the notice as a mail; sent twice, it has the same Message-ID."""
        del deliveries
        message = new_mail()
        message["From"] = Address("marsad", addr_spec=settings.sender)
        message["To"] = ", ".join(settings.recipients)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<operator.{self._key}@{settings.sender.rsplit('@', 1)[1]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Subject"] = self._subject
        message.set_content(self._body)
        return message

    def slack(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return the payload of an incoming webhook."""
        del deliveries
        text = slack_blocks.words(f"{self._subject}\n\n{self._body}", _SLACK_TEXT)
        return {"text": text, "unfurl_links": False, "unfurl_media": False}
