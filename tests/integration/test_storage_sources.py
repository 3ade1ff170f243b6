"""Sources as configured: what a start writes of them, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from domain.source import Source
from storage import Store

NOW = datetime(2023, 12, 6, 8, tzinfo=UTC)
SOURCES = [
    Source(
        id=f"paper-{n}",
        name="Le Jour\x00né",  # as no database can hold it
        url="https://paper.example/",
        language="fr",
        country="DZ",
        tags=("dz", "online"),
        feeds=(f"https://paper.example/{n}/feed",),
    )
    for n in range(3)
]


@pytest.fixture
def writes(store: Store) -> list[str]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("UPDATE", "INSERT", "DELETE")):
            seen.append(statement)

    store.sync_sources(SOURCES, NOW)
    event.listen(store._database.engine, "before_cursor_execute", note)
    return seen


def test_a_start_with_the_same_sources_writes_no_row(store: Store, writes: list[str]):
    store.sync_sources(SOURCES, NOW + timedelta(hours=1))
    store.sync_sources(SOURCES[:2], NOW)
    assert len(writes) == 1  # one source is gone
    store.sync_sources(SOURCES[:2], NOW + timedelta(hours=1))
    assert len(writes) == 1
    assert [s.source_id for s in store.fetch_states()] == ["paper-0", "paper-1"]


def test_a_source_that_is_back_is_due(store: Store, writes: list[str]):
    store.sync_sources(SOURCES[:2], NOW)
    store.sync_sources(SOURCES, NOW - timedelta(hours=1))
    assert len(writes) == 2
    assert store.due_ids(NOW - timedelta(hours=1), 5) == ["paper-2"]
