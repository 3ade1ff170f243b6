"""The bundled catalogue of outlets, read strictly: every mistake with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from domain.errors import ConfigError, Fault
from domain.source import Source

BUNDLED = Path(__file__).with_name("catalogue.yaml")
_TEXTS = ("id", "name", "url", "language", "country", "article_url")
_LISTS = ("tags", "feeds", "sitemaps", "sections")
_REQUIRED = ("id", "name", "url", "language", "country")
_ADDRESSES = frozenset({"url", "feeds", "sitemaps", "sections"})
_SHAPES = {
    "id": (re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"), "lower-case words joined by hyphens"),
    "language": (re.compile(r"fr|ar|en"), "fr, ar or en"),
    "country": (re.compile(r"[A-Z]{2}"), "a two-letter country code"),
    "tags": (re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"), "lower-case words joined by hyphens"),
}


def load_catalogue(path: Path = BUNDLED) -> tuple[Source, ...]:
    """Return every source of a catalogue file. Raises ConfigError with all faults at once."""
    reader = _Reader(path)
    sources = tuple(reader.sources())
    if reader.faults:
        raise ConfigError(reader.faults)
    return sources


def included(sources: Iterable[Source], tags: Collection[str]) -> tuple[Source, ...]:
    """Return the sources that carry any of ``tags``."""
    return tuple(source for source in sources if not set(tags).isdisjoint(source.tags))


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.faults: list[Fault] = []

    def sources(self) -> Iterator[Source]:
        root = self._compose()
        if root is None:
            return
        if not isinstance(root, SequenceNode):
            self._fault(root, "", "the catalogue must be a list of sources")
            return
        seen: dict[str, int] = {}
        for number, node in enumerate(root.value):
            source = self._source(node, f"[{number}]")
            if source is None:
                continue
            if source.id in seen:
                self._fault(
                    node, f"[{number}].id", f"{source.id!r} stands in line {seen[source.id]}"
                )
            seen[source.id] = node.start_mark.line + 1
            yield source

    def _compose(self) -> Node | None:
        try:
            with self._path.open(encoding="utf-8") as file:
                return yaml.compose(file, Loader=yaml.SafeLoader)
        except OSError as error:
            self._fault(None, "", f"cannot be read: {error.strerror}")
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else None
            problem = getattr(error, "problem", None) or "no valid UTF-8"
            self.faults.append(
                Fault(file=str(self._path), line=line, column=None, path="", message=problem)
            )
        return None

    def _source(self, node: Node, place: str) -> Source | None:
        if not isinstance(node, MappingNode):
            self._fault(node, place, "a source must be a mapping")
            return None
        before = len(self.faults)
        texts: dict[str, str] = {}
        lists: dict[str, tuple[str, ...]] = {}
        for key, value in node.value:
            name, path = str(key.value), f"{place}.{key.value}"
            if name in texts or name in lists:
                self._fault(key, path, "stands twice")
            elif name in _TEXTS:
                texts[name] = self._text(name, value, path)
            elif name in _LISTS:
                lists[name] = self._list(name, value, path)
            else:
                self._fault(key, path, f"unknown key{_nearest(name)}")
        for name in _REQUIRED:
            if name not in texts:
                self._fault(node, place, f"{name} is missing")
        if lists.get("sections") and "article_url" not in texts:
            self._fault(
                node, place, "sections need article_url, which says which links are articles"
            )
        if len(self.faults) > before:
            return None
        return _build(texts, lists)

    def _list(self, name: str, node: Node, path: str) -> tuple[str, ...]:
        if not isinstance(node, SequenceNode):
            self._fault(node, path, "must be a list")
            return ()
        return tuple(
            self._text(name, item, f"{path}[{number}]") for number, item in enumerate(node.value)
        )

    def _text(self, name: str, node: Node, path: str) -> str:
        if not isinstance(node, ScalarNode) or not node.value.strip():
            self._fault(node, path, "must be a text")
            return ""
        text = str(node.value)
        problem = _problem(name, text)
        if problem:
            self._fault(node, path, problem)
        return text

    def _fault(self, node: Node | None, path: str, message: str) -> None:
        mark = node.start_mark if node is not None else None
        self.faults.append(
            Fault(
                file=str(self._path),
                line=mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
                path=path,
                message=message,
            )
        )


def _build(texts: dict[str, str], lists: dict[str, tuple[str, ...]]) -> Source:
    return Source(
        id=texts["id"],
        name=texts["name"],
        url=texts["url"],
        language=texts["language"],
        country=texts["country"],
        article_url=texts.get("article_url"),
        tags=lists.get("tags", ()),
        feeds=lists.get("feeds", ()),
        sitemaps=lists.get("sitemaps", ()),
        sections=lists.get("sections", ()),
    )


def _problem(name: str, text: str) -> str | None:
    if name in _ADDRESSES:
        parts = urlsplit(text)
        return (
            None if parts.scheme in ("http", "https") and parts.netloc else "must be an http(s) URL"
        )
    if name == "article_url":
        try:
            re.compile(text)
        except re.error as error:
            return f"no valid regular expression: {error}"
    shape = _SHAPES.get(name)
    if shape is not None and not shape[0].fullmatch(text):
        return f"{text!r} is not {shape[1]}"
    return None


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name, _TEXTS + _LISTS, 1)
    return f"; did you mean {close[0]}?" if close else ""
