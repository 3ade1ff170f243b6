"""Which hosts belong to one owner: the domain that was registered, by the public suffix list."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

from tldextract import TLDExtract


@cache
def _extractor() -> TLDExtract:
    """Read the list that comes with the library: nothing is fetched, nothing is written."""
    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def registrable_domain(host: str) -> str:
    """Return ``elwatan-dz.com`` of ``www.elwatan-dz.com``; the host itself where there is none."""
    found = _extractor()(host.lower().rstrip("."))
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else host.lower()


def host_key(url: str) -> str:
    """Return what one visits at a time: the registrable domain of ``url``, whatever its port."""
    return registrable_domain(urlsplit(url).hostname or "")
