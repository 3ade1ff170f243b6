"""``match --explain``: the text marked for readers of both directions, the rule as a tree."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from domain.article import Document
from marsad.commands.explaining import show_explanation
from matcher.judge import LEXICON, Matcher
from matcher.lexicon import load_lexicon

RULE = """
id: fish
title: Fisheries with a partner
define: {fishing: '"accord de pêche" OR "الصيد البحري" OR fisher*'}
require: '$fishing'
bias: -2
clauses:
- {name: both in one sentence, when: 'SENTENCE(@dz AND @foreign AND $fishing)', weight: 2.5}
- {name: title says so, when: 'TITLE:$fishing', weight: 0.9}
- {name: sport, when: '#sport', weight: -3}
"""
FRENCH = "L'Algérie et l'Italie ont un accord de pêche, « الصيد البحري » en arabe."
ARABIC = "وقعت الجزائر وإيطاليا اتفاقا في مجال الصيد البحري."


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    rule = tmp_path_factory.mktemp("explain") / "fish.yaml"
    rule.write_text(RULE, "utf-8")
    return Matcher.load([rule], load_lexicon(LEXICON))


def shown(matcher: Matcher, text: str, *, title: str = "", width: int = 100, **more: object) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, _environ={}, **more)  # type: ignore[arg-type]
    show_explanation(console, matcher.explain(Document(text=text, title=title)))
    return out.getvalue()


def test_without_colour_brackets_mark_the_proof(matcher: Matcher) -> None:
    out = shown(matcher, FRENCH)
    assert "L'⟦Algérie⟧ et l'⟦Italie⟧ ont un ⟦accord de pêche⟧" in out
    assert "\x1b" not in out


def test_no_color_is_respected(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    environment = {"NO_COLOR": "1", "TERM": "xterm-256color"}
    console = Console(file=out, width=100, force_terminal=True, _environ=environment)
    show_explanation(console, matcher.explain(Document(text=FRENCH)))
    assert "⟦" in out.getvalue()
    assert not re.search(r"\x1b\[[\d;]*[34]\d", out.getvalue()), "a colour was set"


def test_colour_marks_without_brackets(matcher: Matcher) -> None:
    out = shown(matcher, FRENCH, force_terminal=True, color_system="standard")
    assert "⟦" not in out
    assert "\x1b[" in out


def test_arabic_in_a_latin_line_is_isolated_as_one_run(matcher: Matcher) -> None:
    row = next(line for line in shown(matcher, FRENCH).splitlines() if "ont un" in line)
    assert row.count("\u2067") == row.count("\u2069") == 1
    run = row[row.index("\u2067") + 1 : row.index("\u2069")]
    assert run.replace("⟦", "").replace("⟧", "").strip() == "الصيد البحري"


@pytest.mark.parametrize("width", [20, 40, 100])
def test_each_row_of_an_arabic_text_is_isolated_by_itself(matcher: Matcher, width: int) -> None:
    out = shown(matcher, ARABIC, width=width)
    rows = [r for r in out.splitlines() if re.search("[\u0600-\u06ff]", r)]
    assert rows
    for row in rows:
        assert row.count("\u2067") == row.count("\u2069") >= 1, row
        assert not re.search("[\u0600-\u06ff]", re.sub("\u2067[^\u2069]*\u2069", "", row)), row


def test_the_tree_says_what_held_where_and_what_it_added(matcher: Matcher) -> None:
    out = shown(matcher, f"Rien. {FRENCH}")
    assert "fish matches" in out
    assert "-2.00 to begin with" in out
    assert "+2.50 both in one sentence" in out
    assert "✓ SENTENCE sentence 2" in out
    assert "✓ @foreign Italie (sentence 2)" in out
    assert "+0.50 in all; the threshold takes +0.00" in out
    assert "+0.90 title says so: lacks $fishing" in out


def test_a_near_miss_says_what_would_have_carried_it(matcher: Matcher) -> None:
    out = " ".join(shown(matcher, "Un accord de pêche.", title="Accord de pêche").split())
    assert "is far from it" not in out
    assert "came close: +1.10 is missing" in out
    assert "+2.50 both in one sentence: lacks @dz, @foreign" in out


def test_what_counted_against_a_near_miss_is_told(matcher: Matcher) -> None:
    out = shown(matcher, f"{FRENCH} Le championnat de football.")
    if "fish matches" in out:
        pytest.fail("the lexicon has no sport any more: choose another word")
    assert "or without what counted against it:\n  -3.00 sport" in out


def test_a_text_without_what_is_required(matcher: Matcher) -> None:
    assert "missing: $fishing" in shown(matcher, "Il fait beau.")


def test_nothing_of_a_text_steers_the_terminal(matcher: Matcher) -> None:
    assert "\x1b" not in shown(matcher, f"\x1b]0;owned\x07{FRENCH}\x1b[2J", title="\x1b[31m")


def test_the_command_explains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from marsad.cli import main  # noqa: PLC0415 - the command line as a process has it

    (tmp_path / "fish.yaml").write_text(RULE, "utf-8")
    (tmp_path / "config.yaml").write_text("rules: [fish.yaml]\n", "utf-8")
    (tmp_path / "a.txt").write_text(ARABIC, "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["match", "a.txt", "--explain"])
    assert not left.value.code
    assert "fish matches" in capsys.readouterr().out


def test_a_reader_that_had_enough_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    command = [Path(sys.executable).parent / "marsad", "match", path, "--explain"]
    text = "Alger et Moscou ont signé un accord de coopération militaire. "
    path.write_text(text * 10_000, encoding="utf-8")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0
