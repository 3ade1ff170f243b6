"""Calls read without Typer: as Typer reads them, or left to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from marsad.commands.app import make_app
from marsad.commands.plain import ARGUMENT, OWN, SHARED, Option, plain_call

USUAL = {
    "target": "-",
    "title": "",
    "language": None,
    "published": None,
    "json_": False,
    "explain": False,
    "jsonl": False,
}


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("match", {}),
        ("match -", {}),
        ("match a.txt", {"target": "a.txt"}),
        ("match --json a.txt --title Titre", {"target": "a.txt", "json_": True, "title": "Titre"}),
        ("match --language=ar --explain", {"language": "ar", "explain": True}),
        ("match --jsonl --published 2023-12-06", {"jsonl": True, "published": "2023-12-06"}),
        ("match --title a --title b", {"title": "b"}),
    ],
)
def test_a_plain_call_is_read_by_the_signature(words: str, changed: dict[str, object]) -> None:
    found = plain_call(words.split(), {})
    assert found is not None
    assert found[1] == USUAL | changed
    assert found[0] == {"config": Path("config.yaml"), "database": None, "verbose": False}


def test_options_of_every_command_stand_before_its_name() -> None:
    words = "-v --config x.yaml --database sqlite:///y.db match a".split()
    found = plain_call(words, {"MARSAD_CONFIG": "z.yaml"})
    assert found is not None
    assert found[0] == {"config": Path("x.yaml"), "database": "sqlite:///y.db", "verbose": True}
    found = plain_call(["match"], {"MARSAD_CONFIG": "z.yaml"})
    assert found is not None
    assert found[0]["config"] == Path("z.yaml")


@pytest.mark.parametrize(
    "words",
    [
        "match --help",
        "match -h",
        "match --no-explain",
        "match --jsn",
        "match a b",
        "match --title",
        "match --title= a",
        "match --title --json",
        "match --config x a",
        "match --json=yes",
        "match -- a",
        "--version match",
        "hits",
        "--config x.yaml crawl",
    ],
)
def test_any_other_call_is_left_to_typer(words: str) -> None:
    assert plain_call(words.split(), {}) is None


def _told(command: Any) -> dict[str, tuple[str, Any, bool, str]]:
    """Return each word of a command's options: its parameter, default, is it a flag, variable."""
    return {
        word: (p.name, p.default, bool(getattr(p, "is_flag", False)), p.envvar or "")
        for p in command.params
        for word in p.opts
        if word.startswith("-") and p.name != "help"
    }


def _read(options: Mapping[str, Option]) -> dict[str, tuple[str, Any, bool, str]]:
    return {
        word: (option.name, option.default, option.read is None, option.variable)
        for word, option in options.items()
    }


def test_the_options_are_those_of_the_signatures() -> None:
    app: Any = get_command(make_app("match"))
    match = app.commands["match"]
    assert _read(SHARED) == {w: o for w, o in _told(app).items() if "completion" not in w}
    assert _read(OWN) == _told(match)
    [argument] = [p for p in match.params if p.param_type_name == "argument"]
    assert (argument.name, argument.default) == (ARGUMENT.name, ARGUMENT.default)
