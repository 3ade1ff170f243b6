"""Memory that glibc keeps for later and that nothing else can use meanwhile.

Elsewhere (macOS, musl) the same calls do nothing.
"""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # of malloc.h


def share_one_arena() -> None:
    """Let threads that come take their memory from where all others do.

    glibc gives threads arenas of their own, and each keeps what it once took. Here they wait
    for one another anyway.
    """
    mallopt = _glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give the system whole pages that hold nothing: a few milliseconds, other threads run."""
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _glibc(name: str) -> ctypes._NamedFuncPointer | None:
    """Return a function of glibc; None where the C library is another."""
    library = ctypes.CDLL(None)
    return getattr(library, name) if hasattr(library, "gnu_get_libc_version") else None
