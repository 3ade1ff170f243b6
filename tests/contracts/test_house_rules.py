"""What a repository's own machinery reads: hooks and templates that name what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yaml"))
KINDS = {"textarea", "input", "dropdown", "checkboxes", "markdown"}


def test_hooks_are_local_and_call_what_the_environment_has():
    (repository,) = HOOKS["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program, *arguments = hook["entry"].split()
        assert program.startswith(".venv/bin/")
        assert all((ROOT / word).exists() for word in arguments if word.startswith("tests/"))
        re.compile(hook.get("files", ""))
    names = [hook["id"] for hook in repository["hooks"]]
    assert len(set(names)) == len(names) >= 4


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_can_be_filled(path: Path):
    form = yaml.safe_load(path.read_text("utf-8"))
    assert form["name"]
    assert form["description"]
    idents = [field["id"] for field in form["body"]]
    assert len(set(idents)) == len(idents)
    for field in form["body"]:
        assert field["type"] in KINDS
        assert field["attributes"]["label"]
        assert field["type"] != "dropdown" or len(set(field["attributes"]["options"])) > 1
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_commands_of_the_forms_and_the_request_are_there():
    text = "".join(p.read_text("utf-8") for p in (ROOT / ".github").rglob("*.*"))
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= set(targets)
    assert len(FORMS) == 3
