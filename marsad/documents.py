"""Documents to judge, from files, addresses and JSON lines."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.article import Document
from domain.errors import CrawlError, MarsadError, UsageError
from marsad.clock import read_moment, utc_now

LANGUAGES = ("fr", "ar", "en")
LARGEST = 32 * 1024 * 1024  # bytes of one file
_UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as surrogateescape has them
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|meta)\b", re.IGNORECASE)


class DocumentError(MarsadError):
    """A document cannot be read; the message says where and why."""


def read_document(
    target: str, *, title: str, language: str | None, published: str | None
) -> Document:
    """Read FILE, URL or ``-``. What the call says wins over what the document says."""
    when = read_moment(published, utc_now()) if published else None
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"--language {language!r} is none of {', '.join(LANGUAGES)}")
    found = _fetched(target) if target.startswith(("http://", "https://")) else _read(target)
    return replace(
        found,
        title=title or found.title,
        language=language,
        published_at=when or found.published_at,
    )


def _fetched(url: str) -> Document:
    from marsad.one_page import fetch_page  # noqa: PLC0415 - imports Scrapy

    page = fetch_page(url)
    return Document(id=url, title=page.title, text=page.text, published_at=page.published_at)


def _read(target: str) -> Document:
    body = _bytes(target)
    name = "standard input" if target == "-" else target
    if not body.strip():
        raise DocumentError(f"{name}: is empty")
    if _HTML.search(body[:4096]):
        return _page(body, name)
    text = _decoded(body, name)
    return Document(id=None if target == "-" else Path(target).name, text=text)


def _bytes(target: str) -> bytes:
    if target == "-":
        body = sys.stdin.buffer.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise DocumentError(f"standard input: is larger than {LARGEST // 2**20} MB")
        return body
    path = Path(target)
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise DocumentError(f"{target}: is larger than {LARGEST // 2**20} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"{target}: no such file") from None
    except OSError as error:
        raise DocumentError(f"{target}: cannot be read: {error.strerror}") from None


def _decoded(body: bytes, name: str) -> str:
    if b"\x00" in body[:65536] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(f"{name}: is a binary file, not text or HTML")
    for encoding in ("utf-8-sig", "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else ""):
        if encoding:
            try:
                return body.decode(encoding)
            except UnicodeDecodeError:
                continue
    for encoding in ("cp1256", "cp1252"):
        text = body.decode(encoding, errors="replace")
        odd = sum(not c.isprintable() and not c.isspace() for c in text[:4000])
        is_arabic = sum("\u0621" <= c <= "\u064a" for c in text[:4000]) > len(text[:4000]) / 3
        if not odd and (encoding == "cp1252" or is_arabic):
            return text
    raise DocumentError(f"{name}: is neither UTF-8 text nor HTML")


def _page(body: bytes, name: str) -> Document:
    from crawler.extraction import extract_page  # noqa: PLC0415 - imports extractors

    try:
        page = extract_page(body, "", "text/html")
    except CrawlError as error:
        raise DocumentError(f"{name}: {error}") from None
    return Document(
        id=Path(name).name, title=page.title, text=page.text, published_at=page.published_at
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of JSON: a document, or why it is none. ``item`` is the whole object."""

    number: int
    document: Document | None = None
    item: dict[str, Any] | None = None
    id: Any = None
    error: str = ""


def read_lines(stream: Iterable[str]) -> Iterator[Line]:
    """Read documents a line each; a bad line becomes a Line with an error."""
    for number, text in enumerate(stream, 1):
        if text.strip():
            yield _line(number, text)


def _no_number(name: str) -> None:
    """Refuse what Python reads and JSON does not know."""
    raise ValueError(f"{name} is no number")


def _line(number: int, text: str) -> Line:
    if _UNDECODED.search(text):
        return Line(number=number, error="is no UTF-8")
    try:
        item = json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        return Line(number=number, error=f"is no JSON: {error}")
    except RecursionError:
        return Line(number=number, error="is no JSON that can be read: nested too deep")
    if not isinstance(item, dict):
        return Line(number=number, error="must be a JSON object")
    ident = item.get("id")
    try:
        return Line(number=number, document=_document(item), item=item, id=ident)
    except ValueError as error:
        return Line(number=number, id=ident, error=str(error))


def _document(item: dict[str, Any]) -> Document:
    for name in ("text", "title", "language", "published_at"):
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} must be a string")
    if "text" not in item or item["text"] is None:
        raise ValueError("text is missing")
    language = item.get("language")
    ident = item.get("id")
    return Document(
        id=None if ident is None else str(ident),
        text=item["text"],
        title=item.get("title") or "",
        language=language if language in LANGUAGES else None,
        published_at=_moment(item.get("published_at"), "published_at"),
    )


def read_past(text: object, name: str, now: datetime) -> datetime | None:
    """Read an ISO date of a line, None where it has none. Raises ValueError, also beyond now."""
    if text is not None and not isinstance(text, str):
        raise ValueError(f"{name} must be a string")
    moment = _moment(text, name)
    if moment is not None and moment > now:
        raise ValueError(f"{name} {text!r} is in the future")
    return moment


def _moment(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {text!r} is no ISO 8601 date") from None
