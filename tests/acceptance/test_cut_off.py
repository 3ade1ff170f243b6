"""Two machines of one cluster, each a network namespace; one loses its network for a minute."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cluster_stage import Cluster, Hosts, cluster
from databases import SERVER
from newsroom import Process
from test_cluster import ARTICLES, HITS, NEARLY, UNTOLD

NET = "10.77.0"  # of the bridge between the two and this machine
HERE = f"{NET}.1"
MACHINES = {"marsad-one": f"{NET}.11", "marsad-two": f"{NET}.12"}
BRIDGE = "marsad-br"
CUT = 60.0  # seconds

pytestmark = [pytest.mark.soak, pytest.mark.postgres, pytest.mark.timeout(900)]


class Reachable(Hosts):
    """Hosts on addresses that both machines reach."""

    def address(self, number: int) -> str:
        return f"{NET}.{100 + number}"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@pytest.fixture
def network() -> Iterator[None]:
    """Join two namespaces and this machine by a bridge; skip where that is not permitted."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip(8)")
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
    try:
        for address in (HERE, *(f"{NET}.{100 + n}" for n in range(8))):
            ip("address", "add", f"{address}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, (name, address) in enumerate(MACHINES.items()):
            ip("netns", "add", name)
            ip("link", "add", f"marsad{number}", "type", "veth", "peer", "eth0", "netns", name)
            ip("link", "set", f"marsad{number}", "master", BRIDGE, "up")
            for words in (
                ("address", "add", f"{address}/24", "dev", "eth0"),
                ("link", "set", "eth0", "up"),
                ("link", "set", "lo", "up"),
            ):
                ip("-n", name, *words)
        yield
    finally:
        for words in (
            *(("netns", "delete", name) for name in MACHINES),
            ("link", "delete", BRIDGE),
        ):
            with suppress(subprocess.CalledProcessError):
                ip(*words)


@asynccontextmanager
async def passage(port: int) -> AsyncIterator[int]:
    """Carry connections from the bridge to ``port`` of the loopback; yield the port to call."""

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    server = await asyncio.start_server(meet, HERE, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
async def made(network: None, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(cluster(tmp_path, 8, kind=Reachable))
        base = urlsplit(SERVER)
        database = await stack.enter_async_context(passage(base.port or 5432))
        mail = await stack.enter_async_context(passage(found.mailbox.port))
        channel = {"type": "email", "host": HERE, "port": mail, "sender": "marsad@desk.example"}
        channel |= {"recipients": ["analyst@desk.example"]}
        name = found.database.rpartition("/")[2]
        user = f"{base.username}@" if base.username else ""
        found.more = {
            "database": f"postgresql+psycopg://{user}{HERE}:{database}/{name}",
            "alerts": {
                "channels": {"mail": channel},
                "routes": [{"channels": ["mail"], "mode": "immediate"}],
            },
        }
        yield found


async def test_a_machine_that_is_cut_off_loses_its_work_and_finds_some_again(made: Cluster):
    one = await start(made, "marsad-one")
    two = await start(made, "marsad-two")
    hits = made.stage.publish(2)
    await made.until(ARTICLES, 8 * 2, 120)
    assert set(callers(made, 0.0)) == set(MACHINES.values())
    began = time.monotonic()
    ip("link", "set", "marsad0", "down")
    hits = made.stage.publish(4)
    await made.until(ARTICLES, 8 * 4, CUT)  # the other one does it all
    await asyncio.sleep(max(0.0, CUT - (time.monotonic() - began)))
    assert set(callers(made, began + 1)) == {MACHINES["marsad-two"]}
    ip("link", "set", "marsad0", "up")
    back = time.monotonic()
    while MACHINES["marsad-one"] not in callers(made, back):
        assert one.is_running, one.errors
        assert time.monotonic() < back + 300, "the machine that was cut off does nothing"
        await asyncio.sleep(0.5)
    took = time.monotonic() - back
    made.stage.publish(5)
    await made.until(ARTICLES, 8 * 5, 120)
    await made.until(HITS, hits, 60)
    await made.until(UNTOLD, 0, 60)
    ids = Counter(made.mailbox.ids())
    calls = callers(made, 0.0)
    print(f"back at work after {took:.0f} s; requests {dict(calls)}; {sum(ids.values())} mails")
    assert made.rows("SELECT count(*) - count(DISTINCT url) FROM articles") == [(0,)]
    assert sum(ids.values()) == len(ids)
    assert made.stage.closest() >= made.delay - NEARLY
    assert await one.stop() == 0
    assert await two.stop() == 0


async def start(made: Cluster, machine: str) -> Process:
    made.inside = ("ip", "netns", "exec", machine)
    worker = await made.start()
    await made.takes_jobs(worker, 300)
    return worker


def callers(made: Cluster, since: float) -> Counter[str]:
    """Return how often each machine asked a host since then."""
    return Counter(caller for moment, caller in made.stage.callers if moment >= since)
