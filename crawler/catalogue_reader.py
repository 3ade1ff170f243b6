"""The catalogue's file, read strictly: every mistake with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from crawler.archives import template_problem
from crawler.families import FAMILIES
from domain.errors import ConfigError, Fault, nearest
from domain.source import Confidence

TEXTS = (
    *("id", "name", "url", "language", "country", "confidence", "family", "article_url"),
    "note",
)
_WAYS = ("feeds", "fallback_feeds", "sitemaps", "sections", "archives")
LISTS = ("tags", "languages", "domains", *_WAYS, "examples")
PARTS = {
    "names": ("fr", "ar", "en"),
    "selectors": ("text", "title", "author", "date", "section", "drop"),
}
_REQUIRED = ("id", "name", "url", "language", "country")
_ADDRESSES = frozenset({"url", *_WAYS, "examples"})
_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = (re.compile(r"fr|ar|en"), "fr, ar or en")
_SHAPES = {
    "id": (_WORDS, "lower-case words joined by hyphens"),
    "language": _LANGUAGE,
    "languages": (re.compile(r"[a-z]{2}"), "a two-letter language code"),
    "country": (re.compile(r"[A-Z]{2}"), "a two-letter country code"),
    "tags": (_WORDS, "lower-case words joined by hyphens"),
    "domains": (re.compile(r"(?!www\.)[a-z0-9-]+(\.[a-z0-9-]+)+"), "a host without www."),
    "family": (re.compile("|".join(FAMILIES)), f"one of {', '.join(FAMILIES)}"),
    "confidence": (re.compile("|".join(Confidence)), f"one of {', '.join(Confidence)}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as written: its texts, its lists, and the mappings inside it."""

    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def given(self) -> frozenset[str]:
        """The keys that stand in the entry, with a value or empty."""
        return frozenset({*self.texts, *self.lists, *self.parts})


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Return the entries of a catalogue file. Raises ConfigError with all faults at once."""
    reader = _Reader(path)
    entries = tuple(reader.entries())
    if reader.faults:
        raise ConfigError(reader.faults)
    return entries


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.faults: list[Fault] = []

    def entries(self) -> Iterator[Entry]:
        root = self._compose()
        if root is None:
            return
        if not isinstance(root, SequenceNode):
            self._fault(root, "", "the catalogue must be a list of sources")
            return
        seen: dict[str, int] = {}
        for number, node in enumerate(root.value):
            entry = self._entry(node, f"[{number}]")
            if entry is None:
                continue
            ident = entry.texts["id"]
            if ident in seen:
                self._fault(node, f"[{number}].id", f"{ident!r} stands in line {seen[ident]}")
            seen[ident] = node.start_mark.line + 1
            yield entry

    def _compose(self) -> Node | None:
        try:
            text = self._path.read_text(encoding="utf-8")
            try:
                return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            except yaml.YAMLError:  # the slow reader says it better
                return yaml.compose(text, Loader=yaml.SafeLoader)
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

    def _entry(self, node: Node, place: str) -> Entry | None:
        if not isinstance(node, MappingNode):
            self._fault(node, place, "a source must be a mapping")
            return None
        before = len(self.faults)
        texts: dict[str, str] = {}
        lists: dict[str, tuple[str, ...]] = {}
        parts: dict[str, Mapping[str, tuple[str, ...]]] = {}
        for key, value in node.value:
            name, path = str(key.value), f"{place}.{key.value}"
            if name in texts or name in lists or name in parts:
                self._fault(key, path, "stands twice")
            elif name in TEXTS:
                texts[name] = self._text(name, value, path)
            elif name in LISTS:
                lists[name] = self._list(name, value, path)
            elif name in PARTS:
                parts[name] = self._part(PARTS[name], value, path)
            else:
                self._fault(key, path, f"unknown key{nearest(name, (*TEXTS, *LISTS, *PARTS))}")
        self._require(node, place, texts, lists)
        if len(self.faults) > before:
            return None
        return Entry(texts=texts, lists=lists, parts=parts)

    def _require(
        self,
        node: Node,
        place: str,
        texts: Mapping[str, str],
        lists: Mapping[str, tuple[str, ...]],
    ) -> None:
        for name in _REQUIRED:
            if name not in texts and not (name == "url" and texts.get("confidence") == "none"):
                self._fault(node, place, f"{name} is missing")
        family = FAMILIES.get(texts.get("family", ""))
        knows_articles = "article_url" in texts or (family is not None and family.article_url)
        if lists.get("sections") and not knows_articles:
            self._fault(
                node, place, "sections need article_url, which says which links are articles"
            )

    def _part(self, keys: tuple[str, ...], node: Node, place: str) -> Mapping[str, tuple[str, ...]]:
        if not isinstance(node, MappingNode):
            self._fault(node, place, "must be a mapping")
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for key, value in node.value:
            name, path = str(key.value), f"{place}.{key.value}"
            if name in found:
                self._fault(key, path, "stands twice")
            elif name not in keys:
                self._fault(key, path, f"unknown key{nearest(name, keys)}")
            elif name == "drop":
                found[name] = self._list(name, value, path)
            else:
                found[name] = (self._text("", value, path),)
        return found

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


def _problem(name: str, text: str) -> str | None:
    if name in _ADDRESSES:
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return "must be an http(s) URL"
        return template_problem(text) if name == "archives" else None
    if name == "article_url":
        try:
            re.compile(text)
        except re.error as error:
            return f"no valid regular expression: {error}"
    shape = _SHAPES.get(name)
    if shape is not None and not shape[0].fullmatch(text):
        return f"{text!r} is not {shape[1]}"
    return None
