"""One address for one article.

Feeds, aggregators and newsletters spell the same article in many ways: http or https, with
``www.`` or without, with trackers, a fragment, a slash at the end, an AMP twin, percent
escapes in either case. ``canonical_url`` picks one spelling that still opens in a browser;
``url_key`` goes further and is only good for comparing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

_TRACKERS = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid igshid mc_cid mc_eid _ga _gl ref_src "
    "ref_url xtor at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 "
    "cmpid ncid ocid s_cid spm wt_mc wt.mc_id __twitter_impression guccounter guce_referrer "
    "feature_source share_source igsh ttclid li_fat_id vero_id oly_anon_id oly_enc_id "
    "mkt_tok hsctatracking _hsenc _hsmi trk trkcampaign".split()
)
_TRACKER_PREFIXES = ("utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "stm_", "at_")
_AMP_FLAGS = frozenset({("amp", ""), ("amp", "1"), ("amp", "true"), ("outputtype", "amp")})
_TWINS = ("www.", "amp.", "m.", "mobile.")  # hosts that show the same articles otherwise
_AMP_TAIL = re.compile(r"/amp/?$", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/!$&'()*+,;=:@~-._"
_QUERY_SAFE = "/!$'()*+,;:@~-._?"
_MAX_LENGTH = 2048
_BLANKS = re.compile(r"[\x00-\x20\x7f]+")


def resolve_link(link: str, base: str) -> str | None:
    """Return ``link`` as an absolute http(s) URL without fragment and trackers, or None.

    ``base`` is the final URL of the document that holds the link. ``javascript:``, ``data:``,
    ``mailto:`` and links without a host give None.
    """
    link = link.encode("utf-8", "replace").decode()  # JSON can hold halves of letters
    try:
        parts = urlsplit(urljoin(base, _BLANKS.sub("", link) if "\n" in link else link.strip()))
        port = parts.port
    except ValueError:
        return None
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    path = _escape(parts.path or "/", _PATH_SAFE)
    url = urlunsplit((parts.scheme, netloc, path, _clean_query(parts.query), ""))
    return url if len(url) <= _MAX_LENGTH else None


def canonical_url(link: str, base: str, home: str) -> str | None:
    """Return the one spelling under which an article is stored, or None if it cannot be opened.

    ``home`` is the outlet's own address. Links to its host take its scheme and its ``www.``;
    links to other public hosts are lifted to https. Both stay clickable: the operator says
    how the outlet answers, and an address with a port or a number is never rewritten.
    """
    url = resolve_link(link, base)
    if url is None:
        return None
    parts = urlsplit(url)
    house = urlsplit(home)
    host, scheme = parts.netloc, parts.scheme
    bare = bare_host(host)
    if bare == bare_host(house.netloc.lower()) and house.scheme in _DEFAULT_PORTS:
        host, scheme = house.netloc.lower(), house.scheme
    elif ":" not in host and not _is_number(host):
        scheme = "https"
    path = _AMP_TAIL.sub("", _SLASHES.sub("/", parts.path)).rstrip("/") or "/"
    return urlunsplit((scheme, host, path, _without_amp(parts.query), ""))


def url_key(url: str) -> str:
    """Return a key that is equal for all spellings of one article; not clickable."""
    canonical = canonical_url(url, url, "") or url
    parts = urlsplit(canonical)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return f"{bare_host(parts.netloc)}{parts.path.rstrip('/')}?{query}".rstrip("?")


def host_of(url: str) -> str:
    """Return the host (and port, if it is no default one) without ``www.`` and its like."""
    return bare_host(urlsplit(url).netloc.rpartition("@")[2].lower())


def is_of_hosts(url: str, hosts: Collection[str]) -> bool:
    """Whether ``url`` is on one of ``hosts`` (as ``host_of`` gives them) or under it."""
    host = host_of(url)
    return any(host == own or host.endswith(f".{own}") for own in hosts)


def origin_of(url: str) -> str:
    """Return ``scheme://host[:port]``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def bare_host(host: str) -> str:
    """Return ``host`` without ``www.`` and its like."""
    for prefix in _TWINS:
        bare = host.removeprefix(prefix)
        host = bare if "." in bare else host  # m.dz is a name of its own
    return host


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host  # localhost and other names of a private net
    return True


def _ascii_host(host: str) -> str:
    if not host.isprintable() or " " in host:
        return ""
    if ":" in host:
        return f"[{host}]"
    if host.isascii():
        return host.lower().rstrip(".")
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return ""


def _escape(text: str, safe: str) -> str:
    """Escape anew, so that ``%d8``, ``%D8`` and a raw letter come out alike.

    Escapes of reserved characters stay escaped: ``%2F`` is no path separator.
    """
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", text)
    out = []
    for number, piece in enumerate(pieces):
        if number % 2:  # what was split at: an escape
            byte = unquote_to_bytes(piece)
            out.append(byte.decode() if byte.isalnum() or byte in b"-._~" else piece.upper())
        else:
            out.append(quote(piece, safe=safe))
    return "".join(out)


def _clean_query(query: str) -> str:
    kept = [part for part in query.split("&") if part and not _is_tracker(part.split("=")[0])]
    return _escape("&".join(kept), _QUERY_SAFE + "&=")


def _is_tracker(name: str) -> bool:
    name = name.lower()
    return name in _TRACKERS or name.startswith(_TRACKER_PREFIXES)


def _without_amp(query: str) -> str:
    flags = set(parse_qsl(query.lower(), keep_blank_values=True)) & _AMP_FLAGS
    if not flags:
        return query
    names = {name for name, _ in flags}
    return "&".join(p for p in query.split("&") if p.split("=")[0].lower() not in names)
