"""Which network addresses may be dialled: a table, the same for pages and for webhooks.

Python's own ``is_private`` and ``is_global`` miss NAT64, 6to4, site-local and other ranges,
so the table is spelled out.
"""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

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
