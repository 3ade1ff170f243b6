"""Connections of one store: how many there are, and which of them is taken."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from storage.database import Database


def test_the_connection_given_back_last_is_taken_next(tmp_path: Path):
    """Each keeps pages of its own: what was idle longest has stale ones, and takes memory anew."""
    database = Database(f"sqlite:///{tmp_path / 'marsad.db'}")
    try:
        with ExitStack() as busy:  # as many at once as threads ask
            for _ in range(4):
                busy.enter_context(database.read())
        taken = set()
        for _ in range(8):
            with database.read() as connection:
                taken.add(id(connection.connection.driver_connection))
        assert len(taken) == 1
    finally:
        database.close()
