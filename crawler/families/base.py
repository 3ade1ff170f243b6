"""What a publishing system is known by, and what follows from it for an outlet that uses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.source import Selectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One publishing system, declared.

    Paths stand under an outlet's front page; they are used where the outlet's own entry says
    nothing. ``signs`` are strings of its pages' markup: one of them gives it away.
    """

    id: str
    title: str
    signs: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    article_url: str = ""
    next_page: str = ""  # address template of a section's page {n}; {url} is the section's own
    first_page: int = 1  # the number of the page that the section's own address shows
    page_step: int = 1  # how far {n} goes a page
    selectors: Selectors = field(default_factory=Selectors)
    date_of: Callable[[str], datetime | None] | None = None  # an article's date from its address
