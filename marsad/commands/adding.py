"""The work behind ``sources add``, ``import`` and ``export``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from crawler.opml import OpmlError, read_opml, write_opml
from crawler.urls import resolve_link
from domain.errors import CrawlError, FetchError, UsageError
from domain.time import isoformat
from marsad.commands.formats import Format, printable, write_rows
from marsad.source_settings import SourceSettings
from marsad.sourcefile import source_yaml, write_sources
from marsad.subscribing import (
    LANGUAGES,
    Wish,
    entries_of,
    entry_of,
    problem,
    reader_of,
    twin_of,
)

if TYPE_CHECKING:
    from crawler.prospecting import Prospect
    from marsad.commands.context import Context
    from marsad.config import Config

_LARGEST = 16 * 1024 * 1024  # bytes of an OPML file
_COLUMNS = (
    *("id", "name", "url", "language", "country", "tags", "family", "feeds", "fallback_feeds"),
    *("sitemaps", "sections", "article_url", "archives", "domains"),
)


class SourceAddError(CrawlError):
    """A source cannot be added; the message says why."""


def add_source(
    options: Context, url: str, said: Mapping[str, str], tags: Sequence[str], *, is_dry: bool
) -> None:
    """Find the way into ``url``, show it, and write it. Raises CrawlError or EditError."""
    config = options.config()
    wish = _wish(said, tags)
    if wish.id in {source.id for source in config.sources}:
        raise UsageError(f"--id {wish.id}: a source has this id already")
    found = _found(url, config)
    entry = entry_of(found, wish, {source.id for source in config.sources})
    reason = problem(entry)
    if reason:
        raise UsageError(f"{url}: {reason}")
    twin = twin_of(SourceSettings.model_validate(entry).source(), config.sources)
    if twin is not None:
        raise SourceAddError(f"{found.way.url} is read already, by source {twin.id}", url=url)
    _show(found)
    _keep(options, [entry], is_dry=is_dry)


def import_sources(
    options: Context, file: Path, said: Mapping[str, str], tags: Sequence[str], *, is_dry: bool
) -> None:
    """Write what an OPML file lists. Leaves with 1 when an outline could not be taken."""
    config = options.config()
    done = entries_of(
        read_opml(_bytes(file), str(file)), config.sources, _wish(said, tags), str(file)
    )
    say = Console(stderr=True, soft_wrap=True, highlight=False)
    for line in done.duplicates:
        say.print(Text(printable(f"duplicate: {line}")))
    for line in done.faults:
        say.print(Text(printable(f"left out: {line}")))
    if done.entries:
        _keep(options, done.entries, is_dry=is_dry)
    counts = f"{len(done.entries)} new, {len(done.duplicates)} duplicates"
    say.print(Text(f"{counts}, {len(done.faults)} left out"))
    if done.faults:
        raise typer.Exit(1)


def export_sources(options: Context, form: str) -> None:
    """Write the configured sources to standard output."""
    sources = options.config().sources
    if form == "opml":
        sys.stdout.write(write_opml(sources, "marsad"))
        return
    rows = ([getattr(source, name) for name in _COLUMNS] for source in sources)
    write_rows(_COLUMNS, rows, Format(form))


def _wish(said: Mapping[str, str], tags: Sequence[str]) -> Wish:
    language, country = said.get("language", ""), said.get("country", "")
    if language and language not in LANGUAGES:
        raise UsageError(f"--language {language!r} is none of {', '.join(LANGUAGES)}")
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise UsageError(f"--country {country!r} is no two-letter country code, as DZ")
    return Wish(
        id=said.get("id", ""),
        name=said.get("name", ""),
        language=language,
        country=country.upper(),
        tags=tuple(tags),
    )


def _found(url: str, config: Config) -> Prospect:
    """Return what is at ``url``; without a scheme https is tried, then http."""
    from marsad.one_page import find_outlet  # noqa: PLC0415 - imports Scrapy

    has_scheme = "://" in url
    places = [url] if has_scheme else [f"https://{url}", f"http://{url}"]
    if resolve_link(places[0], "") is None:
        raise UsageError(f"{url!r} is no http(s) address")
    for place in places:
        known = reader_of(place, config.sources)
        if known is not None:
            raise SourceAddError(f"{url} is read already, by source {known.id}", url=url)
    for place in places:
        try:
            return find_outlet(place, config.crawler)
        except FetchError as error:
            if place == places[-1]:
                raise SourceAddError(f"{place}: {error}", url=place) from None
        except CrawlError as error:
            raise SourceAddError(f"{place}: {error}", url=place) from None
    raise AssertionError("unreachable")


def _show(found: Prospect) -> None:
    say = Console(stderr=True, soft_wrap=True, highlight=False)
    family = f", {found.family}" if found.family else ""
    say.print(Text(f"{found.way} ({len(found.entries)} articles{family})"))
    for entry in found.newest:
        when = isoformat(entry.published_at) if entry.published_at else "no date"
        say.print(Text(f"  {when}  {printable(entry.title or entry.link)}"))


def _keep(options: Context, entries: Sequence[Mapping[str, Any]], *, is_dry: bool) -> None:
    if is_dry:
        sys.stdout.write(f"sources:\n{source_yaml(entries, 2)}")
        return
    write_sources(options.config_path, entries, options.environment)
    names = ", ".join(str(entry["id"]) for entry in entries)
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        Text(f"{options.config_path}: added {names}")
    )


def _bytes(file: Path) -> bytes:
    try:
        if str(file) == "-":
            body = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as stream:
                body = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise OpmlError(f"{file}: no such file") from None
    except OSError as error:
        raise OpmlError(f"{file}: cannot be read: {error.strerror}") from None
    if len(body) > _LARGEST:
        raise OpmlError(f"{file}: is larger than {_LARGEST // 2**20} MB")
    if not body.strip():
        raise OpmlError(f"{file}: is empty")
    return body
