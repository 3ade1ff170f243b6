"""What the fuzzer found stays found, and a short walk around it: `make fuzz` goes on from here."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "fuzz"
sys.path.insert(0, str(FOLDER))

from rooms import TARGETS  # noqa: E402
from seeds import CASES, cases, seeds  # noqa: E402

SLOW = {"page": 10, "judge": 10, "config": 10}  # inputs, in a run of seconds
CASE_FILES = [path for target in TARGETS for path in cases(target)]


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_what_was_found_is_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_case_belongs_to_a_target() -> None:
    assert {folder.name for folder in CASES.iterdir()} <= set(TARGETS)


@pytest.mark.shared
@pytest.mark.parametrize("target", TARGETS)
def test_bytes_of_every_kind_stay_within_the_room(target: str, shared: Path) -> None:
    rng = random.Random(target)
    known = seeds(target, shared)
    for data in rng.choices(known, k=SLOW.get(target, 60)):
        TARGETS[target](changed(data[:4096], rng))


def changed(data: bytes, rng: random.Random) -> bytes:
    """Cut, repeat, flip or swap some bytes."""
    body = bytearray(data or b"\0")
    for _ in range(rng.randint(1, 6)):
        at, size = rng.randrange(len(body)), rng.choice((1, 2, 8, 64))
        piece = bytes(body[at : at + size])
        match rng.randrange(4):
            case 0:
                del body[at : at + size]
            case 1:
                body[at:at] = piece * rng.randint(1, 20)
            case 2:
                body[at] ^= 1 << rng.randrange(8)
            case _:
                body[at:at] = rng.choice((b"\0", b"\xff", b"<", b"&", b'"', "\u2028".encode()))
        body = body or bytearray(b"\0")
    return bytes(body)
