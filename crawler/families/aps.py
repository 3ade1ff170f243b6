"""APS since 2026: no feed, pages rendered by the server, the time of creation in the address.

The first eight letters of a slug are milliseconds since 1970 in base 36.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from crawler.families.base import Family
from domain.source import Selectors

_IDENT = re.compile(r"/([0-9a-z]{8})-[^/?#]+/?$")
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def date_of(url: str) -> datetime | None:
    """Return when the article of ``url`` was created, or None if the address does not say."""
    found = _IDENT.search(url)
    if found is None:
        return None
    seconds = int(found[1], 36) / 1000
    if not _EARLIEST.timestamp() <= seconds < _LATEST.timestamp():
        return None  # eight letters that are a word
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)


APS = Family(
    id="aps",
    title="APS",
    # base 36 of milliseconds between 2017 and 2059 begins with j to z, then any letter
    article_url=r"^https?://[^/]+/(?:[^/?#]+/){1,4}[j-z][0-9a-z]{7}-[^/?#]+/?$",
    selectors=Selectors(
        text="article .prose, article",
        title="article h1, h1",
        date="article time[datetime], time[datetime], time",
        section="nav[aria-label=breadcrumb] a:last-of-type",
    ),
    date_of=date_of,
)
