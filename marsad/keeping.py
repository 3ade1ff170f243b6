"""Retention: how long articles that are no hits stay, and letting the others go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from crawler.settings import PositiveDuration
from domain.errors import StoreError
from storage.store import Store

_log = logging.getLogger(__name__)


class KeepSettings(BaseModel):
    """The section ``keep``. Without an age everything stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    articles: PositiveDuration | None = None  # age after which one that is no hit is deleted


def prune(
    store: Store, age: timedelta, now: datetime, deleted: Callable[[int], None] = lambda _: None
) -> int:
    """Delete articles older than ``age`` that are no hits, a batch a commit; return how many."""
    after, count = 0, 0
    while ids := store.prune(now - age, after):
        after, count = ids[-1], count + len(ids)
        deleted(len(ids))
    return count


def keep_house(store: Store, age: timedelta | None, now: datetime) -> None:
    """Delete what is older than ``age`` and no hit; let the store's planner know what it holds.

    A fault is logged: it is for tomorrow.
    """
    count = 0
    try:
        if age is not None:
            count = prune(store, age, now)
        store.gather_statistics()
    except StoreError as error:
        _log.warning("the store was not tidied: %s; again tomorrow", error)
        return
    if age is not None and count:
        _log.info("%d articles older than %d days that were no hits are deleted", count, age.days)
