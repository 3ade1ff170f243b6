"""Sketches of texts: how much wording two articles share, told from a few numbers of each.

A sketch is the smallest hashes of a text's word sequences (Broder's bottom-k). It is exact
for texts of up to SIZE sequences, which most briefs are. Two texts that share wording share
small hashes, so the smallest ones are also what a reprint is looked up by.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SPAN = 3  # words of a sequence
SIZE = 96  # hashes of a sketch
LOOKED_UP = 8  # of them
_LONGEST = 30_000  # bytes that are read: what lies beyond is no news report
_SPACE = 0x20
_BASE = 0x9E3779B97F4A7C15  # odd, so that its powers have inverses modulo 2**64
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
_MASK = (1 << 63) - 1

Hashes = npt.NDArray[np.uint64]


def sketch(form: bytes) -> tuple[int, ...]:
    """Return the sketch of a text in match form, ascending; empty for fewer than SPAN words."""
    words = _words(form[:_LONGEST])
    count = len(words) - SPAN + 1
    if count < 1:
        return ()
    mixed = np.zeros(count, dtype=np.uint64)
    for offset, multiplier in enumerate(_MULTIPLIERS):
        mixed += words[offset : count + offset] * np.uint64(multiplier)
    # The sum is linear in the words; without a last mixing small hashes would be alike.
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x7FB5D329728EA185)
    mixed ^= mixed >> np.uint64(27)
    mixed &= np.uint64(_MASK)
    mixed.sort()
    is_new = np.append(True, mixed[1:] != mixed[:-1])
    return tuple(mixed[is_new][:SIZE].tolist())


def _words(form: bytes) -> Hashes:
    """Return a hash of each word, all at once: differences of one running sum of the text's."""
    letters = np.frombuffer(b" " + form + b" ", dtype=np.uint8)
    powers, inverses = _powers()
    running = np.cumsum(letters * powers[: len(letters)], dtype=np.uint64)
    spaces = np.flatnonzero(letters == _SPACE)
    begins, ends = spaces[:-1], spaces[1:]
    is_word = ends - begins > 1
    begins, ends = begins[is_word], ends[is_word]
    # A word counts alike wherever it stands: divided by the power at which it begins.
    found: Hashes = (running[ends - 1] - running[begins]) * inverses[begins]
    return found


@lru_cache(maxsize=1)
def _powers() -> tuple[Hashes, Hashes]:
    size = _LONGEST + 2
    inverse = pow(_BASE, -1, 1 << 64)
    found = []
    for base in (_BASE, inverse):
        row = np.full(size, base, dtype=np.uint64)
        row[0] = 1
        found.append(np.cumprod(row, dtype=np.uint64))
    return found[0], found[1]


def shared(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the share of the shorter text's sequences that the longer one holds, 0..1.

    Exact when both sketches hold every sequence of their texts, else an estimate.
    """
    if not one or not other:
        return 0.0
    # Below the lower of the two largest hashes of full sketches, both sketches are complete.
    limits = [s[-1] for s in (one, other) if len(s) >= SIZE]
    limit = min(limits) if limits else max(one[-1], other[-1])
    first = {h for h in one if h <= limit}
    second = {h for h in other if h <= limit}
    fewest = min(len(first), len(second))
    return len(first & second) / fewest if fewest else 0.0
