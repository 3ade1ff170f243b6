"""A page to the text of its article.

Two cheap extractors look at the page. Where they agree, and they do on four pages of five,
the denser one is right more often than any one slow extractor; where they do not, trafilatura
decides. Scores and costs: ``benchmarks/extraction.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser

from crawler.agreement import is_agreed
from crawler.blocks import clean, is_too_deep, paragraphs
from crawler.charset import decode, repair_mojibake
from crawler.density import dense_text, silence
from crawler.entries import TEXT_LIMIT
from crawler.furniture import without_furniture
from crawler.metadata import NO_SELECTORS, Metadata, read_metadata
from domain.errors import ExtractionError
from domain.source import Selectors

AGREEMENT = 0.75  # Jaccard likeness of 4-word shingles from which the cheap text is taken
_SHORTEST = 100  # characters; a shorter text is a caption, a notice or a consent wall
_CHALLENGE = (
    *("cf-browser-verification", "cf_chl_opt", "/cdn-cgi/challenge-platform/"),
    "<title>Just a moment...",
)
_MOST_PARTS = 20
_NOT_HTML = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"RIFF")

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of every odd page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The article of a page. ``text`` holds paragraphs separated by a blank line."""

    title: str
    text: str
    published_at: datetime | None = None  # aware, UTC
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    section: str = ""
    modified_at: datetime | None = None
    image: str | None = None
    how: str = "density"  # density | trafilatura | json-ld | selectors: who found the text


def extract_page(
    body: bytes,
    url: str,
    content_type: str = "",
    selectors: Selectors = NO_SELECTORS,
    decoded: str | None = None,
) -> PageText:
    """Return the article in a page. ``url`` is its final address.

    ``decoded`` is what ``decode`` makes of ``body``, where the caller has that.

    What the outlet's ``selectors`` drop is never a part of it; their text is taken where the
    extractors find none.

    Raises ExtractionError with the reason when there is none.
    """
    markup = _markup(body, url, content_type, decoded)
    tree = LexborHTMLParser(markup)
    about = read_metadata(tree, url, selectors)
    if selectors.drop:
        markup = _without(tree, selectors.drop) or markup
    chosen = _chosen(tree, selectors.text)
    text, how = _text(tree, markup, about)
    if len(text) < _SHORTEST < len(chosen):
        text, how = chosen, "selectors"
    text = without_furniture(text)
    if len(text) < _SHORTEST:
        raise ExtractionError("no article text in the page", url=url)
    return PageText(
        title=about.title,
        text=text[:TEXT_LIMIT],
        published_at=about.published_at,
        canonical_url=about.canonical_url,
        authors=about.authors,
        section=about.section,
        modified_at=about.modified_at,
        image=about.image,
        how=how,
    )


def _without(tree: LexborHTMLParser, drop: Sequence[str]) -> str:
    """Remove what is never a part of the article; return the markup that is left, if any is."""
    found = [node for css in drop for node in tree.css(css)]
    for node in found:
        node.decompose()
    return (tree.html or "") if found else ""


def _chosen(tree: LexborHTMLParser, css: str) -> str:
    """Return the text of the elements that the outlet's selector names."""
    if not css:
        return ""
    seen: dict[str, None] = {}
    for node in tree.css(css)[:_MOST_PARTS]:
        seen |= dict.fromkeys(paragraphs(node))
    return "\n\n".join(seen)


def _markup(body: bytes, url: str, content_type: str, decoded: str | None) -> str:
    if not body.strip():
        raise ExtractionError("the page is empty", url=url)
    kind = content_type.partition(";")[0].strip().lower()
    if body.startswith(_NOT_HTML) or kind.startswith(("image/", "video/", "audio/")):
        raise ExtractionError(f"the page is no HTML ({kind or 'binary'})", url=url)
    markup = repair_mojibake(decode(body, content_type)[0] if decoded is None else decoded)
    if b"\0" in body:  # in bytes this is looked for twenty times faster than in wide letters
        markup = markup.replace("\0", "")
    head = markup[:20_000]
    if any(sign in head for sign in _CHALLENGE):
        raise ExtractionError("the page is a bot challenge, not an article", url=url)
    if is_too_deep(markup):
        raise ExtractionError("the page nests too deep", url=url)
    return markup


def _text(tree: LexborHTMLParser, markup: str, about: Metadata) -> tuple[str, str]:
    silence(tree)
    left = tree.body.html if tree.body is not None else None
    dense = "\n\n".join(dense_text(tree))
    if len(dense) >= _SHORTEST and is_agreed(dense, _broad_text(left or ""), AGREEMENT):
        return dense, "density"
    slow = _trafilatura(markup)
    best = max((slow, "trafilatura"), (dense, "density"), key=lambda pair: bool(pair[0]))
    if len(best[0]) < _SHORTEST and len(about.body) > len(best[0]):
        return about.body, "json-ld"
    return best


def _broad_text(markup: str) -> str:
    """Return the second opinion on a page.

    It would skip what is silenced by itself; without, which is half of a page, it is faster.
    """
    return extract_plain_text(
        markup,
        main_content=True,
        alt_texts=False,
        list_bullets=False,
        comments=False,
        post_meta=False,
    )


def _trafilatura(markup: str) -> str:
    import trafilatura  # noqa: PLC0415 - a tenth of a second, for one page of five, in workers only

    text = trafilatura.extract(markup, fast=True, include_comments=False, include_tables=False)
    return "\n\n".join(line for line in map(clean, (text or "").splitlines()) if line)
