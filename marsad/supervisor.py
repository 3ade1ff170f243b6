"""What systemd is told: that marsad is up, that it lives, that it stops (sd_notify(3))."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress


class Supervisor:
    """Speaks to whoever set ``NOTIFY_SOCKET``; without one it says nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        limit = environment.get("WATCHDOG_USEC", "") if is_ours else ""
        # half the time that systemd waits, in seconds; None: nobody waits
        self.beat = int(limit) / 2_000_000 if limit.isdigit() and int(limit) else None

    def ready(self) -> None:
        """Say that the daemon runs."""
        self._say("READY=1")

    def alive(self) -> None:
        """Say that the loop turns."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the daemon was asked to stop."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        # a leading @ names a socket of the abstract namespace
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(address)
            out.send(words.encode())


@asynccontextmanager
async def supervised(supervisor: Supervisor, stop: asyncio.Event) -> AsyncIterator[None]:
    """Tell of the body that it runs, again and again while the loop turns, and when it stops."""
    supervisor.ready()
    tasks = [asyncio.create_task(_beat(supervisor)), asyncio.create_task(_last(supervisor, stop))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _beat(supervisor: Supervisor) -> None:
    while supervisor.beat is not None:
        supervisor.alive()
        await asyncio.sleep(supervisor.beat)


async def _last(supervisor: Supervisor, stop: asyncio.Event) -> None:
    await stop.wait()
    supervisor.stopping()
