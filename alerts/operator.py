"""What the operator is told: sources in trouble and sources that recovered, one notice for all.

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
from alerts.channels.apprise import AppriseChannel
from alerts.channels.console import ConsoleChannel
from alerts.channels.email import EmailChannel
from alerts.channels.slack import SlackChannel
from alerts.cleaning import one_line
from alerts.messages import Composer
from alerts.mime import new_mail
from alerts.ports import Channel
from alerts.settings import AppriseSettings, ChannelSettings, EmailSettings, SlackSettings
from domain.health import HealthChange, HealthNotice, HealthState
from domain.notice import Delivery, SendOutcome

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
    name: str, settings: ChannelSettings, notice: HealthNotice, clock: Callable[[], datetime]
) -> SendOutcome:
    """Send ``notice`` through a channel of its own; what goes wrong is in the outcome."""
    channel = _channel(name, settings, OperatorComposer(notice), clock)
    try:
        return await channel.send((), digest=False)
    finally:
        await channel.close()


def subject(notice: HealthNotice) -> str:
    """Return the notice in a line: ``3 sources in trouble, 2 recovered``."""
    parts = []
    if notice.troubles:
        count = len(notice.troubles)
        parts.append(f"{count} source{'s' if count > 1 else ''} in trouble")
    if notice.recoveries:
        parts.append(f"{len(notice.recoveries)} recovered")
    return f"[marsad] {', '.join(parts)}"


def body(notice: HealthNotice) -> str:
    """Return the notice as plain text, a line a source."""
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

    def __init__(self, notice: HealthNotice) -> None:
        super().__init__()
        self._subject = subject(notice)
        self._body = body(notice)

    def text(self, deliveries: Sequence[Delivery]) -> str:
        """Return the notice as plain text."""
        del deliveries
        return f"{self._subject}\n\n{self._body}"

    def email(
        self, deliveries: Sequence[Delivery], settings: EmailSettings, now: datetime
    ) -> EmailMessage:
        """Return the notice as a mail; sent twice, it has the same Message-ID."""
        del deliveries
        message = new_mail()
        key = hashlib.sha256(self._body.encode()).hexdigest()[:32]
        message["From"] = Address("marsad", addr_spec=settings.sender)
        message["To"] = ", ".join(settings.recipients)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<operator.{key}@{settings.sender.rsplit('@', 1)[1]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Subject"] = self._subject
        message.set_content(self._body)
        return message

    def slack(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return the payload of an incoming webhook."""
        del deliveries
        text = slack_blocks.words(f"{self._subject}\n\n{self._body}", _SLACK_TEXT)
        return {"text": text, "unfurl_links": False, "unfurl_media": False}


def _channel(
    name: str, settings: ChannelSettings, composer: Composer, clock: Callable[[], datetime]
) -> Channel:
    if isinstance(settings, EmailSettings):
        return EmailChannel(name, settings, composer, clock)
    if isinstance(settings, SlackSettings):
        return SlackChannel(name, settings, composer)
    if isinstance(settings, AppriseSettings):
        return AppriseChannel(name, settings, composer)
    return ConsoleChannel(name, composer)
