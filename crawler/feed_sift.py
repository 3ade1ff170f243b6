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
_AFTER_NAME = b" >\t\r\n"
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
    head, *parts = _parts(body, tag)
    kept, hashes, left_out = [head], [], 0
    if len(parts) > _MOST or close in head:
        return None
    for number, part in enumerate(parts, 1):
        item, closed, rest = part.partition(close)
        is_last = number == len(parts)
        if not closed or close in rest or not (is_last or not rest or rest.isspace()):
            return None
        hashes.append(item_hash(item))
        if hashes[-1] in known:
            left_out += 1
        elif item.count(b"<![CDATA[") == item.count(b"]]>"):
            kept += (tag, item, close)
        else:
            return None
        kept.append(rest)
    return Sifted(body=b"".join(kept), items=tuple(hashes), known=left_out)


def item_hash(item: bytes) -> str:
    """Return a hash of an item; how many comments it has is no part of it."""
    if b"<slash:comments>" in item or b"<thr:total>" in item:
        item = _COUNTERS.sub(b"", item)
    return blake2b(item, digest_size=8).hexdigest()


def _parts(body: bytes, tag: bytes) -> list[bytes]:
    """Split at every start tag; ``<items`` is none of ``<item``."""
    head, *parts = body.split(tag)
    if all(part[:1] in _AFTER_NAME and part for part in parts):
        return [head, *parts]
    found = [head]
    for part in parts:
        if part[:1] in _AFTER_NAME and part:
            found.append(part)
        else:
            found[-1] += tag + part
    return found
