"""Calls told from a command's signature: as Typer tells them, or left to Typer."""

from __future__ import annotations

from pathlib import Path

import pytest

from marsad.cli import root
from marsad.commands.judge import match
from marsad.commands.plain import plain_call

OWN = {
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
    found = plain_call(root, match, words.split(), {})
    assert found is not None
    assert found[1] == OWN | changed
    assert found[0] == {"config": Path("config.yaml"), "database": None, "verbose": False}


def test_options_of_every_command_stand_before_its_name() -> None:
    words = "-v --config x.yaml --database sqlite:///y.db match a".split()
    found = plain_call(root, match, words, {"MARSAD_CONFIG": "z.yaml"})
    assert found is not None
    assert found[0] == {"config": Path("x.yaml"), "database": "sqlite:///y.db", "verbose": True}
    found = plain_call(root, match, ["match"], {"MARSAD_CONFIG": "z.yaml"})
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
    ],
)
def test_any_other_call_is_left_to_typer(words: str) -> None:
    assert plain_call(root, match, words.split(), {}) is None
