"""A YAML file as plain values, with the place of every key, and ``${NAME}`` filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigError, Fault

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LEFTOVER = re.compile(r"\$\{[^}]*\}?")

_DEEPEST = 12
_LARGEST = 100_000  # values

KeyPath = tuple[str | int, ...]


@dataclass(slots=True)
class YamlFile:
    """The values of a file and where each stands. Places count from 1."""

    path: Path
    value: Any
    places: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)  # that leave the rest readable
    filled: dict[str, str] = field(default_factory=dict)  # by value: the variable it came from

    def fault(self, path: KeyPath, message: str) -> Fault:
        """Return a fault at ``path``, or at its nearest ancestor that has a place."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        for value, name in self.filled.items():  # a secret may stand where none belongs
            message = message.replace(value, f"${{{name}}}")
        return Fault(
            file=str(self.path), line=line, column=column, path=dotted(path), message=message
        )


def dotted(path: KeyPath) -> str:
    """Write a key path as people do: ``alerts.routes[0].channels``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def load(path: Path, environment: Mapping[str, str]) -> YamlFile:
    """Read ``path``. Raises ConfigError when it is no YAML.

    Repeated keys, missing variables and the like are left in ``faults``, so that a caller can
    tell them with its own.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
    except FileNotFoundError:
        raise ConfigError([_fault(path, "no such file; name one with --config")]) from None
    except OSError as error:
        raise ConfigError([_fault(path, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError([_fault(path, "is no UTF-8 text")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark else None
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise ConfigError([_fault(path, f"is no YAML: {problem}", place)]) from None
    file = YamlFile(path, None)
    if node is not None:
        file.value = _Reader(file, environment).read(node, ())
    if file.value is None:  # nothing, or comments only
        file.value = {}
    return file


def _fault(path: Path, message: str, place: tuple[int, int] | None = None) -> Fault:
    line, column = place or (None, None)
    return Fault(file=str(path), line=line, column=column, path="", message=message)


class _Reader:
    def __init__(self, file: YamlFile, environment: Mapping[str, str]) -> None:
        self._file = file
        self._environment = environment
        self._construct = yaml.SafeLoader("")
        self._left = _LARGEST

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        self._file.places.setdefault(path, _place(node))
        self._left -= 1
        if len(path) > _DEEPEST or self._left < 0:
            # Aliases can hold themselves, or each other ten times over.
            raise ConfigError([self._file.fault(path[:3], "is nested too deep or too large")])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, i)) for i, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _fault(self, path: KeyPath, message: str) -> None:
        self._file.faults.append(self._file.fault(path, message))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._file.places[(*path, "?")] = _place(key_node)
                self._fault((*path, "?"), "a key must be a word")
                continue
            key = str(key_node.value)
            place = (*path, key)
            if key in result:
                self._file.places[place] = _place(key_node)
                self._fault(place, "stands twice")
                continue
            self._file.places[place] = _place(key_node)
            result[key] = self.read(value, place)
        return result

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        text = str(node.value)
        if "${" not in text:
            return self._value(node, path)
        filled = _VARIABLE.sub(lambda m: self._variable(m[1], path), text)
        leftover = _LEFTOVER.search(_VARIABLE.sub("", text))
        if leftover:
            self._fault(path, f"{leftover[0]!r} is no variable: ${{NAME}}")
        return filled

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        try:
            return self._construct.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError):
            kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
            self._fault(path, f"{node.value!r} cannot be read as {kind}")
            return None

    def _variable(self, name: str, path: KeyPath) -> str:
        value = self._environment.get(name)
        if value is None:
            self._fault(path, f"environment variable {name} is not set")
            return ""
        if len(value) > 3:  # shorter ones are parts of words
            self._file.filled[value] = name
        return value


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
