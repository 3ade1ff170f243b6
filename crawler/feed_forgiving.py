"""feedparser, for documents that are not well-formed, to raw entries."""

from __future__ import annotations

import re
from typing import Any

from crawler.blocks import is_too_deep, plain_title
from crawler.entries import RawEntry
from domain.errors import FeedError

_MAX_ITEMS = 5000
_REFERENCE = re.compile(r"&#(?:(\d+)|[xX]([0-9a-fA-F]+));?")


def read_forgiving(text: str, url: str) -> tuple[str, str, float | None, list[RawEntry]]:
    """Return kind, title, wished pause and raw entries. Raises FeedError when there are none.

    feedparser gets bytes in an encoding that is known to be right, and neither sanitises nor
    resolves: both cost half its time, and are done on plain text here.
    """
    if is_too_deep(text, is_xml=True):
        raise FeedError("the feed nests too deep", url=url)
    import feedparser  # noqa: PLC0415 - slow to import, for broken feeds only

    try:
        result: Any = feedparser.parse(
            _REFERENCE.sub(_letter, text).encode("utf-8", "replace"),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001 - broken markup breaks feedparser in many ways
        reason = type(error).__name__
        raise FeedError(f"the document cannot be read as a feed ({reason})", url=url) from None
    if not result.entries and not result.version:
        reason = type(result.get("bozo_exception")).__name__
        raise FeedError(f"the document cannot be read as a feed ({reason})", url=url)
    raws = [_raw(entry) for entry in result.entries[:_MAX_ITEMS]]
    title = plain_title(str(result.feed.get("title", "")))
    return result.version or "unknown", title, None, raws


def _letter(reference: re.Match[str]) -> str:
    """Drop a reference that names half a letter, or none: feedparser fails at the whole feed."""
    decimal, hexadecimal = (digits and digits.lstrip("0") for digits in reference.groups())
    if len(decimal or hexadecimal or "") > 7:
        return ""
    code = int(decimal or "0") if decimal is not None else int(hexadecimal or "0", 16)
    return "" if 0xD800 <= code < 0xE000 or code > 0x10FFFF else reference[0]


def _raw(entry: Any) -> RawEntry:
    content = max(
        (part.get("value") or "" for part in entry.get("content", ())), key=len, default=""
    )
    authors = [author.get("name") or "" for author in entry.get("authors", ()) if author]
    dates = (entry.get(name) for name in ("published", "updated", "created"))
    summary = entry.get("summary") or ""
    return RawEntry(
        link=entry.get("feedburner_origlink") or entry.get("link") or "",
        title=entry.get("title") or "",
        description="" if summary == content else summary,
        content=content,
        date=next((date for date in dates if date), ""),
        authors=tuple(authors),
        guid=entry.get("id") or "",
        guid_is_link=bool(entry.get("guidislink")),
    )
