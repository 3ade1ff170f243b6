"""YAML read with places: every mistake is told with its file, line and column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from domain.errors import ConfigError, Fault, nearest

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\Z", re.ASCII)


@dataclass(slots=True)
class Faults:
    """Collects every fault of a set of files, so that a person sees all of them at once."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, node: yaml.Node | None, path: str, message: str) -> None:
        """Record ``message`` at the place of ``node``."""
        mark = node.start_mark if node is not None else None
        self.found.append(
            Fault(
                file=file,
                line=mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
                path=path,
                message=message,
            )
        )

    def raise_if_any(self) -> None:
        """Raise ConfigError when anything was recorded."""
        if self.found:
            raise ConfigError(self.found)


@dataclass(frozen=True, slots=True)
class Reader:
    """A YAML node with the file it stands in and the path to it."""

    file: str
    node: yaml.Node
    path: str
    faults: Faults

    def fault(self, message: str) -> None:
        """Record a fault at this node."""
        self.faults.add(self.file, self.node, self.path, message)

    @property
    def is_list(self) -> bool:
        """Whether the node is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        """Whether the node is a mapping."""
        return isinstance(self.node, yaml.MappingNode)

    def text(self) -> str | None:
        """Return a scalar as written; record a fault and return None for anything else."""
        if isinstance(self.node, yaml.ScalarNode):
            return str(self.node.value)
        self.fault("must be one value")
        return None

    def number(self) -> float | None:
        """Return a scalar as a finite number, as people write one: 2, -0.5, 1e-3."""
        value = self.text()
        if value is None:
            return None
        is_quoted = getattr(self.node, "style", None) in ("'", '"')
        number = float(value) if _NUMBER.match(value) and not is_quoted else None
        if number is None or not math.isfinite(number):
            self.fault(f"must be a number, not {value!r}")
            return None
        return number

    def truth(self) -> bool | None:
        """Return a scalar as true or false."""
        value = self.text()
        if value is not None and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if value is not None:
            self.fault(f"must be true or false, not {value!r}")
        return None

    def items(self) -> Iterator[Reader]:
        """Iterate over a list; record a fault when the node is none."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fault("must be a list")
            return
        for index, child in enumerate(self.node.value):
            yield Reader(self.file, child, f"{self.path}[{index}]", self.faults)

    def texts(self) -> tuple[str, ...]:
        """Return a list of scalars."""
        values = (item.text() for item in self.items())
        return tuple(v for v in values if v is not None)

    def mapping(self, known: Iterable[str] | None = None) -> dict[str, Reader]:
        """Return a mapping's values by key; unknown and repeated keys are faults."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fault("must be a mapping")
            return {}
        allowed = None if known is None else list(known)
        result: dict[str, Reader] = {}
        for key_node, value in self.node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.add(self.file, key_node, self.path, "a key must be a word")
                continue
            key = str(key_node.value)
            path = f"{self.path}.{key}" if self.path else key
            if key in result:
                self.faults.add(self.file, key_node, path, "stands twice")
            elif allowed is not None and key not in allowed:
                self.faults.add(self.file, key_node, path, f"unknown key{nearest(key, allowed)}")
            else:
                result[key] = Reader(self.file, value, path, self.faults)
        return result


def read(path: Path, faults: Faults, *, largest: int | None = None) -> Reader | None:
    """Parse ``path``; a file that cannot be read or parsed is a fault and None.

    ``largest`` is how many bytes it may have.
    """
    text = _decoded(path, faults, largest)
    if text is None:
        return None
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        faults.found.append(_no_yaml(str(path), text, error))
        return None
    except RecursionError:
        faults.found.append(_fault(str(path), 1, 1, "is nested too deep"))
        return None
    if node is None:
        faults.found.append(_fault(str(path), 1, 1, "is empty"))
        return None
    return Reader(str(path), node, "", faults)


def lines_of(text: str) -> list[str]:
    """Return the lines of a file as YAML's marks count them: it knows more ends than ``\\n``."""
    return _LINE_END.split(text)


def _decoded(path: Path, faults: Faults, largest: int | None) -> str | None:
    name = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        faults.add(name, None, "", f"cannot be read: {error.strerror or error}")
        return None
    if largest is not None and len(data) > largest:
        message = f"is {len(data) / 2**20:.1f} MB: a rule file has at most {largest / 2**20:g} MB"
        faults.found.append(_fault(name, 1, 1, message))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        faults.found.append(_fault(name, line, column, "is no UTF-8 text: save it as UTF-8"))
        return None


def _no_yaml(name: str, text: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line, mark.column) if mark else (0, 0)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    lines = [*lines_of(text), ""]  # what the end of a file breaks may stand a line below it
    found = lines[line][column : column + 1] if mark else ""
    if found == "\t":
        problem = "a tab stands where YAML wants spaces"
    elif found in "@`%" and found:
        problem = f"nothing begins with {found!r}: put it between quotation marks"
    elif problem == "special characters are not allowed":
        problem = "a control character"
    return _fault(name, line + 1, column + 1, f"is no YAML: {problem}")


def _fault(name: str, line: int, column: int, message: str) -> Fault:
    return Fault(file=name, line=line, column=column, path="", message=message)
