"""Which mentions stand near which, by their sorted places: never each against each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from matcher.scan import Mention

_FEW_PAIRS = 16  # are looked at each by each


def near(
    lefts: Sequence[Mention],
    rights: Sequence[Mention],
    data: bytes,
    distance: int,
    *,
    is_ordered: bool,
) -> list[Mention]:
    """Return the mentions of both sides that have one of the other within ``distance`` words.

    ``data`` is the match form. Mentions that overlap are not near each other. Ordered, a
    left one must stand before. Whether a mention has a partner is decided by the nearest
    alone, so that the cost is that of sorting, however often both are named.
    """
    if not lefts or not rights:
        return []
    words = _words_before(data, [*lefts, *rights])
    found = _with_follower(lefts, rights, words, distance)
    found += _with_leader(rights, lefts, words, distance)
    if not is_ordered:
        found += _with_follower(rights, lefts, words, distance)
        found += _with_leader(lefts, rights, words, distance)
    unique = {id(m): m for m in found}
    return sorted(unique.values(), key=lambda m: m.start)


def is_near(
    lefts: Sequence[Mention],
    rights: Sequence[Mention],
    data: bytes,
    distance: int,
    *,
    is_ordered: bool,
) -> bool:
    """Whether ``near`` would return anything."""
    if len(lefts) * len(rights) > _FEW_PAIRS:
        return bool(near(lefts, rights, data, distance, is_ordered=is_ordered))
    for left in lefts:
        for right in rights:
            if left.end <= right.start:
                begin, end = left.end, right.start
            elif right.end <= left.start and not is_ordered:
                begin, end = right.end, left.start
            else:
                continue
            if data.count(b" ", begin, end) <= distance + 1:
                return True
    return False


def _words_before(data: bytes, mentions: Sequence[Mention]) -> dict[int, int]:
    """Return how many spaces stand before each place where a mention starts or ends."""
    places = sorted({p for m in mentions for p in (m.start, m.end)})
    counts: dict[int, int] = {}
    seen, last = 0, places[0]
    for place in places:
        seen += data.count(b" ", last, place)
        counts[place] = seen
        last = place
    return counts


def _with_follower(
    firsts: Sequence[Mention], seconds: Sequence[Mention], words: dict[int, int], distance: int
) -> list[Mention]:
    """Those of ``firsts`` behind which one of ``seconds`` begins in time."""
    starts = sorted(m.start for m in seconds)
    found = []
    for mention in firsts:
        index = bisect_left(starts, mention.end)
        if index < len(starts) and words[starts[index]] - words[mention.end] <= distance + 1:
            found.append(mention)
    return found


def _with_leader(
    seconds: Sequence[Mention], firsts: Sequence[Mention], words: dict[int, int], distance: int
) -> list[Mention]:
    """Those of ``seconds`` before which one of ``firsts`` has just ended."""
    ends = sorted(m.end for m in firsts)
    found = []
    for mention in seconds:
        index = bisect_right(ends, mention.start) - 1
        if index >= 0 and words[mention.start] - words[ends[index]] <= distance + 1:
            found.append(mention)
    return found
