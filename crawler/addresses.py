"""Which network addresses may be dialled.

The guard sits in name resolution, because that is the one place that every connection
passes: the first request, each redirect, robots.txt, names and literal addresses in all
their spellings; and what it lets through is what is dialled, so a name that changes its
answer in between gains nothing. The table itself is ``domain.addresses``.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from twisted.internet.address import IPv4Address as TxIPv4
from twisted.internet.address import IPv6Address as TxIPv6
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from domain.addresses import refusal

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

_REMEMBERED = 256


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
