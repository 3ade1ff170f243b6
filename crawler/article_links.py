"""Which links of a page are its articles, for an outlet that nobody described yet. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST = 4  # articles that a page must link to, to be a list of them
_FEWEST_WORDS = 4
_FEWEST_LETTERS = 20
_TITLED = 0.5  # of the links that a pattern finds, the share that must read like headlines
_PREFERRED = (
    0.8  # of the best pattern's articles, the share at which a publishing system's own wins
)
# How addresses of articles look, the surest form first.
_FORMS = (
    r"/\d{4}/\d{1,2}/(?:\d{1,2}/)?[^/?#]+",
    r"/[^/?#]+[-_]\d{3,}(?:\.\w{3,5})?/?$",
    r"/\d{3,}-[^/?#]+$",
    r"/node/\d+$",
    r"/[^/?#]+/\d{3,}(?:\.\w{3,5})?/?$",
    r"[?&](?:id|news|article|p|nid|id_article)=\d+",
    r"/[^/?#-]+(?:-[^/?#-]+){3,}(?:\.\w{3,5})?/?$",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a page, absolute, and the title that stands in it (maybe none)."""

    url: str
    title: str


def article_pattern(links: Iterable[Link], usual: str = "") -> str:
    """Return the regular expression that the links to articles share; empty: there are too few.

    A link is taken for an article's by its text, which reads like a headline. ``usual`` is the
    pattern of the page's publishing system, if that is known.
    """
    titles: dict[str, str] = {}
    for link in links:
        if len(link.title) >= len(titles.get(link.url, "")):
            titles[link.url] = link.title
    found = [Link(url=url, title=title) for url, title in titles.items()]
    scores = {form: _articles(form, found) for form in (usual, *_FORMS) if form}
    best = max(scores, key=lambda form: scores[form], default="")
    if not best or scores[best] < FEWEST:
        return ""
    return usual if usual and scores[usual] >= _PREFERRED * scores[best] else best


def _articles(form: str, links: Sequence[Link]) -> int:
    """Return how many headlines the form finds; none when it finds as much besides."""
    pattern = re.compile(form)
    found = [link for link in links if pattern.search(link.url)]
    headlines = sum(map(_is_headline, found))
    return headlines if headlines >= _TITLED * len(found) else 0


def _is_headline(link: Link) -> bool:
    return len(link.title) >= _FEWEST_LETTERS and len(link.title.split()) >= _FEWEST_WORDS
