"""Which hosts a channel may dial: none in a private network, unless that is allowed.

A name is resolved when a message is sent, and the very address that was looked at is dialled:
a name that changes its answer in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.addresses import refusal

Lookup = Callable[[str, int], Sequence[str]]


class RefusedAddressError(OSError):
    """A host is in a private network. Its text names the host."""


def system_lookup(host: str, port: int) -> list[str]:
    """Return the addresses of ``host`` as the system knows them. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def literal_refusal(host: str | None) -> str | None:
    """Return why ``host`` is refused for what is written there; None for other names.

    Asks no resolver: fit for a look at a configuration.
    """
    name = (host or "").strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return f"{name} is this very machine"
    try:
        literal = str(ipaddress.ip_address(name))
    except ValueError:
        try:  # 127.1, 0x7f000001 and 2130706433 are addresses too, to whoever dials them
            literal = socket.inet_ntoa(socket.inet_aton(name))
        except (OSError, ValueError):
            return None
    return refusal(literal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Resolves and dials hosts. ``lookup`` is the system's unless a test gives another."""

    allow_private: bool = False
    lookup: Lookup = system_lookup

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of ``host``. Raises RefusedAddressError where one is private."""
        found = self.lookup(host.strip("[]"), port)
        if not self.allow_private:
            for address in found:
                if refusal(address):
                    raise RefusedAddressError(
                        f"{host} is in a private network; allow_private_networks: true allows it"
                    )
        return found

    def dial(self, address: tuple[str, int], timeout: float, *_: Any) -> socket.socket:
        """Connect to the first address that answers; as ``socket.create_connection``."""
        host, port = address
        last: OSError | None = None
        for one in self.addresses(host, port):
            try:
                return socket.create_connection((one, port), timeout)
            except OSError as error:
                last = error
        raise last or OSError(f"{host} has no address")
