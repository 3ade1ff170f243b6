"""New sources: from what was found, or what an OPML file lists, to entries of config.yaml."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError

from crawler.domains import registrable_domain
from crawler.opml import Subscription
from crawler.prospecting import Prospect
from crawler.urls import host_of, resolve_link, url_key
from crawler.ways import Kind
from domain.source import Source
from marsad.faultwords import say
from marsad.source_settings import SourceSettings
from matcher.language import identify

LANGUAGES = ("fr", "ar", "en")
_USUAL_LANGUAGE, _USUAL_COUNTRY = "fr", "DZ"
_COUNTRY_OF = {"UK": "GB", "EU": "", "SU": "RU"}
_WAYS = {Kind.FEED: "feeds", Kind.SITEMAP: "sitemaps", Kind.SECTION: "sections"}
_LISTS = ("feeds", "fallback_feeds", "sitemaps", "sections", "archives", "domains")
_PART = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the call says of a new source, before anything that was found. Empty: not said."""

    id: str = ""
    name: str = ""
    language: str = ""
    country: str = ""
    tags: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of the outlines of an OPML file."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)  # a line each, for people
    faults: list[str] = field(default_factory=list)


def entry_of(found: Prospect, wish: Wish, taken: Collection[str]) -> dict[str, Any]:
    """Return the entry for config.yaml of an outlet that was found, its id not among ``taken``."""
    host = urlsplit(found.home).hostname or ""
    texts = " ".join(f"{entry.title} {entry.summary}" for entry in found.entries[:20])
    entry: dict[str, Any] = {
        "id": wish.id or _free(_ident(host), taken),
        "name": wish.name or found.name or host_of(found.home),
        "url": found.home,
        "language": wish.language or _language(texts, found.language),
        "country": wish.country or _country(host),
    }
    if wish.tags:
        entry["tags"] = list(wish.tags)
    if found.family:
        entry["family"] = found.family
    entry[_WAYS[found.way.kind]] = [found.way.url]
    if found.way.kind is not Kind.FEED and found.way.article_url:
        entry["article_url"] = found.way.article_url
    return entry


def entries_of(
    subscriptions: Sequence[Subscription], known: Sequence[Source], wish: Wish, file: str
) -> Imported:
    """Return the entries of an OPML file's subscriptions that no source reads already."""
    done = Imported()
    taken = {source.id for source in known}
    sources = list(known)
    for one in _merged(subscriptions):
        entry = _entry(one, wish, taken)
        reason = problem(entry)
        if reason:
            done.faults.append(f"{file}:{one.line}: {one.title or one.feed}: {reason}")
            continue
        source = SourceSettings.model_validate(entry).source()
        twin = twin_of(source, sources)
        if twin is not None:
            done.duplicates.append(f"{entry['name']}: {twin.id} reads it already")
            continue
        done.entries.append(entry)
        taken.add(entry["id"])
        sources.append(source)
    return done


def twin_of(new: Source, known: Iterable[Source]) -> Source | None:
    """Return the source that reads one of the addresses of ``new`` already."""
    ways = _ways(new)
    return next((source for source in known if ways & _ways(source)), None)


def reader_of(url: str, known: Iterable[Source]) -> Source | None:
    """Return the source of which ``url`` is the front page or a way in."""
    key = url_key(url)
    return next((s for s in known if key in _ways(s) or key == url_key(s.url)), None)


def _ways(source: Source) -> set[str]:
    urls = (*source.feeds, *source.fallback_feeds, *source.sitemaps, *source.sections)
    return set(map(url_key, urls))


def problem(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with an entry, in one line; empty when nothing is."""
    try:
        SourceSettings.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = str(first["loc"][0]) if first["loc"] else ""
        return f"{place}: {say(first, entry.get(place))}".removeprefix(": ")
    return ""


def _entry(one: Subscription, wish: Wish, taken: Collection[str]) -> dict[str, Any]:
    lists = {name: list(one.values(name)) for name in _LISTS if name in one.own}
    if one.feed:
        lists["feeds"] = one.feed.split()
    first = next((urls[0] for name in _LISTS if (urls := lists.get(name))), "")
    home = one.home or (urljoin(first, "/") if resolve_link(first, "") else first)
    host = urlsplit(home).hostname or ""
    wanted = one.own.get("id") or _ident(host)
    entry: dict[str, Any] = {
        "id": wanted if wanted not in taken else _free(wanted, taken),
        "name": one.title or host,
        "url": home,
        "language": _said(one.language) or wish.language or _language(one.title, ""),
        "country": one.own.get("country") or wish.country or _country(host),
    }
    tags = tuple(dict.fromkeys(filter(None, map(_tag, (*one.tags, *wish.tags)))))
    if tags:
        entry["tags"] = list(tags)
    entry |= lists
    return entry | {name: one.own[name] for name in ("family", "article_url") if name in one.own}


def _merged(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """Join outlines of one outlet: those that carry the same id of ours."""
    found: dict[str, Subscription] = {}
    for number, one in enumerate(subscriptions):
        key = one.own.get("id") or f"\0{number}"
        held = found.get(key)
        found[key] = one if held is None else replace(held, feed=f"{held.feed} {one.feed}".strip())
    return list(found.values())


def _ident(host: str) -> str:
    """Return ``algerie360`` of ``www.algerie360.com``."""
    name = registrable_domain(host).partition(".")[0] if not _is_number(host) else host
    return _PART.sub("-", name).strip("-")[:_LONGEST_ID] or "source"


def _is_number(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host


def _free(ident: str, taken: Collection[str]) -> str:
    number, free = 1, ident
    while free in taken:
        number += 1
        free = f"{ident}-{number}"
    return free


def _language(texts: str, declared: str) -> str:
    guess = identify(texts) if texts.strip() else ""
    return _said(guess) or _said(declared) or _USUAL_LANGUAGE


def _said(language: str) -> str:
    short = language.strip().lower()[:2]
    return short if short in LANGUAGES else ""


def _country(host: str) -> str:
    """Return the country of a host's ending; that of most outlets where it names none."""
    ending = host.rpartition(".")[2].upper()
    country = _COUNTRY_OF.get(ending, ending if len(ending) == 2 and ending.isalpha() else "")
    return country or _USUAL_COUNTRY


def _tag(text: str) -> str:
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c)
    )
    return "-".join(re.findall(r"\w+", plain))
