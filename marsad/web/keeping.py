"""Answers that are kept for a moment: what many pages ask and nobody needs to the second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Asks ``load`` when its last answer is older than ``fresh``. One asks, the others wait."""

    def __init__(
        self, load: Callable[[], T], clock: Callable[[], datetime], fresh: timedelta
    ) -> None:
        self._load, self._clock, self._fresh = load, clock, fresh
        self._kept: tuple[datetime, T] | None = None
        self._lock = Lock()

    def __call__(self) -> T:
        """Return the answer, as old as ``fresh`` at most."""
        with self._lock:
            now = self._clock()
            if self._kept is None or now - self._kept[0] >= self._fresh:
                self._kept = now, self._load()
            return self._kept[1]
