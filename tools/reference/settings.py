"""The keys of the configuration, read from the classes that check it."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Literal, Union

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from alerts.times import Quiet
from crawler.settings import Duration
from marsad.config import RootSettings

_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"))
_BOUNDS = (
    ("gt", "more than {}"),
    ("ge", "{} or more"),
    ("lt", "less than {}"),
    ("le", "{} at most"),
    ("min_length", "at least {}"),
    ("max_length", "{} characters at most"),
)
_LONG = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a section."""

    name: str
    kind: str  # what it takes, in words
    default: str  # as YAML; empty where the key must be given
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A class of settings at its place: ``alerts.routes[]``, or a kind of channel."""

    path: str
    model: type[BaseModel]
    keys: tuple[Key, ...]


def sections() -> list[Section]:
    """Return every section, in the order of the file, a class at each place that it has."""
    return list(_sections("", RootSettings))


def _sections(path: str, model: type[BaseModel]) -> Iterator[Section]:
    fields = model.model_fields
    yield Section(
        path=path, model=model, keys=tuple(_key(name, field) for name, field in fields.items())
    )
    for name, field in fields.items():
        for suffix, inner in _models(field.annotation):
            yield from _sections(f"{path}.{field.alias or name}{suffix}".removeprefix("."), inner)


def _models(annotation: Any, suffix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield (how its place is written, class) for each class of settings in ``annotation``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("type")
        named = f" of type {typing.get_args(kind.annotation)[0]}" if kind is not None else ""
        yield suffix + named, annotation
        return
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _models(inner[0], suffix)
    elif origin is tuple:
        yield from _models(inner[0], f"{suffix}[]")
    elif origin is dict:
        yield from _models(inner[1], f"{suffix}.NAME")
    elif origin in (Union, types.UnionType):
        for choice in inner:
            yield from _models(choice, suffix)


def _key(name: str, field: FieldInfo) -> Key:
    kind = ", ".join([_kind(field.annotation), *_bounds(field)])
    return Key(
        name=field.alias or name,
        kind=kind,
        default="" if field.is_required() else _yaml(field.get_default(call_default_factory=True)),
        is_required=field.is_required(),
    )


def _kind(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation == Quiet:
        return "one section, or a list of them"
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in inner)
    if origin is tuple:
        return f"list of {_many(_kind(inner[0]))}"
    if origin is dict:
        return f"names, each with a {_kind(inner[1]).removeprefix('a ')}"
    if origin in (Union, types.UnionType):
        kinds = dict.fromkeys(_kind(choice) for choice in inner if choice is not type(None))
        return " or ".join(kinds)
    return "a section"


_PLAIN: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "`true` or `false`",
    SecretStr: "a secret",
    timedelta: "a duration",
    time: "a time of day",
    Duration: "a duration",
}


def _many(kind: str) -> str:
    return {"text": "texts", "a section": "sections"}.get(kind, kind)


def _bounds(field: FieldInfo) -> Iterator[str]:
    is_list = typing.get_origin(field.annotation) is tuple
    for part in field.metadata:
        for attribute, words in _BOUNDS:
            bound = getattr(part, attribute, None)
            if bound is None or (attribute == "min_length" and not is_list):
                continue  # that a text is not empty goes without saying
            yield words.format(_shown(bound))


def _shown(value: Any) -> str:
    return _duration(value) if isinstance(value, timedelta) else str(value)


def _yaml(value: Any) -> str:
    """Return a default as one would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, BaseModel):
        return ""  # its section says
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value) or '""'


def _duration(span: timedelta) -> str:
    if not span:
        return "0s"
    for unit, letter in _UNITS:
        if span % unit == timedelta(0) and (letter != "d" or span >= _LONG):
            return f"{span // unit}{letter}"
    return f"{span.total_seconds():g}s"
