"""Every command with its arguments and options, as ``--help`` knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

from typer.main import get_command

from marsad.commands.app import make_app
from tools.reference.tables import code, table

_HEAD = """\
# Commands

Written from the program by `make docs`. `marsad COMMAND --help` says the same on a terminal.

Data goes to standard output, progress and logs to standard error. `--format json`, `jsonl`, `csv`
and `--json` write data only. What a command leaves with is in [Errors and exit codes](errors.md).
Options of every command stand before its name: `marsad --config press.yaml hits`.
"""
_EXAMPLE = re.compile(r"^Examples?: (.+)$", re.MULTILINE)


def page() -> str:
    """Return the page."""
    root = get_command(make_app())
    parts = [_HEAD, "\n## Options of every command\n\n", _options(root)]
    for name, command in _walk(root, "marsad"):
        parts.append(_section(name, command))
    return "".join(parts)


def _walk(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield each command that does something, with the words that call it."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        called = f"{path} {name}"
        if hasattr(command, "commands"):
            yield from _walk(command, called)
        else:
            yield called, command


def _section(name: str, command: Any) -> str:
    words = command.help or ""
    examples = _EXAMPLE.findall(words)
    text = _EXAMPLE.sub("", words).strip()
    parts = [f"\n## {name}\n\n{_prose(text)}\n"]
    if examples:
        parts.append("\n```sh\n" + "\n".join(examples) + "\n```\n")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    if arguments:
        rows = [
            [
                code(_argument(p)),
                p.help or "",
                "" if p.required or not p.default else code(str(p.default)),
            ]
            for p in arguments
        ]
        parts += ["\n", table(("argument", "meaning", "default"), rows)]
    options = _options(command)
    return "".join([*parts, "\n" if options else "", options])


def _prose(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(
        " ".join(p.split()).replace("{", "`{").replace("}", "}`") for p in paragraphs
    )


def _argument(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _options(command: Any) -> str:
    rows = []
    for option in command.params:
        if option.param_type_name != "option" or option.hidden or option.name == "help":
            continue
        names = ", ".join(code(n) for n in (*option.opts, *option.secondary_opts))
        rows.append([names, _kind(option), option.help or "", _default(option)])
    return table(("option", "takes", "meaning", "default"), rows) if rows else ""


def _kind(option: Any) -> str:
    if option.is_flag:
        return ""
    annotation = option.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        kind = ", ".join(code(str(member.value)) for member in annotation)
    else:
        known = {"int": "number", "float": "number", "Path": "path"}
        kind = next((words for name, words in known.items() if name in str(annotation)), "text")
    return f"{kind}; may be given again" if option.multiple else kind


def _default(option: Any) -> str:
    if option.required:
        return "*required*"
    value = option.default.value if isinstance(option.default, Enum) else option.default
    shown = "" if value is None or value is False or value in ("", [], ()) else code(str(value))
    if option.envvar:
        shown = f"{shown}, or `{option.envvar}`".removeprefix(", or ")
    return shown
