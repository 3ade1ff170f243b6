"""Other fetchers beside ours: runs in an environment of its own.

    python benchmarks/peers/pages_fetched.py scrapy|aiohttp PORT OUTLETS PAGES WARM

Fetches all pages, reads nothing of them, and prints the CPU seconds from the WARM-th answer to
the last. Scrapy runs at its defaults; aiohttp has as many requests at once as it has for a host.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence

AT_ONCE = 8


class Clock:
    """Counts answers; starts at the ``warm``-th."""

    def __init__(self, warm: int) -> None:
        self.warm = warm
        self.came = 0
        self.begin = 0.0

    def count(self) -> None:
        """Note an answer."""
        self.came += 1
        if self.came == self.warm:
            self.begin = time.process_time()

    def spent(self, expected: int) -> float:
        """Return the CPU seconds since the start; every page must have come."""
        spent = time.process_time() - self.begin
        assert self.came == expected, f"{self.came} pages of {expected}"
        return spent


def scrapy(addresses: Sequence[str], clock: Clock) -> None:
    """Fetch with a spider whose callback counts, and print the seconds."""
    from scrapy import Request, Spider  # noqa: PLC0415 - the one that was asked for
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415

    class Pages(Spider):
        name = "pages"

        async def start(self) -> AsyncIterator[Request]:
            for address in addresses:
                yield Request(address)

        def parse(self, response: object) -> None:
            del response
            clock.count()
            if clock.came == len(addresses):
                print(clock.spent(len(addresses)), flush=True)

    process = CrawlerProcess()
    process.crawl(Pages)
    process.start()


async def aiohttp(addresses: Sequence[str], clock: Clock) -> None:
    """Fetch with one session, and print the seconds."""
    from aiohttp import ClientSession  # noqa: PLC0415 - the one that was asked for

    waiting = iter(addresses)

    async def fetch(session: ClientSession) -> None:
        for address in waiting:
            async with session.get(address) as answer:
                await answer.read()
            clock.count()

    async with ClientSession(raise_for_status=True) as session:
        await asyncio.gather(*(fetch(session) for _ in range(AT_ONCE)))
    print(clock.spent(len(addresses)))


def main() -> None:
    port, outlets, pages, warm = map(int, sys.argv[2:])
    addresses = [
        f"http://127.0.0.1:{port}/o{outlet}/{number}-article.html"
        for outlet in range(outlets)
        for number in range(pages)
    ]
    clock = Clock(warm)
    if sys.argv[1] == "aiohttp":
        asyncio.run(aiohttp(addresses, clock))
    else:
        scrapy(addresses, clock)


if __name__ == "__main__":
    main()
