"""Memory given back to the system where glibc keeps it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from marsad import heap

# Holes between blocks that stay: free() alone gives none of them back.
SCRIPT = """
import resource
from marsad.heap import give_back, share_one_arena
from threading import Thread

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 2**20

def arenas():
    # Of the 64 MB that glibc reserves for each most is never touched.
    with open("/proc/self/maps") as file:
        ends = [line.split()[0].split("-") for line in file if " ---p " in line]
    return sum(int(end, 16) - int(start, 16) > 50 * 2**20 for start, end in ends)

blocks = [bytearray(20_000) for _ in range(5_000)]
del blocks[::2], blocks[::2], blocks[::2]
full = resident()
give_back()
share_one_arena()
before = arenas()
threads = [Thread(target=lambda: [bytearray(20_000) for _ in range(9)]) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(full - resident(), arenas() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_what_lies_empty_between_blocks_goes_back():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    given_back, new_arenas = map(int, done.stdout.split())
    assert given_back > 50  # of 87 MB
    assert new_arenas == 0


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    heap.share_one_arena()
    heap.give_back()
