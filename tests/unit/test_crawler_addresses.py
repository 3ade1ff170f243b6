from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from crawler.addresses import GuardedResolver
from crawler.urls import resolve_link
from domain.addresses import refusal

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))
URLS = SHARED / "data/ssrf/urls.txt"


class Receiver:
    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.done = asyncio.Event()

    def resolutionBegan(self, resolution) -> None:  # noqa: N802
        pass

    def addressResolved(self, address) -> None:  # noqa: N802
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.done.set()


async def numeric(host: str, port: int) -> list[str]:
    """The system's own reading of literal addresses; names get a public or a given answer."""
    known = {
        "localhost": ["127.0.0.1"],
        "metadata.google.internal": ["169.254.169.254"],
        "localtest.me": ["127.0.0.1"],
        "dual.example": ["93.184.216.34", "10.0.0.1"],
    }
    if host in known:
        return known[host]
    try:
        rows = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return ["93.184.216.34"]
    return [str(row[4][0]) for row in rows]


async def dialled(host: str, *, allow_private: bool = False) -> list[str]:
    resolver = GuardedResolver(allow_private=allow_private, timeout=5, lookup=numeric)
    receiver = Receiver()
    resolver.resolveHostName(receiver, host, 80)
    await receiver.done.wait()
    resolver.close()
    return receiver.addresses


def cases(verdict: str) -> list[str]:
    if not URLS.exists():
        return []
    lines = URLS.read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[1] for line in lines if line.startswith(verdict + " ")]


@pytest.mark.shared
@pytest.mark.skipif(not URLS.exists(), reason="no data/ssrf beside the checkout")
@pytest.mark.parametrize("url", cases("deny"))
async def test_the_ways_inside_are_closed(url):
    link = resolve_link(url, "https://outlet.dz/")
    if link is None:
        return  # not an address that is ever fetched
    host = unquote(urlsplit(link).hostname or "")
    assert await dialled(host) == [] or host == "outlet.dz"


@pytest.mark.shared
@pytest.mark.skipif(not URLS.exists(), reason="no data/ssrf beside the checkout")
@pytest.mark.parametrize("url", cases("allow"))
async def test_public_addresses_are_open(url):
    link = resolve_link(url, "https://outlet.dz/")
    assert link is not None
    assert await dialled(urlsplit(link).hostname or "") != []


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 100.64.0.1 169.254.169.254 172.20.0.1 192.168.0.1 0.0.0.0 255.255.255.255 "
    "224.0.0.1 198.18.0.1 192.0.0.8 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1 "
    "::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2001:db8::1 2001::1 "
    "64:ff9b:1::1 100::1 nonsense".split(),
)
def test_no_private_address_passes(address):
    assert refusal(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2001:4860:4860::8888", "::ffff:93.184.216.34", "41.111.2.3"]
)
def test_public_addresses_pass(address):
    assert refusal(address) is None


async def test_one_private_answer_spoils_the_name_and_the_reason_is_kept():
    assert await dialled("dual.example") == []
    resolver = GuardedResolver(allow_private=False, timeout=5, lookup=numeric)
    receiver = Receiver()
    resolver.resolveHostName(receiver, "localtest.me", 80)
    await receiver.done.wait()
    assert resolver.refusal_of("localtest.me") == (
        "refused: 127.0.0.1 is not a public address (localtest.me)"
    )
    resolver.close()


async def test_an_intranet_may_be_allowed():
    assert set(await dialled("10.0.0.1", allow_private=True)) == {"10.0.0.1"}


async def test_a_name_server_that_hangs_is_given_up():
    async def never(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    resolver = GuardedResolver(allow_private=False, timeout=0.05, lookup=never)
    receiver = Receiver()
    resolver.resolveHostName(receiver, "slow.example", 80)
    await asyncio.wait_for(receiver.done.wait(), 5)
    assert "not resolved in 0.05 s" in (resolver.refusal_of("slow.example") or "")
    resolver.close()
