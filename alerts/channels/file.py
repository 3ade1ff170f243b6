"""A file, or standard output: a line of JSON a notice, for whatever reads lines."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from alerts.channel_settings import STANDARD_OUTPUT
from alerts.messages import Composer
from alerts.threads import in_thread
from domain.notice import Delivery, SendOutcome, SendResult


class FileChannel:
    """Appends to ``path``. The file is opened anew for each message: it may be rotated away."""

    def __init__(self, name: str, path: str, composer: Composer) -> None:
        self.name = name
        self.gap = 0.0
        self._path = path
        self._composer = composer

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``. Accepted is what the disk has."""
        del digest  # each notice is a line of its own
        notices = self._composer.payload(deliveries)["notices"]
        lines = "".join(json.dumps(n, ensure_ascii=False) + "\n" for n in notices).encode()
        try:
            if self._path == STANDARD_OUTPUT:
                await in_thread(_print, lines)
            else:
                await in_thread(_append, Path(self._path), lines)
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or type(error).__name__
            reason = f"{self._path}: {words}"
            return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        return SendOutcome(result=SendResult.ACCEPTED)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""


def _print(lines: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()


def _append(path: Path, lines: bytes) -> None:
    """Append all of ``lines`` or none: a reader never sees half a line of a full disk."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        state = os.fstat(handle)
        is_plain = stat.S_ISREG(state.st_mode)  # a pipe or a device has no end to go back to
        try:
            written = 0
            while written < len(lines):
                written += os.write(handle, lines[written:])
            if is_plain:
                os.fsync(handle)
        except OSError:
            if is_plain:
                os.ftruncate(handle, state.st_size)
            raise
    finally:
        os.close(handle)
