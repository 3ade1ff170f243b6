"""Which network addresses may be dialled.

The guard sits in name resolution, because that is the one place that every connection
passes: the first request, each redirect, robots.txt, names and literal addresses in all
their spellings; and what it lets through is what is dialled, so a name that changes its
answer in between gains nothing. Python's own ``is_private`` and ``is_global`` miss NAT64,
6to4, site-local and other ranges, so the table is spelled out.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from twisted.internet.address import IPv4Address as TxIPv4
from twisted.internet.address import IPv6Address as TxIPv6
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

_DENIED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 "
        "192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3".split(),
    )
)
# Only 2000::/3 is global unicast at all; within it, these are not, or embed an IPv4 address.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    map(
        ipaddress.IPv6Network,
        "2001::/23 2001:db8::/32 2002::/16 3fff::/20 2620:4f:8000::/48".split(),
    )
)
_EMBEDDING = tuple(  # the low 32 bits are an IPv4 address
    map(ipaddress.IPv6Network, "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96".split())
)
_REMEMBERED = 256


def refusal(address: str) -> str | None:
    """Return why ``address`` must not be dialled, or None when it is public."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address} is no network address"
    inner = _embedded(ip)
    if inner is not None:
        ip = inner
    return None if _is_public(ip) else f"{address} is not a public address"


def _embedded(ip: IPAddress) -> ipaddress.IPv4Address | None:
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if any(ip in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.sixtofour


def _is_public(ip: IPAddress) -> bool:
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _DENIED_V4)
    return ip in _GLOBAL_V6 and not any(ip in network for network in _DENIED_V6)


@implementer(IHostResolution)
class _Resolution:
    """The handle that Twisted asks for; a lookup in a thread cannot be cancelled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Do nothing: the receiver is told of no address in the end."""


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves names for Twisted, and answers only with addresses that may be dialled.

    A name with any refused address gives no address at all: an honest outlet has none.
    ``lookup`` is the system's resolver unless a test gives another.
    """

    def __init__(
        self, *, allow_private: bool, timeout: float, lookup: Lookup | None = None
    ) -> None:
        self._allow_private = allow_private
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")
        self._lookup = lookup or self._ask_system
        self._refusals: OrderedDict[str, str] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()

    def refusal_of(self, host: str) -> str | None:
        """Return why ``host`` gave no address last time, or None."""
        return self._refusals.get(host.strip("[]").lower())

    def close(self) -> None:
        """Stop looking up names."""
        for task in self._running:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: ARG002, N803
        transportSemantics: str = "TCP",  # noqa: ARG002, N803
    ) -> IHostResolution:
        """Tell the receiver of every address of ``hostName`` that may be dialled."""
        resolution: Any = _Resolution(hostName)
        task = asyncio.get_running_loop().create_task(
            self._resolve(resolutionReceiver, resolution, hostName, portNumber)
        )
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return resolution  # type: ignore[no-any-return]

    async def _resolve(
        self, receiver: Any, resolution: IHostResolution, host: str, port: int
    ) -> None:
        receiver.resolutionBegan(resolution)
        try:
            for address in await self._allowed(host, port):
                kind = TxIPv6 if ":" in address else TxIPv4
                receiver.addressResolved(kind("TCP", address, port))
        finally:
            receiver.resolutionComplete()

    async def _allowed(self, host: str, port: int) -> Sequence[str]:
        name = host.strip("[]").lower()
        try:
            found = await asyncio.wait_for(self._lookup(name, port), self._timeout)
        except TimeoutError:
            self._remember(name, f"the name {name} was not resolved in {self._timeout:g} s")
            return ()
        except (OSError, UnicodeError) as error:
            self._remember(name, f"the name {name} cannot be resolved ({_plain(error)})")
            return ()
        refused = None if self._allow_private else next(filter(None, map(refusal, found)), None)
        if refused:
            self._remember(
                name, f"refused: {refused}" + (f" ({name})" if name not in refused else "")
            )
            return ()
        self._refusals.pop(name, None)
        return found

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        rows = await asyncio.get_running_loop().run_in_executor(
            self._pool,
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM),
        )
        return list(dict.fromkeys(str(row[4][0]) for row in rows))

    def _remember(self, name: str, reason: str) -> None:
        self._refusals[name] = reason
        while len(self._refusals) > _REMEMBERED:
            self._refusals.popitem(last=False)


def _plain(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
