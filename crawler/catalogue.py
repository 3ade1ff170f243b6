"""The bundled catalogue of outlets. Its form: ``docs/sources.md`` and the head of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from crawler.catalogue_reader import Entry, read_entries
from crawler.families import fill
from domain.source import Confidence, Names, Selectors, Source

BUNDLED = Path(__file__).with_name("catalogue.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An entry of the catalogue: the source, and what only people read."""

    source: Source
    note: str = ""
    examples: tuple[str, ...] = ()  # addresses of articles, by which article_url is held to account


def load_catalogue(path: Path = BUNDLED) -> tuple[Source, ...]:
    """Return every source of a catalogue file that has an address.

    Raises ConfigError with all faults at once.
    """
    outlets = load_outlets(path)
    return tuple(o.source for o in outlets if o.source.confidence is not Confidence.NONE)


def load_outlets(path: Path = BUNDLED) -> tuple[Outlet, ...]:
    """Return every entry, those that are known by name only too. Raises ConfigError."""
    return tuple(_outlet(entry) for entry in read_entries(path))


def included(sources: Iterable[Source], tags: Collection[str]) -> tuple[Source, ...]:
    """Return the sources that carry any of ``tags``."""
    return tuple(source for source in sources if not set(tags).isdisjoint(source.tags))


def _outlet(entry: Entry) -> Outlet:
    texts, lists, parts = entry.texts, entry.lists, entry.parts
    chosen = parts.get("selectors", {})
    source = Source(
        id=texts["id"],
        name=texts["name"],
        url=texts.get("url", ""),
        language=texts["language"],
        country=texts["country"],
        article_url=texts.get("article_url"),
        tags=lists.get("tags", ()),
        feeds=lists.get("feeds", ()),
        fallback_feeds=lists.get("fallback_feeds", ()),
        sitemaps=lists.get("sitemaps", ()),
        sections=lists.get("sections", ()),
        archives=lists.get("archives", ()),
        domains=lists.get("domains", ()),
        languages=lists.get("languages", (texts["language"],)),
        names=Names(**{name: texts_[0] for name, texts_ in parts.get("names", {}).items()}),
        confidence=Confidence(texts.get("confidence", Confidence.HIGH)),
        family=texts.get("family", ""),
        selectors=Selectors(
            drop=chosen.get("drop", ()),
            **{name: value[0] for name, value in chosen.items() if name != "drop"},
        ),
    )
    source = fill(source, entry.given) if source.url else source
    return Outlet(source=source, note=texts.get("note", ""), examples=lists.get("examples", ()))
