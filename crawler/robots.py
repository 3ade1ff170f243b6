"""robots.txt, obeyed: who asks, how often, and what an answer means.

A host's file is fetched at most once a day and kept on a shelf across restarts. No file
(any 4xx) allows all; a server that fails or cannot be reached forbids all, for an hour.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from protego import Protego

from crawler.ports import RobotsRecord, RobotsShelf
from crawler.urls import origin_of

FRESH = timedelta(days=1)
FRESH_AFTER_FAILURE = timedelta(hours=1)
FRESH_WHILE_DOWN = timedelta(minutes=2)  # the pace of visits backs off by itself
MAX_BYTES = 512 * 1024  # RFC 9309 asks for at least 500 kibibytes
MAX_CRAWL_DELAY = timedelta(minutes=5)  # a longer one would make a visit last for days
_REMEMBERED = 512

Download = Callable[[str], Awaitable[tuple[int, bytes]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What robots.txt says of one URL."""

    allowed: bool
    reason: str = ""  # one line, when forbidden
    crawl_delay: timedelta | None = None
    is_down: bool = False  # nobody answered: a fault of the network, not a wish of the outlet


class RobotsGate:
    """Answers whether a URL may be fetched. ``download`` returns status and body, 0 for failure."""

    def __init__(
        self,
        *,
        user_agent: str,
        shelf: RobotsShelf,
        download: Download,
        clock: Callable[[], datetime],
    ) -> None:
        self._agent = product_token(user_agent)
        self._shelf = shelf
        self._download = download
        self._clock = clock
        self._rules: OrderedDict[str, tuple[RobotsRecord, Protego | None]] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def permission(self, url: str) -> Permission:
        """Say whether ``url`` may be fetched, fetching its host's robots.txt if need be."""
        origin = origin_of(url)
        record, rules = await self._rules_of(origin)
        if rules is None:
            if 400 <= record.status < 500:
                return Permission(allowed=True)
            if not record.status:
                reason = f"{origin} cannot be reached (asked for robots.txt)"
                return Permission(allowed=False, reason=reason, is_down=True)
            reason = f"robots.txt of {origin}: HTTP {record.status}; not now"
            return Permission(allowed=False, reason=reason)
        delay = rules.crawl_delay(self._agent)
        wait = min(timedelta(seconds=float(delay)), MAX_CRAWL_DELAY) if delay else None
        if rules.can_fetch(url, self._agent):
            return Permission(allowed=True, crawl_delay=wait)
        path = urlsplit(url).path
        return Permission(
            allowed=False, reason=f"robots.txt of {origin} forbids {path}", crawl_delay=wait
        )

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that robots.txt of the host of ``url`` names, in its order."""
        _, rules = await self._rules_of(origin_of(url))
        return tuple(rules.sitemaps) if rules is not None else ()

    async def _rules_of(self, origin: str) -> tuple[RobotsRecord, Protego | None]:
        known = self._rules.get(origin)
        if known and self._is_fresh(known[0]):
            return known
        lock = self._locks.setdefault(origin, asyncio.Lock())
        try:
            async with lock:
                known = self._rules.get(origin)
                if known and self._is_fresh(known[0]):
                    return known
                record = await self._record(origin)
                self._rules[origin] = known = (record, read_rules(record))
                while len(self._rules) > _REMEMBERED:
                    self._rules.popitem(last=False)
                return known
        finally:
            if not lock.locked():
                self._locks.pop(origin, None)

    async def _record(self, origin: str) -> RobotsRecord:
        record = await self._shelf.get(origin)
        if record is not None and self._is_fresh(record):
            return record
        status, body = await self._download(f"{origin}/robots.txt")
        record = RobotsRecord(
            origin=origin, body=body[:MAX_BYTES], status=status, fetched_at=self._clock()
        )
        await self._shelf.put(record)
        return record

    def _is_fresh(self, record: RobotsRecord) -> bool:
        limit = FRESH if 200 <= record.status < 500 else FRESH_AFTER_FAILURE
        if not record.status:
            limit = FRESH_WHILE_DOWN
        return timedelta(0) <= self._clock() - record.fetched_at < limit


def read_rules(record: RobotsRecord) -> Protego | None:
    """Return the rules of a robots.txt that was served, or None when there was none.

    An HTML page served in its place (many sites answer so) holds no rule and allows all.
    """
    if not 200 <= record.status < 300:
        return None
    text = record.body.decode("utf-8-sig", "replace").replace("\x00", "")
    return Protego.parse(text)


def product_token(user_agent: str) -> str:
    """Return the name by which robots.txt calls us: ``marsad`` of ``marsad/1.0 (+https://...)``."""
    return user_agent.split("/", 1)[0].split(" ", 1)[0].split("(", 1)[0] or user_agent
