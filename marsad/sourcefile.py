"""Sources written into config.yaml by hand's rules: what stands there, comments too, stays."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigError, MarsadError
from marsad.config import load_config

_BREAKS = re.compile(r"\r\n|\r|\n")
_WIDTH = 100


class EditError(MarsadError):
    """The file cannot be edited by a program; the message says why and what to do."""


def source_yaml(sources: Sequence[Mapping[str, Any]], indent: int = 0) -> str:
    """Return sources as the indented items of a YAML list, their keys in the order given."""
    lines: list[str] = []
    for source in sources:
        first, *rest = [line for item in source.items() for line in _key_lines(*item)]
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _key_lines(key: str, value: Any) -> list[str]:
    """Write a list in one line and everything else as a line of its own."""
    style = None if isinstance(value, list) else False
    text = yaml.safe_dump(
        {key: value}, allow_unicode=True, sort_keys=False, width=_WIDTH, default_flow_style=style
    )
    return str(text).splitlines()


def with_sources(text: str, sources: Sequence[Mapping[str, Any]]) -> str:
    """Return a configuration file's text with ``sources`` at the end of its list of them.

    Everything else stays as it stands. Raises EditError where the file is written in a way that
    leaves no place for lines of their own.
    """
    line_end = (_BREAKS.search(text) or ["\n"])[0]
    plain = _BREAKS.sub("\n", text)
    return _edited(plain, sources).replace("\n", line_end)


def _edited(text: str, sources: Sequence[Mapping[str, Any]]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return f"{_ended(text)}sources:\n{source_yaml(sources, 2)}"
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise EditError("the file is one flow mapping; add the source by hand (see --print)")
    for key, value in root.value:
        if key.value == "sources":
            return _in_list(text, key, value, sources)
    return f"{_ended(text)}\nsources:\n{source_yaml(sources, 2)}"


def _in_list(
    text: str, key: yaml.Node, value: yaml.Node, sources: Sequence[Mapping[str, Any]]
) -> str:
    if isinstance(value, yaml.SequenceNode) and not value.flow_style:
        at = _line_after(text, _last_index(value))
        head, tail = text[:at], text[at:]
        return f"{_ended(head)}{source_yaml(sources, value.start_mark.column)}{tail}"
    is_empty = isinstance(value, yaml.SequenceNode) and not value.value
    is_nothing = isinstance(value, yaml.ScalarNode) and value.tag.endswith(":null")
    if not (is_empty or is_nothing):
        raise EditError("sources is a flow list; add the source by hand (see --print)")
    start, end = key.end_mark.index, value.end_mark.index
    if value.start_mark.index == end:  # nothing is written: its place is anywhere behind
        end = text.index(":", start) + 1
    rest_at = _line_after(text, end)
    head = f"{text[:start]}:{text[end:rest_at].rstrip()}"
    return f"{head}\n{source_yaml(sources, 2)}{text[rest_at:]}"


def _last_index(node: yaml.Node) -> int:
    """Return where the last word of a block ends: its own end lies behind comments that follow."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _line_after(text: str, index: int) -> int:
    if index and text[index - 1 : index] == "\n":
        return index  # a block scalar ends behind its line
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def write_sources(
    path: Path, sources: Sequence[Mapping[str, Any]], environment: Mapping[str, str]
) -> None:
    """Add ``sources`` to the file at ``path``, whole or not at all.

    The new text is read as a configuration before it takes the old one's place. Raises EditError.
    """
    place = path.resolve()
    try:
        with place.open(encoding="utf-8", newline="") as file:
            text = file.read()
        mode = place.stat().st_mode & 0o777
        _replace(place, with_sources(text, sources), mode, environment)
    except (OSError, UnicodeDecodeError) as error:
        raise EditError(f"{path}: cannot be written: {error}") from None
    except EditError as error:
        raise EditError(f"{path}: {error}") from None


def _replace(place: Path, text: str, mode: int, environment: Mapping[str, str]) -> None:
    """Write beside the file, check, and put it in its place in one step."""
    number, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".new", dir=place.parent)
    new = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        try:
            load_config(new, environment)
        except ConfigError as error:
            first = str(error).splitlines()[0].removeprefix(f"{new}:")
            raise EditError(
                f"the result would not be valid ({first}); nothing was written"
            ) from None
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)
