"""An article as collected, before anybody judged it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.match import Verdict
from domain.page import Page
from domain.time import require_utc, require_utc_where_given


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to judge: what the matcher sees of an article. ``id`` is the caller's own."""

    text: str
    id: str | None = None
    title: str = ""
    language: str | None = None  # None: judged from the text
    published_at: datetime | None = None  # relative dates resolve against it

    def __post_init__(self) -> None:
        require_utc_where_given(self, "published_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Title and text as an index of words takes them: folded words between single spaces."""

    title: str
    text: str
    version: int  # of the folding: an index that was made by another one takes neither


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict with the very document that it is of."""

    document: Document
    verdict: Verdict
    folded: Folded | None = None  # the document's words, which judging folds anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article of one outlet.

    ``url`` is canonical and unique in the store. ``language`` is ``fr``, ``ar``, ``en`` or
    ``und``, judged from the text. ``text`` holds paragraphs separated by a blank line.
    """

    url: str
    source_id: str
    title: str
    text: str
    language: str
    first_seen: datetime
    published_at: datetime | None = None  # None when the source gives no date that can be believed
    authors: tuple[str, ...] = ()
    guid: str | None = None  # the feed's own id of the entry
    text_from: str = "page"  # page | feed | summary: where the text was taken from
    section: str = ""  # of the outlet, as it names it
    modified_at: datetime | None = None  # when the outlet says that it changed it last
    image: str | None = None  # address of its picture
    canonical_url: str | None = None  # as the page declares it; ``url`` is what we hold it under
    listed: str = ""  # hash of what the list said of it, by which an edit is noticed
    note: str = ""  # why the text is only a summary, in one line
    page: Page | None = field(default=None, repr=False, compare=False)  # what it was read from
    # What was said where the page was read: holds only for a document that is just that.
    judged: Judged | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_utc(self.first_seen, "first_seen")
        require_utc_where_given(self, "published_at", "modified_at")
