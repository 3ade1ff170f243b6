"""What a feed, sitemap or section says of an article, and how its text is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from crawler.blocks import clean, one_line, plain_text, plain_title
from crawler.charset import repair_mojibake
from crawler.dates import read_date
from crawler.urls import resolve_link

NAMED = "urn:marsad:"  # begins the name of an article that has no address
TITLE_LIMIT = 500
SUMMARY_LIMIT = 4000
TEXT_LIMIT = 400_000  # characters of one article; longer is no article
_MARKUP_LIMIT = 1_500_000
_MAX_AUTHORS = 10
_FULL_CONTENT = 500  # characters of a content element that can be a whole article
_FULL_DESCRIPTION = 1500  # of a description, which mostly is a teaser

_TAILS = re.compile(
    r"\s*(?:\(?\s*The post\b.{0,600}?\b(?:appeared first on|first appeared on)\b.{0,200}"
    r"|(?:Cet article|L['’]article|Le post)\b.{0,600}?\b"
    r"(?:est apparu en premier sur|est apparu en premier|a été publié en premier sur"
    r"|est paru en premier sur)\b.{0,200}"
    r"|(?:ظهرت المقالة|ظهر المقال|التدوينة|المقال)\b.{0,600}?\b(?:أولاً على|أولا على|ظهرت أولاً على"
    r"|ظهرت أولا على|ظهر أولا على)\b.{0,200})\s*$",
    re.DOTALL,
)
_TAIL_SIGNS = ("The post", "premier", "على")
_CUT_SHORT = re.compile(
    r"(?:\[?\s*(?:…|\.\.\.)\s*\]?|\b(?:lire la suite|lire plus|read more|continue reading"
    r"|en savoir plus|اقرأ المزيد|إقرأ المزيد|المزيد)\b.{0,80})\s*[»→>]*\s*$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article as listed. ``link`` is what to open: absolute, without trackers."""

    link: str
    title: str  # plain, one line; empty when the list gives none
    summary: str = ""  # plain teaser
    text: str = ""  # the whole article, when the list itself carries it
    published_at: datetime | None = None
    is_dated_by_change: bool = False  # published_at tells when it changed: a page knows better
    modified_at: datetime | None = None  # when the list says that it changed
    date_note: str = ""  # why published_at is None though something was written there
    authors: tuple[str, ...] = ()
    guid: str | None = None

    def fingerprint(self) -> str:
        """Return a hash of what is said of the article: another one tells of an edit."""
        dates = (d.isoformat() if d else "" for d in (self.published_at, self.modified_at))
        said = "\0".join((self.title, self.summary, self.text, *dates))
        return blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """Strings as they stand in the document, before anything is believed."""

    link: str = ""
    base: str = ""  # xml:base in force, if any
    title: str = ""
    description: str = ""
    content: str = ""
    date: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    guid: str = ""
    guid_is_link: bool = False


def refine(raw: RawEntry, url: str) -> Entry | None:
    """Return the entry that ``raw`` tells of, or None when it tells nothing.

    ``url`` is the final address of the document. A link that is no http(s) address is
    dropped; what has a title is told all the same, under a name that no browser opens.
    """
    base = resolve_link(raw.base, url) if raw.base else url
    link = resolve_link(raw.link, base or url) if raw.link.strip() else None
    if link is None and raw.guid_is_link:
        link = resolve_link(raw.guid, base or url)
    title = plain_title(repair_mojibake(raw.title), TITLE_LIMIT)
    if link is None:
        if not title:
            return None
        link = _name(title, raw.date)
    description = without_tail(_plain(raw.description))
    content = without_tail(_plain(raw.content))
    text = full_text(content, description)
    summary = description or content
    if not title and not summary:
        return None
    reading = read_date(raw.date)
    return Entry(
        link=link,
        title=title or one_line(summary, 120),
        summary=_cut(summary, SUMMARY_LIMIT),
        text=text,
        published_at=reading.value,
        modified_at=read_date(raw.modified).value if raw.modified.strip() else None,
        date_note=reading.reason if raw.date.strip() else "",
        authors=_authors(raw.authors),
        guid=one_line(raw.guid, 1000) or None,
    )


def full_text(content: str, description: str) -> str:
    """Return the text that can be a whole article, or an empty string.

    Most feeds of this press only tease. A content element counts when it says clearly more
    than the teaser beside it and does not stop with an ellipsis or "read more"; a lone
    description must be long besides.
    """
    if content and not _CUT_SHORT.search(content[-200:]):
        is_more = not description or len(content) > 1.3 * len(description)
        if len(content) >= _FULL_CONTENT and (is_more or len(content) >= _FULL_DESCRIPTION):
            return content[:TEXT_LIMIT]
    if len(description) >= _FULL_DESCRIPTION and not _CUT_SHORT.search(description[-200:]):
        return description[:TEXT_LIMIT]
    return ""


def without_tail(text: str) -> str:
    """Remove the "The post ... appeared first on" line that WordPress adds, in three languages."""
    end = text[-1000:]
    if not any(sign in end for sign in _TAIL_SIGNS):
        return text
    return text[:-1000] + _TAILS.sub("", end)


def _name(title: str, date: str) -> str:
    """Return a name for an article without an address: the same for the same title and date."""
    key = blake2b(f"{title}\0{date.strip()}".encode("utf-8", "replace"), digest_size=12)
    return f"{NAMED}{key.hexdigest()}"


def _plain(markup: str) -> str:
    return plain_text(repair_mojibake(markup[:_MARKUP_LIMIT])) if markup.strip() else ""


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else clean(text[: limit - 1]) + "…"


def _authors(names: tuple[str, ...]) -> tuple[str, ...]:
    plain = (plain_title(repair_mojibake(name), 120) for name in names[: 3 * _MAX_AUTHORS])
    return tuple(dict.fromkeys(name for name in plain if name))[:_MAX_AUTHORS]
