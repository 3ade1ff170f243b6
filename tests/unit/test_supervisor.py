"""What systemd hears of marsad."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

from marsad.supervisor import Supervisor, supervised


async def heard(environment: dict[str, str], address: str, seconds: float) -> list[str]:
    """Run something for ``seconds`` under a supervisor that listens; return what it heard."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(address)
        inbox.setblocking(False)
        stop = asyncio.Event()
        async with supervised(Supervisor(environment), stop):
            await asyncio.sleep(seconds)
            stop.set()
            await asyncio.sleep(0)
        words = []
        while True:
            try:
                words.append(inbox.recv(100).decode())
            except BlockingIOError:
                return words


async def test_it_hears_that_marsad_runs_lives_and_stops(tmp_path: Path):
    path = str(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "100000"}
    words = await heard(environment, path, 0.2)
    assert words[0] == "READY=1"
    assert words[-1] == "STOPPING=1"
    assert words.count("WATCHDOG=1") >= 2


async def test_a_socket_of_the_abstract_namespace():
    name = f"marsad-test-{os.getpid()}"
    assert await heard({"NOTIFY_SOCKET": f"@{name}"}, f"\0{name}", 0) == ["READY=1", "STOPPING=1"]


async def test_nobody_listens_and_nothing_happens(tmp_path: Path):
    for environment in (
        {},
        {"NOTIFY_SOCKET": str(tmp_path / "none"), "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "tcp:1", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"},
    ):
        supervisor = Supervisor(environment)
        assert supervisor.beat is None
        async with supervised(supervisor, asyncio.Event()):
            pass
