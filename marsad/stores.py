"""Opening the store, without anything that fetches or judges."""

from __future__ import annotations

from pathlib import Path

from domain.errors import StoreError
from marsad.folding import MatcherFolding
from marsad.labels import Labels
from storage.store import Store


def has_database(url: str) -> bool:
    """Whether a SQLite file is there; a server has to be asked."""
    prefix = "sqlite:///"
    return not url.startswith(prefix) or Path(url.removeprefix(prefix)).exists()


def open_store(url: str, *, must_exist: bool = False, labels: Labels | None = None) -> Store:
    """Open the database at ``url``, its schema brought up to date.

    ``must_exist`` refuses to make a new SQLite file: a question to a database that is not
    there is a mistyped path.
    """
    if must_exist and not has_database(url):
        path = url.removeprefix("sqlite:///")
        raise StoreError(f"{path}: no such database; run `marsad crawl` or `marsad run` first")
    return Store.open(url, labels=(labels or Labels()).label, folding=MatcherFolding())
