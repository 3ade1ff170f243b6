"""An open store, on each kind of database in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Yield an open store on a database without a row, of either kind in turn."""
    with Store.open(database_url) as opened:
        yield opened
