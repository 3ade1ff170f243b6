"""Opening the store, without anything that fetches or judges."""

from __future__ import annotations

from pathlib import Path

from domain.errors import StoreError
from domain.story import STORY_DAYS
from marsad.folding import MatcherFolding
from marsad.labels import Labels
from marsad.placing import StoryPlacing
from storage import Migrate, Store


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
    return Store.open(
        url,
        migrate=migrate,
        labels=(labels or Labels()).label,
        folding=MatcherFolding(),
        placer=StoryPlacing(story_days),
    )
