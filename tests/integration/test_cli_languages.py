"""Terminals in French, Arabic and English: nothing untranslated, and data the same everywhere."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from command_line import Run, make_run

from marsad.commands.saying import TRANSLATED, language_of, load_words

COMMANDS = Path(__file__).resolve().parents[2] / "marsad" / "commands"
TEXT = "Les marines algérienne et italienne préparent un exercice naval conjoint."
TREES = [ast.parse(path.read_text("utf-8")) for path in sorted(COMMANDS.glob("*.py"))]
LITERALS = {
    node.value
    for tree in TREES
    for node in ast.walk(tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}
SAID = {
    node.args[0].value
    for tree in TREES
    for node in ast.walk(tree)
    if isinstance(node, ast.Call)
    and isinstance(node.func, ast.Name)
    and node.func.id == "say"
    and isinstance(node.args[0], ast.Constant)
}


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "note.txt").write_text(TEXT, "utf-8")
    monkeypatch.chdir(tmp_path)
    return make_run(capsys, monkeypatch)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_with_its_values(language: str):
    words = load_words(language)
    assert len(SAID) > 15
    assert set(words) >= SAID
    assert set(words) <= LITERALS, "words that nobody says"
    for message, translated in words.items():
        assert set(re.findall(r"{\w+}", message)) == set(re.findall(r"{\w+}", translated))
        assert translated.strip()
    assert language == "fr" or all(re.search("[\u0600-\u06ff]", t) for t in words.values())


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "ar_DZ.UTF-8"}, "ar"),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "it:ar:fr"}, "ar"),
        ({"LANG": "C", "LANGUAGE": "fr"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "", "LC_ALL": ""}, "en"),
    ],
)
def test_the_locale_says_which(environment: dict[str, str], language: str):
    assert language_of(environment) == language


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("fr_DZ.UTF-8", ("seuil", "partenaires", "Italie (IT)", "exercice")),
        ("ar_DZ.UTF-8", ("العتبة", "الشركاء", "إيطاليا", "تمرين")),
        ("C.UTF-8", ("threshold", "partners      IT", "exercise")),
    ],
)
def test_a_verdict_is_told_in_the_terminals_language(
    run: Run, monkeypatch: pytest.MonkeyPatch, locale: str, words: tuple[str, ...]
):
    monkeypatch.setenv("LC_ALL", locale)
    shown = run("match", "note.txt").out
    assert [word for word in words if word not in shown] == []
    verdict = json.loads(run("match", "note.txt", "--json").out)
    assert verdict["matches"][0]["partners"] == ["IT"]
