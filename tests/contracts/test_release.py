"""The version stands in one place, and the checks of a release and of the README see faults."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tools.readme_check import ROOT, follow, steps
from tools.release_check import version_faults

PROJECT = '[project]\nversion = "1.2.0"\n'


def test_this_tree_has_one_version_and_says_what_is_new():
    assert list(version_faults(ROOT, is_final=False)) == []
    assert version("marsad") in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("log", "code", "is_final", "fault"),
    [
        ("# C\n\n## 1.2.0 (2026-11-27)\n\n- new\n", "", True, ""),
        ("# C\n\n## 1.2.0 (unreleased)\n\n- new\n", "", False, ""),
        ("# C\n\n## 1.2.0 (unreleased)\n\n- new\n", "", True, "no date"),
        ("# C\n\n## 1.1.0 (2026-01-01)\n\n- new\n", "", False, "does not begin with 1.2.0"),
        ("# C\n\n## 1.2.0 (x)\n\n## 1.1.0\n\n- old\n", "", False, "says nothing"),
        ("# C\n\n## 1.2.0 (x)\n\n- new\n", '__version__ = "1.2.0"\n', False, "a.py states"),
    ],
)
def test_a_release_that_is_not_ready_is_told(
    tmp_path: Path, log: str, code: str, is_final: bool, fault: str
):
    (tmp_path / "pyproject.toml").write_text(PROJECT, "utf-8")
    (tmp_path / "CHANGELOG.md").write_text(log, "utf-8")
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").touch()
    (tmp_path / "room" / "a.py").write_text(code, "utf-8")
    found = "; ".join(version_faults(tmp_path, is_final=is_final))
    assert fault in found
    assert bool(found) is bool(fault)


def test_commands_of_a_readme_are_run_in_one_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = (
        "```sh\nexport NAME=amina   # kept\ntest $NAME = amina\n```\n"
        "```yaml\nno: command\n```\n```sh internet\nexit 1\n```\n```sh\nfalse\n```\n"
    )
    assert follow(text, tmp_path, {"PATH": "/usr/bin:/bin"}) == 1
    said = capsys.readouterr().out
    assert "not run  exit 1  (internet)" in said
    assert said.count("exit 1\n") == 1


def test_what_serves_is_stopped_when_it_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    command = f"{sys.executable} -uc 'import time; print(123); time.sleep(60)'"
    monkeypatch.setattr("tools.readme_check._SERVES", {command: "123", "true": "never said"})
    text = f"```sh\n{command}\ntrue\n```\n"
    assert follow(text, tmp_path, {"PATH": "/usr/bin:/bin"}) == 1  # the second never was up
    assert "exit 1" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["README.md", "README.fr.md", "README.ar.md"])
def test_each_readme_has_the_two_commands_and_the_first_hour(name: str):
    commands = [step.command for step in steps((ROOT / name).read_text("utf-8"))]
    assert commands[:2] == ["make demo", "make run"]
    assert "marsad web" in commands
    assert len(commands) >= 8
