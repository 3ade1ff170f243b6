"""docs/rules.md: every rule in it loads and does what its page says, every command is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from command_line import Run, make_run
from documentation import Block, blocks, calls

from matcher.judge import LEXICON, Matcher
from matcher.lexicon import Lexicon, load_lexicon

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
_INVISIBLE = str.maketrans("", "", "\u2067\u2069")


BLOCKS = blocks(PAGE)
FILES = [b for b in BLOCKS if b.file]
RULES = [b for b in FILES if b.body.startswith("id:") and b.file != "broken.yaml"]
CALLS = [call for b in BLOCKS if b.language == "console" for call in calls(b)]
QUERIES = [q for b in BLOCKS if b.language == "query" for q in b.body.splitlines()]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon(LEXICON)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for block in FILES:
        (tmp_path / block.file).write_text(block.body, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return make_run(capsys, monkeypatch)


def test_the_page_has_what_this_reads() -> None:
    assert len(RULES) == 3
    assert len(QUERIES) >= 10
    assert len(CALLS) >= 7
    known = {"yaml", "query", "console", "text"}
    assert {b.language for b in BLOCKS} == known
    assert PAGE.read_text(encoding="utf-8").count("```") == 2 * len(BLOCKS)


@pytest.mark.parametrize("block", RULES, ids=lambda b: b.file)
def test_each_rule_of_the_page_holds_on_its_examples(folder: Path, run: Run, block: Block) -> None:
    ran = run("rules", "test", block.file)
    assert ran.code == 0, ran.err
    found = re.search(r"(\d+) of (\d+) examples", ran.out)
    assert found
    assert found[1] == found[2] != "0"


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_of_the_page_can_be_asked(tmp_path: Path, lexicon: Lexicon, query: str) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(f"id: r\nrequire: |\n  {query}\n", "utf-8")
    (compiled,) = Matcher.load([rule], lexicon).rules
    assert compiled.require.required()


@pytest.mark.parametrize(("command", "lines"), CALLS, ids=[c for c, _ in CALLS])
def test_each_command_prints_what_the_page_says(
    folder: Path, run: Run, command: str, lines: list[str]
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "marsad"
    if "miss.txt" in arguments:  # section 4 speaks of the rule above it
        (folder / "config.yaml").write_text("rules: [weighed.yaml]\n", "utf-8")
    ran = run(*arguments)
    said = f"{ran.out}\n{ran.err}".translate(_INVISIBLE)
    position = 0
    for line in lines:
        position = said.find(line, position)
        assert position >= 0, f"{line!r} does not come in its order in:\n{said}"
    assert ran.code == (2 if ran.err else 0)


def test_the_lexicon_of_the_page_loads(tmp_path: Path) -> None:
    (block,) = [b for b in BLOCKS if b.info == "lexicon"]
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon" / "fishing.yaml").write_text(block.body, "utf-8")
    found = load_lexicon(tmp_path / "lexicon")
    assert "gfcm" in found.entities
    assert {f.language for f in found.forms if f.concept == "#fishing"} == {"fr", "ar", "en"}


@pytest.mark.parametrize("name", ["HEAD:", "BEFORE", "DISTINCT", "@its", "?"])
def test_the_page_teaches_every_operator(name: str) -> None:
    assert name in PAGE.read_text(encoding="utf-8")
