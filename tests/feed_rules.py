"""What a validator asks of an Atom feed: the musts of RFC 4287, read from its bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
ONCE = ("id", "title", "updated")
AT_MOST_ONCE = {
    "feed": ("generator", "icon", "logo", "rights", "subtitle"),
    "entry": ("content", "published", "rights", "source", "summary"),
}
KNOWN = {
    "feed": {*ONCE, *AT_MOST_ONCE["feed"], "author", "category", "contributor", "link", "entry"},
    "entry": {*ONCE, *AT_MOST_ONCE["entry"], "author", "category", "contributor", "link"},
}
# RFC 3339, 4.2.10 of RFC 4287: capital T and Z
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# RFC 3987, in short: a scheme, then only what an IRI may hold, percent signs as escapes only
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(%[0-9A-Fa-f]{2}|[!#-;=?-\[\]_a-z~]|[^\x00-\xa0])+")
TONGUE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+")


def breaches(body: bytes, address: str) -> list[str]:
    """Return what is wrong with the feed that ``address`` answered; nothing where all is well."""
    feed = ElementTree.fromstring(body)
    if feed.tag != f"{ATOM}feed":
        return [f"the root is {feed.tag}"]
    return [*_feed(feed, address), *_everywhere(feed)]


def _feed(feed: Element, address: str) -> Iterator[str]:
    yield from _container(feed, "feed")
    entries = feed.findall(f"{ATOM}entry")
    if not _own(feed):
        yield from ("no link rel=self",)
    elif _own(feed) != [address]:
        yield f"self is {_own(feed)}, asked was {address}"
    for entry in entries:
        yield from _container(entry, "entry")
        if feed.find(f"{ATOM}author") is None and entry.find(f"{ATOM}author") is None:
            yield "an entry without an author in a feed without one"
        has_alternate = any(_rel(link) == "alternate" for link in entry.findall(f"{ATOM}link"))
        if entry.find(f"{ATOM}content") is None and not has_alternate:
            yield "an entry with neither content nor rel=alternate"
    if feed.find(f"{ATOM}author") is None and not entries:
        yield "no author at all"
    ids = Counter(_text(entry, "id") for entry in (feed, *entries))
    yield from (f"the id {ident} is given {n} times" for ident, n in ids.items() if n > 1)
    if list(feed)[-len(entries) or len(feed) :] != entries:
        yield "something stands behind the entries"


def _container(element: Element, name: str) -> Iterator[str]:
    count = Counter(child.tag.removeprefix(ATOM) for child in element)
    yield from (f"{name}: {count[once]} of {once}" for once in ONCE if count[once] != 1)
    yield from (f"{name}: several {n}" for n in AT_MOST_ONCE[name] if count[n] > 1)
    yield from (f"{name}: {n} has no place there" for n in count if n not in KNOWN[name])
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(f"{ATOM}link")
        if _rel(link) == "alternate"
    )
    yield from (f"{name}: two alternates of {kind}" for kind, n in alternates.items() if n > 1)


def _everywhere(feed: Element) -> Iterator[str]:
    for element in feed.iter():
        name, text = element.tag.removeprefix(ATOM), element.text or ""
        if name in ("updated", "published") and not _is_moment(text):
            yield f"{name}: {text!r} is no RFC 3339"
        if name in ("id", "uri", "icon", "logo") and not IRI.fullmatch(text):
            yield f"{name}: {text!r} is no absolute IRI"
        if name == "link":
            yield from _link(element)
        if name == "category" and not element.get("term"):
            yield "a category without a term"
        if name in ("title", "subtitle", "summary", "rights"):
            yield from _words(element)
        if name in ("author", "contributor") and not _text(element, "name").strip():
            yield "a person without a name"
        tongue = element.get(f"{XML}lang")
        if tongue is not None and not TONGUE.fullmatch(tongue):
            yield f"xml:lang {tongue!r}"


def _link(link: Element) -> Iterator[str]:
    if not IRI.fullmatch(link.get("href", "")):
        yield f"link: {link.get('href')!r} is no absolute IRI"
    if link.get("type") is not None and not MEDIA.fullmatch(link.get("type", "")):
        yield f"link: type {link.get('type')!r}"


def _words(element: Element) -> Iterator[str]:
    kind = element.get("type", "text")
    if kind not in ("text", "html", "xhtml"):
        yield f"{element.tag}: type {kind!r}"
    if kind in ("text", "html") and len(element):
        yield f"{element.tag}: markup as child elements of type {kind}"
    if element.tag == f"{ATOM}title" and not (element.text or "").strip():
        yield "an empty title"


def _is_moment(text: str) -> bool:
    return bool(MOMENT.fullmatch(text)) and datetime.fromisoformat(text).tzinfo is not None


def _own(feed: Element) -> list[str]:
    return [k.get("href", "") for k in feed.findall(f"{ATOM}link") if _rel(k) == "self"]


def _rel(link: Element) -> str:
    return link.get("rel", "alternate")


def _text(element: Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""
