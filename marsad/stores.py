"""Opening the store, without anything that fetches or judges."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from domain.errors import BusyError, ConnectionLostError, SchemaError, StoreError
from domain.story import STORY_DAYS
from marsad.folding import MatcherFolding
from marsad.labels import Labels
from marsad.placing import StoryPlacing
from storage import Migrate, Store

_log = logging.getLogger("marsad.store")
_AGAIN = (0.2, 0.5, 1.0, 2.0, 4.0)  # waits in seconds; a server restarts within them

R = TypeVar("R")


def has_database(url: str) -> bool:
    """Whether a SQLite file is there; a server, and a folder that is shut, have to be asked."""
    prefix = "sqlite:///"
    try:
        return not url.startswith(prefix) or Path(url.removeprefix(prefix)).exists()
    except OSError:
        return True  # opening it says why


def open_store(
    url: str,
    *,
    must_exist: bool = False,
    labels: Labels | None = None,
    story_days: int = STORY_DAYS,
    migrate: Migrate = Migrate.NEW,
) -> Store:
    """Open the database at ``url``; an older schema is raised by ``marsad db upgrade`` alone.

    ``must_exist`` refuses to make a new SQLite file: a question to a database that is not
    there is a mistyped path.
    """
    if must_exist and not has_database(url):
        path = url.removeprefix("sqlite:///")
        raise StoreError(f"{path}: no such database; run `marsad crawl` or `marsad run` first")
    return past_cuts(
        partial(
            Store.open,
            url,
            migrate=migrate,
            labels=(labels or Labels()).label,
            folding=MatcherFolding(),
            placer=StoryPlacing(story_days),
        )
    )


def past_cuts(work: Callable[[], R], *, sleep: Callable[[float], None] = time.sleep) -> R:
    """Return what ``work`` returns, begun again where the server ended its session.

    A server that restarts ends every session and takes no new one for a moment; one that never
    answered is told of at once.
    """
    is_cut = False
    for wait in _AGAIN:
        try:
            return work()
        except (BusyError, SchemaError):
            raise
        except StoreError as error:
            is_cut = is_cut or isinstance(error, ConnectionLostError)
            if not is_cut:
                raise
            _log.warning("%s; again in %g s", error, wait)
        sleep(wait)
    return work()
