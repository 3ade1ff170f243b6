"""Twisted's reactor on our asyncio loop.

Scrapy needs a reactor. There is one a process, made for one loop, for good; a program that
runs ``asyncio.run`` twice (a test suite, mostly) has two loops, so the reactor is moved to
the running one when its own is closed. Nobody starts or stops it: the loop drives it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from twisted.internet import asyncioreactor


def install_reactor() -> None:
    """Make Twisted's reactor work on the running asyncio loop. Call from within the loop.

    Raises RuntimeError when another kind of reactor, or another live loop, is in place.
    """
    loop = asyncio.get_running_loop()
    if "twisted.internet.reactor" not in sys.modules:
        asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
        return
    reactor = current_reactor()
    if not isinstance(reactor, asyncioreactor.AsyncioSelectorReactor):
        raise RuntimeError(f"marsad needs Twisted's asyncio reactor, not {type(reactor).__name__}")
    home = reactor._asyncioEventloop
    if home is loop:
        return
    if not home.is_closed():
        raise RuntimeError("Twisted's reactor belongs to another running loop")
    _move(reactor, loop)


def current_reactor() -> Any:
    """Return the installed reactor."""
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs a default one

    return reactor


def _move(reactor: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Give the reactor another loop. What hung on the closed one is gone with it."""
    reactor._asyncioEventloop = loop
    reactor._readers.clear()
    reactor._writers.clear()
    reactor._timerHandle = None
    reactor._scheduledAt = None
    reactor._newTimedCalls = []
    reactor._pendingTimedCalls = []
