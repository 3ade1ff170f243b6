"""YAML read with places: every mistake is told with its file, line and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from domain.errors import ConfigError, Fault, nearest

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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

    def text(self) -> str | None:
        """Return a scalar as written; record a fault and return None for anything else."""
        if isinstance(self.node, yaml.ScalarNode):
            return str(self.node.value)
        self.fault("must be one value")
        return None

    def number(self) -> float | None:
        """Return a scalar as a number."""
        value = self.text()
        if value is None:
            return None
        try:
            return float(value)
        except ValueError:
            self.fault(f"must be a number, not {value!r}")
            return None

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
            key = str(key_node.value)
            path = f"{self.path}.{key}" if self.path else key
            if key in result:
                self.faults.add(self.file, key_node, path, "stands twice")
            elif allowed is not None and key not in allowed:
                self.faults.add(self.file, key_node, path, f"unknown key{nearest(key, allowed)}")
            else:
                result[key] = Reader(self.file, value, path, self.faults)
        return result


def read(path: Path, faults: Faults) -> Reader | None:
    """Parse ``path``; a file that cannot be read or parsed is a fault and None."""
    name = str(path)
    try:
        with path.open(encoding="utf-8") as stream:
            node = yaml.compose(stream, Loader=_Loader)
    except OSError as error:
        faults.add(name, None, "", f"cannot be read: {error.strerror or error}")
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        faults.found.append(
            Fault(
                file=name,
                line=mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
                path="",
                message=f"is no YAML: {problem}",
            )
        )
        return None
    if node is None:
        faults.add(name, None, "", "is empty")
        return None
    return Reader(name, node, "", faults)
