"""Turning the pages of a section, back to where a former visit began."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from crawler.entries import Entry
from crawler.families import FAMILIES
from crawler.fetching import RefusedError
from crawler.paging import page_number
from crawler.ways import Kind, Listing, Reader, Way

MOST_PAGES = 5  # behind the first, a visit and a section: more is a backfill
_log = logging.getLogger(__name__)

AreNew = Callable[[Sequence[Entry]], Awaitable[bool]]


async def turn_pages(listing: Listing, reader: Reader, family: str, are_new: AreNew) -> Listing:
    """Return ``listing`` with what stands on the pages behind it.

    A page is turned only when everything on the pages before is new (``are_new``): there may be
    more. A page that fails or brings nothing ends it.
    """
    if listing.way.kind is not Kind.SECTION:
        return listing
    entries = {entry.link: entry for entry in listing.entries}
    latest: Sequence[Entry] = listing.entries
    here, behind = listing.way.url, listing.next_page
    turned = {here}
    while latest and len(turned) <= MOST_PAGES and await are_new(latest):
        here = behind or usual_next_page(listing.way.url, here, family) or ""
        if not here or here in turned:
            break
        turned.add(here)
        page = await _read(reader, replace(listing.way, url=here))
        if page is None:
            break
        latest = [entry for entry in page.entries if entry.link not in entries]
        entries |= {entry.link: entry for entry in latest}
        behind = page.next_page
    return replace(listing, entries=tuple(entries.values()), listed=len(entries))


def usual_next_page(section: str, here: str, family: str) -> str | None:
    """Return the address that pages of a family usually have behind ``here``, or None.

    For sections whose lists grow by script ("load more") and link to no next page.
    """
    known = FAMILIES.get(family)
    if known is None or not known.next_page or urlsplit(section).query:
        return None
    url = (
        section if known.next_page.startswith("{url}?") or section.endswith("/") else f"{section}/"
    )
    number = known.first_page if here == section else page_number(here, known.first_page)
    return known.next_page.format(url=url, n=number + known.page_step)


async def _read(reader: Reader, way: Way) -> Listing | None:
    try:
        return await reader.read(way, {}, ask=False)
    except RefusedError as error:
        _log.info("%s: %s", way, error)
        return None
