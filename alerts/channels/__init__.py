"""Ways to reach people. Each maps what its far side says to an outcome with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from alerts.channel_settings import (
    AppriseSettings,
    ChannelSettings,
    EmailSettings,
    FileSettings,
    SlackSettings,
    WebhookSettings,
)
from alerts.channels.console import ConsoleChannel
from alerts.channels.email import EmailChannel
from alerts.channels.file import FileChannel
from alerts.channels.slack import SlackChannel
from alerts.channels.slack_bot import SlackBotChannel
from alerts.channels.webhook import WebhookChannel
from alerts.guarding import Guard
from alerts.messages import Composer
from alerts.ports import Channel
from alerts.posting import Poster


def make_channel(
    name: str,
    settings: ChannelSettings,
    composer: Composer | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    guard: Guard | None = None,
) -> Channel:
    """Build the channel that ``settings`` describe. ``composer`` writes what it sends.

    ``guard`` says which hosts it may dial: none in a private network unless told otherwise.
    """
    words = composer or Composer()
    dialling = guard or Guard()
    if isinstance(settings, EmailSettings):
        return EmailChannel(name, settings, words, clock)
    if isinstance(settings, SlackSettings):
        way = SlackChannel if settings.bot_token is None else SlackBotChannel
        return way(name, settings, words, Poster(dialling))
    if isinstance(settings, WebhookSettings):
        return WebhookChannel(name, settings, words, Poster(dialling), clock)
    if isinstance(settings, AppriseSettings):
        from alerts.channels.apprise import AppriseChannel  # noqa: PLC0415 - slow to import

        return AppriseChannel(name, settings, words, dialling)
    if isinstance(settings, FileSettings):
        return FileChannel(name, settings.path, words)
    return ConsoleChannel(name, words)
