"""The cheap pass over a feed: items that were read before are set aside, unparsed.

A feed that is polled changes by an item or two, and the rest is read again for nothing. Here
an item is a slice of bytes between its tags, known by a hash. The pass is sure of what it cut, or
it says so and the whole document is parsed: tags must not nest or interlock, marked sections must
be whole, and nothing may stand between two items.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

_COUNTERS = re.compile(rb"<(slash:comments|thr:total)>\s*\d*\s*</\1>")
_STARTS = {name: re.compile(rb"<" + name + rb"(?=[ >\t\r\n])") for name in (b"item", b"entry")}
_COUNTER_TAGS = (b"<slash:comments>", b"<thr:total>")
_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """A document without its known items, and the hashes of all that it holds, in order."""

    body: bytes
    items: tuple[str, ...]
    known: int  # how many were left out


def sift(body: bytes, known: Collection[str]) -> Sifted | None:
    """Leave the items whose hashes are ``known`` out of a document; None when unsure of it."""
    name = b"item" if body.find(b"<item") >= 0 else b"entry"
    tag, close = b"<" + name, b"</" + name + b">"
    head, *parts = _STARTS[name].split(body)  # ``<items`` is none of ``<item``
    kept, hashes, left_out = [head], [], 0
    if len(parts) > _MOST or close in head:
        return None
    is_counted = any(counter in body for counter in _COUNTER_TAGS)
    last = len(parts) - 1
    for number, part in enumerate(parts):
        item, closed, rest = part.partition(close)
        if not closed or (rest and (close in rest or (number != last and not rest.isspace()))):
            return None
        found = item_hash(item) if is_counted else _hash(item)
        hashes.append(found)
        if found in known:
            left_out += 1
        elif item.count(b"<![CDATA[") == item.count(b"]]>"):
            kept += (tag, item, close)
        else:
            return None
        kept.append(rest)
    return Sifted(body=b"".join(kept), items=tuple(hashes), known=left_out)


def item_hash(item: bytes) -> str:
    """Return a hash of an item; how many comments it has is no part of it."""
    return _hash(_COUNTERS.sub(b"", item))


def _hash(item: bytes) -> str:
    return blake2b(item, digest_size=8).hexdigest()
