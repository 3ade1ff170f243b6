"""Reloading: an edit of the configuration or of a rule file is taken up while marsad runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from domain.errors import ConfigError, MarsadError
from marsad.config import Config

_log = logging.getLogger(__name__)
Stamp = tuple[int, int]  # a file's time of change in nanoseconds, its size in bytes


class Reloading:
    """Reads the configuration again when one of its files changed or when it is asked to.

    ``load`` reads and checks it, raising ConfigError. A file that is being written is given
    the time between two looks to settle, so that half an edit is not taken for a mistake.
    """

    def __init__(self, path: Path, load: Callable[[], Config], current: Config) -> None:
        self._path = path
        self._load = load
        self._current = current
        self._is_asked = False
        self._taken = self._stamps()
        self._last = self._taken

    def ask(self) -> None:
        """Have the next look read the configuration, whether it changed or not."""
        self._is_asked = True

    async def look(self) -> Config | None:
        """Return the new configuration; None where nothing changed or the edit is wrong."""
        stamps = await asyncio.to_thread(self._stamps)
        is_settled, self._last = stamps == self._last, stamps
        if not self._is_asked and (stamps == self._taken or not is_settled):
            return None
        self._is_asked, self._taken = False, stamps
        try:
            return await asyncio.to_thread(self._load)
        except ConfigError as error:
            say_refused(error)
            return None

    def take(self, config: Config) -> None:
        """Say that ``config`` is the one in force: its rule files are watched from now on."""
        self._current = config
        self._taken = self._last = self._stamps()

    def _stamps(self) -> Mapping[Path, Stamp | None]:
        return {path: _stamp(path) for path in self._files()}

    def _files(self) -> Iterable[Path]:
        yield self._path
        for rule in self._current.rules:
            if rule.endswith((".yaml", ".yml")):
                yield Path(rule)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def say_refused(error: MarsadError) -> None:
    """Log an edit that is not taken up, with every fault of it."""
    for line in str(error).splitlines():
        _log.error("the edit is refused and the former configuration stays: %s", line)


def in_place(new: Config, old: Config) -> Config:
    """Return ``new`` with what only a restart can change left as it is, and say so."""
    for name in ("database", "web", "story_days"):
        if getattr(new, name) != getattr(old, name):
            _log.warning("%s: a change is taken up by the next start, not by a reload", name)
            setattr(new, name, getattr(old, name))
    return new
