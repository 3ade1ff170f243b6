"""Channels as the configuration describes them, with the words of the lexicon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta

from alerts.channels import make_channel
from alerts.guarding import Guard
from alerts.messages import Composer, Week, no_week
from alerts.phrasebook import HOME
from alerts.ports import Channel
from domain.errors import MarsadError
from marsad.config import Config
from marsad.labels import Labels
from storage.store import Store

_log = logging.getLogger(__name__)


def open_channel(
    config: Config,
    name: str,
    labels: Labels,
    clock: Callable[[], datetime],
    week: Week = no_week,
) -> Channel:
    """Return the channel ``name`` of the configuration, ready to send.

    ``week`` gives the figures that a digest draws.
    """
    settings = config.alerts.channels[name]
    composer = Composer(labels.name, settings.language, week)
    return make_channel(name, settings, composer, clock, guard=guard_of(config, name))


class StoredWeek:
    """The hits of the last seven days as the store counts them; none where it cannot say."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, now: datetime, routes: Collection[str] = ()) -> Sequence[tuple[date, int]]:
        """Return each day, as Algiers has it, with its number of articles, oldest first.

        Of ``routes`` only, where any is named.
        """
        today = now.astimezone(HOME).date()
        days = [today - timedelta(days=back) for back in range(6, -2, -1)]
        midnights = [datetime.combine(day, time(), tzinfo=HOME).astimezone(UTC) for day in days]
        try:
            return list(zip(days, self._store.articles_with_hits(midnights, routes), strict=False))
        except MarsadError as error:
            _log.warning("a digest goes without its chart: %s", error)
            return ()


def guard_of(config: Config, name: str) -> Guard:
    """Return the guard of a channel: what it does not say, the sections above say."""
    default = config.crawler.allow_private_networks
    settings = config.alerts.channels[name]
    return Guard(allow_private=config.alerts.may_go_private(settings, default))
