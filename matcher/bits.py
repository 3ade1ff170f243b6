"""Sets of small numbers as the bits of an integer: of concepts, of windows."""

from __future__ import annotations

from collections.abc import Iterable

_FEW = 64  # bits that are cheaper taken one by one


def numbers_of(bits: int) -> list[int]:
    """Return the places of the bits that are set, from the lowest."""
    found: list[int] = []
    if bits.bit_length() > _FEW:
        digits = f"{bits:b}"[::-1]
        place = digits.find("1")
        while place >= 0:
            found.append(place)
            place = digits.find("1", place + 1)
        return found
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def bits_of(numbers: Iterable[int]) -> int:
    """Return a set of bits from their places."""
    places = list(numbers)
    if not places:
        return 0
    if (most := max(places)) <= _FEW:
        bits = 0
        for place in places:
            bits |= 1 << place
        return bits
    table = bytearray(most // 8 + 1)
    for place in places:
        table[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(table, "little")
