"""JSON Feed (jsonfeed.org, versions 1 and 1.1) to raw entries."""

from __future__ import annotations

import json

from crawler.blocks import plain_title
from crawler.entries import RawEntry
from domain.errors import FeedError

_MAX_ITEMS = 5000


def read_json(text: str, url: str) -> tuple[str, str, float | None, list[RawEntry]]:
    """Return kind, title, wished pause and raw entries. Raises FeedError for other JSON."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise FeedError("broken JSON where a feed was expected", url=url) from None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise FeedError("the document is JSON, but no JSON Feed", url=url)
    if not _string(data, "version").startswith("https://jsonfeed.org/version/"):
        raise FeedError("the document is JSON, but no JSON Feed", url=url)
    items = [item for item in data["items"][:_MAX_ITEMS] if isinstance(item, dict)]
    return "json", plain_title(_string(data, "title")), None, [_raw(item) for item in items]


def _raw(item: dict[str, object]) -> RawEntry:
    authors = item.get("authors") or [item.get("author")]
    names = (
        [_string(a, "name") for a in authors if isinstance(a, dict)]
        if isinstance(authors, list)
        else []
    )
    guid = _string(item, "id")
    return RawEntry(
        link=_string(item, "external_url") or _string(item, "url"),
        title=_string(item, "title"),
        description=_string(item, "summary"),
        content=_string(item, "content_html") or _as_markup(_string(item, "content_text")),
        date=_string(item, "date_published") or _string(item, "date_modified"),
        authors=tuple(names),
        guid=guid,
        guid_is_link=guid.startswith("http"),
    )


def _as_markup(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")


def _string(data: dict[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
