"""OPML: the lists of feeds that readers exchange. Bytes in, subscriptions out, and back.

What OPML has no word for (an outlet's id, its country, ways in that are no feeds) stands in
attributes of a namespace of our own, which other programs pass over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from crawler.blocks import one_line
from crawler.charset import decode
from domain.errors import MarsadError
from domain.source import Source

_NAMESPACE = "https://marsad.invalid/opml"
_PREFIX = "marsad:"
_DECLARED = re.compile(r"<!(?:ENTITY|DOCTYPE)\b", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_DEEPEST = 50
_MOST = 20_000
_LONGEST = 2048  # characters of an attribute that are read
_OWN_TEXTS = ("id", "country", "family", "article_url")
_OWN_LISTS = ("sitemaps", "sections", "fallback_feeds", "archives", "domains")


class OpmlError(MarsadError):
    """A file is no OPML; the message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One outline that subscribes to something, as written: nothing in it is checked yet."""

    line: int
    title: str = ""
    feed: str = ""
    home: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()  # its folders, outermost first, then its categories
    own: Mapping[str, str]  # attributes of our namespace, without its prefix

    def values(self, name: str) -> tuple[str, ...]:
        """Return an attribute of our namespace that holds several, one a word."""
        return tuple(self.own.get(name, "").split())


def read_opml(body: bytes, name: str) -> tuple[Subscription, ...]:
    """Return the subscriptions of a file, in its order. Raises OpmlError.

    Declared entities and document types are refused: no OPML needs them, and entity bombs do.
    """
    text, _ = decode(body, "application/xml")
    text = text.lstrip("\ufeff")
    declared = _DECLARED.search(text)
    if declared is not None:
        line = text.count("\n", 0, declared.start()) + 1
        raise OpmlError(f"{name}:{line}: declares a document type or entities, which is refused")
    reader = _Reader(name)
    reader.read(_DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1))
    return tuple(reader.found)


def write_opml(sources: Iterable[Source], title: str) -> str:
    """Return the sources as OPML: an outline a feed, or one for an outlet without feeds."""
    root = Element("opml", {"version": "2.0", "xmlns:marsad": _NAMESPACE})
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = title
    body = ElementTree.SubElement(root, "body")
    for source in sources:
        for feed in source.feeds or ("",):
            ElementTree.SubElement(body, "outline", _attributes(source, feed))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _attributes(source: Source, feed: str) -> dict[str, str]:
    found = {"text": source.name, "title": source.name}
    if feed:
        found |= {"type": "rss", "xmlUrl": feed}
    found |= {"htmlUrl": source.url, "language": source.language}
    if source.tags:
        found["category"] = ",".join(source.tags)
    own = {name: text for name in _OWN_TEXTS if (text := getattr(source, name))}
    for name in (*_OWN_LISTS, *(() if source.feeds else ("feeds",))):
        urls = getattr(source, name)
        if urls or source.family:  # what is empty would be filled from the family
            own[name] = " ".join(urls)
    return found | {f"{_PREFIX}{name}": text for name, text in own.items()}


class _Reader:
    """Reads outlines as they open and close; nothing is built, so depth costs nothing."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._folders: list[str | None] = []  # of every open element; None where it is no folder
        self._count = 0
        self.found: list[Subscription] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close

    def read(self, text: str) -> None:
        """Read the whole document. Raises OpmlError."""
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            place = f"{self._name}:{error.lineno}"
            raise OpmlError(f"{place}: is no XML: {expat.ErrorString(error.code)}") from None

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if not self._folders and tag.lower() != "opml":
            self._refuse(f"is no OPML: the document is <{one_line(tag, 40)}>")
        if len(self._folders) > _DEEPEST or self._count > _MOST:
            self._refuse("nests too deep or holds too many outlines")
        if tag.lower() != "outline":
            self._folders.append(None)
            return
        facts = {
            key.lower(): one_line(text[:_LONGEST], _LONGEST) for key, text in attributes.items()
        }
        own = {k.removeprefix(_PREFIX): v for k, v in facts.items() if k.startswith(_PREFIX)}
        title = facts.get("title") or facts.get("text", "")
        is_source = bool(facts.get("xmlurl") or own)
        self._folders.append(None if is_source else title)
        if is_source:
            self.found.append(self._subscription(facts, own, title))

    def _subscription(
        self, facts: Mapping[str, str], own: Mapping[str, str], title: str
    ) -> Subscription:
        listed = (part.strip("/ ") for part in facts.get("category", "").split(","))
        return Subscription(
            line=self._parser.CurrentLineNumber,
            title=title,
            feed=facts.get("xmlurl", ""),
            home=facts.get("htmlurl", ""),
            language=facts.get("language", ""),
            tags=tuple(dict.fromkeys(t for t in (*filter(None, self._folders), *listed) if t)),
            own=own,
        )

    def _close(self, tag: str) -> None:
        del tag
        self._folders.pop()

    def _refuse(self, reason: str) -> NoReturn:
        raise OpmlError(f"{self._name}:{self._parser.CurrentLineNumber}: {reason}")
