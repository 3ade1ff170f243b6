"""From what a feed listed and what a page held to an article. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time

from crawler.dates import ALGIERS, believe
from crawler.entries import NAMED, Entry
from crawler.extraction import PageText
from crawler.urls import canonical_url, url_key
from domain.article import Article, Document
from domain.page import Page
from domain.source import Source

UNDETERMINED = "und"  # the matcher judges the language, not the crawler
_TOO_SHORT = 0.6  # a page text below this share of the teaser is not the article


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry under the address by which its article is known."""

    url: str  # canonical
    entry: Entry


def candidates(entries: tuple[Entry, ...], source: Source) -> list[Candidate]:
    """Return each article once, in order. Links to the outlet's front page are none."""
    front = url_key(source.url)
    found: dict[str, Candidate] = {}
    for entry in entries:
        is_named = entry.link.startswith(NAMED)
        url = (
            f"{NAMED}{source.id}:{entry.link.removeprefix(NAMED)}"  # of this source only
            if is_named
            else canonical_url(entry.link, entry.link, source.url)
        )
        if url is None:
            continue
        key = url if is_named else url_key(url)
        if key != front:
            found.setdefault(key, Candidate(url=url, entry=entry))
    return list(found.values())


def appeared(listed: list[Candidate], now: datetime, *, is_first: bool) -> tuple[datetime, ...]:
    """Return when what is ``listed`` was published, for the rhythm of its source.

    At the first look only dates tell. Later everything is new, and what has no date, or a day
    only, came since the last visit: ``now`` is nearer than midnight.
    """
    dates = (
        believe(c.entry.published_at, now).value if c.entry.published_at else None for c in listed
    )
    if is_first:
        return tuple(date for date in dates if date is not None)
    return tuple(now if date is None or _is_midnight(date) else date for date in dates)


def _is_midnight(moment: datetime) -> bool:
    return moment.astimezone(ALGIERS).time() == time(0)


def from_feed(
    candidate: Candidate, source: Source, now: datetime, document: Page | None = None
) -> Article:
    """Return the article whose whole text the feed gave; ``document`` is the feed as it came."""
    entry = candidate.entry
    article = _article(candidate, source, now, title=entry.title, text=entry.text, text_from="feed")
    return replace(article, page=document)


def from_page(candidate: Candidate, page: PageText, source: Source, now: datetime) -> Article:
    """Return the article with its page's text, or with the teaser when that says more."""
    entry = candidate.entry
    title = entry.title or page.title
    if len(page.text) < _TOO_SHORT * len(entry.summary):
        note = "the page's text is shorter than the feed's"
        return _article(
            candidate, source, now, title=title, text=entry.summary, text_from="summary", note=note
        )
    return _article(
        candidate, source, now, title=title, text=page.text, text_from="page", page=page
    )


def from_summary(
    candidate: Candidate, reason: str, source: Source, now: datetime
) -> Article | None:
    """Return the article as far as the list told it, or None when it gave no title.

    Sitemaps and sections give no teaser: the title alone is still worth judging.
    """
    entry = candidate.entry
    if not entry.title:
        return None
    return _article(
        candidate,
        source,
        now,
        title=entry.title,
        text=entry.summary,
        text_from="summary",
        note=reason,
    )


def outline(candidate: Candidate, now: datetime) -> Document:
    """Return what the list tells of the document that the article of a page will most likely be.

    Where it turns out otherwise, a verdict that was made of this is not taken.
    """
    entry = candidate.entry
    listed = None if entry.is_dated_by_change else entry.published_at
    date = believe(listed, now).value if listed is not None else None
    return Document(id=candidate.url, title=entry.title, text="", published_at=date)


def completed(outline: Document, page: PageText) -> Document:
    """Return the document of ``outline`` with what the page adds to it."""
    return replace(
        outline,
        title=outline.title or page.title,
        text=page.text,
        published_at=outline.published_at or page.published_at,
    )


def _article(
    candidate: Candidate,
    source: Source,
    now: datetime,
    *,
    title: str,
    text: str,
    text_from: str,
    note: str = "",
    page: PageText | None = None,
) -> Article:
    entry = candidate.entry
    dates = [entry.published_at, page.published_at if page else None]
    if entry.is_dated_by_change:
        dates.reverse()
    believed = (believe(date, now).value for date in dates if date is not None)
    return Article(
        url=candidate.url,
        source_id=source.id,
        title=title,
        text=text,
        language=UNDETERMINED,
        first_seen=now,
        published_at=next((date for date in believed if date is not None), None),
        authors=entry.authors or (page.authors if page else ()),
        section=page.section if page else "",
        modified_at=_past(page.modified_at if page else entry.modified_at, now),
        image=page.image if page else None,
        canonical_url=page.canonical_url if page else None,
        listed=entry.fingerprint(),
        guid=entry.guid,
        text_from=text_from,
        note=note,
    )


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    return believe(moment, now).value if moment is not None else None
