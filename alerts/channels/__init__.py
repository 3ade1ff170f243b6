"""Ways to reach people. Each maps what its far side says to an outcome with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from alerts.card import Namer
from alerts.channels.apprise import AppriseChannel
from alerts.channels.console import ConsoleChannel
from alerts.channels.email import EmailChannel
from alerts.channels.slack import SlackChannel
from alerts.messages import Composer
from alerts.ports import Channel
from alerts.settings import AppriseSettings, ChannelSettings, EmailSettings, SlackSettings


def make_channel(
    name: str,
    settings: ChannelSettings,
    namer: Namer = str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Channel:
    """Build the channel that ``settings`` describe. ``namer`` gives words for ids."""
    composer = Composer(namer)
    if isinstance(settings, EmailSettings):
        return EmailChannel(name, settings, composer, clock)
    if isinstance(settings, SlackSettings):
        return SlackChannel(name, settings, composer)
    if isinstance(settings, AppriseSettings):
        return AppriseChannel(name, settings, composer)
    return ConsoleChannel(name, composer)
