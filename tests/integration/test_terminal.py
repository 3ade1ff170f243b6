"""What a terminal gets: colours unless refused, completion, and help for every command."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from command_line import kept_process, make_run
from typer.main import get_command

from marsad import logs
from marsad.commands.app import make_app

COLOUR = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    with kept_process():
        yield


@pytest.mark.parametrize(("environment", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_logs_on_a_terminal_have_colours_unless_refused(
    environment: dict[str, str], is_coloured: bool
):
    out = Terminal()
    logs.configure(is_verbose=False, stream=out, environment=environment)
    logging.getLogger("marsad.test").warning("a source fails")
    assert "a source fails" in COLOUR.sub("", out.getvalue())
    assert bool(COLOUR.search(out.getvalue())) is is_coloured


def test_tables_have_no_colour_where_it_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = make_run(capsys, monkeypatch)("rules", "--help")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = make_run(capsys, monkeypatch)("rules", "--help")
    hue = re.compile(r"\x1b\[[\d;]*(?<!\d)(?:3[1-7]|9[0-7])[;m]")
    assert hue.search(coloured.out)
    assert not hue.search(plain.out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_is_made_for_each_shell(shell: str):
    source = {"bash": "complete_bash", "zsh": "complete_zsh", "fish": "complete_fish"}
    made = subprocess.run(
        [sys.executable, "-m", "marsad.cli"],
        env={"_MARSAD_COMPLETE": f"source_{shell}", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "marsad" in made.stdout
    assert source.get(shell, "complete_powershell") in made.stdout.replace(" ", "")


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_has_words_and_an_example():
    for path, command in commands(get_command(make_app())):
        words, example = " ".join(path), re.search(r"Examples?: (.+)", command.help or "")
        assert example, words
        assert re.match(rf"(.* )?marsad .*{path[0]}", example[1]), words
        assert len((command.help or "").splitlines()[0]) > 20, words
        for option in command.params:
            is_known = option.name in ("help", "version") or option.help
            assert is_known, (words, option.name)
