"""``match`` called in the plainest way, read without Typer.

To import Typer, and what it draws with, takes longer than to judge an article. A call that
names known options with their values needs none of it; any other one (help, an abbreviation, a
mistake) is Typer's, as is every other command. The options here are those of the signatures in
``marsad/commands``: tests/unit/test_plain_calls.py holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_CONFIG = Path("config.yaml")
COMMAND = "match"


@dataclass(frozen=True, slots=True)
class Option:
    """An option by the parameter that takes it. ``read`` is None for a flag."""

    name: str
    default: object
    read: Callable[[str], object] | None = None
    variable: str = ""  # of the environment, that says it where the call does not


_VERBOSE = Option("verbose", default=False)
SHARED = {
    "--config": Option("config", DEFAULT_CONFIG, Path, "MARSAD_CONFIG"),
    "--database": Option("database", None, str, "MARSAD_DATABASE"),
    "-v": _VERBOSE,
    "--verbose": _VERBOSE,
}
OWN = {
    "--title": Option("title", "", str),
    "--language": Option("language", None, str),
    "--published": Option("published", None, str),
    "--json": Option("json_", default=False),
    "--explain": Option("explain", default=False),
    "--jsonl": Option("jsonl", default=False),
}
ARGUMENT = Option("target", "-", str)


class _NotPlain(Exception):  # noqa: N818 - no error: another reader's turn
    """The call is one for Typer."""


def plain_call(
    words: Sequence[str], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return what every command is told and what ``match`` is; None where the call is not plain."""
    try:
        rest = iter(words)
        shared = _values(SHARED, environment)
        if _take(rest, SHARED, shared) != COMMAND:
            return None
        own = _values(OWN, environment) | {ARGUMENT.name: ARGUMENT.default}
        targets = []
        while (word := _take(rest, OWN, own)) is not None:
            targets.append(_value(ARGUMENT, word))
    except _NotPlain:
        return None
    if len(targets) > 1:
        return None
    return shared, own | ({ARGUMENT.name: targets[0]} if targets else {})


def _values(options: Mapping[str, Option], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return each parameter's value as long as the call says nothing."""
    found: dict[str, Any] = {}
    for option in options.values():
        said = environment.get(option.variable) if option.variable else None
        found[option.name] = _value(option, said) if said else option.default
    return found


def _take(
    words: Iterator[str], options: Mapping[str, Option], values: dict[str, Any]
) -> str | None:
    """Read ``words`` into ``values`` up to the first that is no option; return it, None at the end.

    Raises _NotPlain for anything but known options with their values.
    """
    for word in words:
        if word == "-" or not word.startswith("-"):
            return word
        spelled, is_joined, value = word.partition("=")
        option = options.get(spelled)
        if option is None or (option.read is None and is_joined):
            raise _NotPlain
        if option.read is None:
            values[option.name] = True
        else:
            values[option.name] = _value(option, value if is_joined else next(words, ""))
    return None


def _value(option: Option, word: str) -> object:
    if option.read is None or (word.startswith("-") and len(word) > 1) or not word:
        raise _NotPlain
    return option.read(word)
