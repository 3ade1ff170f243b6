"""Every command that the documentation shows is taken by marsad, and is run where it can be."""

from __future__ import annotations

import gzip
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, make_run
from documentation import ROOT, blocks, calls, inline_commands, shell_lines
from typer.main import get_command
from web_stage import arabic, filing, fill

from marsad.commands.app import make_app

DOCS = ROOT / "docs"
TUTORIAL = DOCS / "tutorial.md"
PAGES = sorted((*ROOT.glob("*.md"), *DOCS.rglob("*.md")))
SHELL = {
    page: [line for block in blocks(page) if block.language == "sh" for line in shell_lines(block)]
    for page in PAGES
}
ELSEWHERE = {  # what serves, waits, or asks the internet, and the test that runs it
    "run": "test_a_hit_is_stored_and_told_by_mail_and_slack",
    "worker": "test_two_workers_share_hosts_and_tell_once",
    "cluster status": "test_two_workers_share_hosts_and_tell_once",
    "web": "test_the_command_serves_until_it_is_stopped",
    "crawl": "test_one_pass_prints_a_table_and_delivers",
    "demo": "test_succeeds_in_time_and_quietly",
    "backfill": "test_the_command_files_what_it_finds_and_tells_only_what_is_fresh",
    "sources add": "test_a_feed_that_the_page_announces_is_added_and_the_file_stays_as_it_was",
    "sources check": "test_a_source_is_checked_and_nothing_is_kept_or_told",
    "evaluate": "test_evaluate_counts",
}
ELSE = {  # programs of others: their syntax is looked at, no more
    *("bash", "createdb", "createuser", "curl", "docker", "export", "git", "install"),
    *("journalctl", "kill", "litestream", "openssl", "pg_restore", "pre-commit", "promtool"),
    *("psql", "source", "systemctl", "unset", "useradd"),
}
STANDS_FOR = {  # numbers and names of the pages, and what they are in the store below
    **{"42": "1", "17": "1", "1204": "1", "1205": "2", "3": "1", "my-rule.yaml": "my_rule.yaml"},
    **{"ID": "1", "CHANNEL": "desk-mail", "DATE": "2024-01-01", "SOURCE": "tsa", "URL": "u"},
}
CONFIG = """
database: sqlite:///marsad.db
crawler: {include: []}
sources:
- {id: tsa, name: TSA, url: 'https://tsa.example/', language: fr, country: DZ,
   feeds: ['https://tsa.example/feed']}
- {id: awras, name: Awras, url: 'https://awras.example/', language: ar, country: DZ,
   feeds: ['https://awras.example/feed']}
rules: [defence-cooperation]
alerts:
  channels: {desk-mail: {type: console}, desk-slack: {type: console}}
  routes: [{channels: [desk-mail]}]
"""
OPML = (
    '<opml version="2.0"><body><outline type="rss" xmlUrl="https://far.example/f"/></body></opml>'
)
ARTICLE = '{"text": "Il fait beau à Tipaza.", "url": "https://tsa.example/9", "outlet": "tsa"}\n'
RULE = "id: mine\nrequire: '@dz'\nexamples: {must: [L'Algérie], must_not: [La Tunisie]}\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages speak of: a store with hits, articles, feeds, a rule."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    (folder / "press.yaml").write_text(CONFIG, "utf-8")
    (folder / "article.html").write_text("<p>Il fait beau à Tipaza depuis lundi.</p>", "utf-8")
    (folder / "marsad-demo").mkdir()
    (folder / "marsad-demo" / "page.html").write_text("<p>Il fait beau à Tipaza.</p>", "utf-8")
    (folder / "archive.jsonl.gz").write_bytes(gzip.compress(ARTICLE.encode()))
    (folder / "feeds.opml").write_text(OPML, "utf-8")
    (folder / "my_rule.yaml").write_text(RULE, "utf-8")
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    fill(folder / "config.yaml", [filing(1, now), filing(2, now), arabic(3, now)])
    return folder


@pytest.fixture
def folder(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied = shutil.copytree(desk, tmp_path / "desk")
    monkeypatch.chdir(copied)
    for name in ("MARSAD_CONFIG", "MARSAD_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    return copied


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return make_run(capsys, monkeypatch)


def words_of(line: str) -> list[str]:
    """Return the arguments of a call of marsad, made to fit the store above."""
    words = shlex.split(line.partition(">")[0])[1:]
    return [STANDS_FOR.get(word, word) for word in words]


def is_elsewhere(words: list[str]) -> bool:
    called = re.sub(r"--(config|database) \S+ ", "", " ".join(words))
    return any(called == known or called.startswith(f"{known} ") for known in ELSEWHERE)


def parse(words: list[str]) -> None:
    """Have the program read the arguments without doing anything. Raises what it would say."""
    command: Any = get_command(make_app())
    context = command.make_context("marsad", list(words))
    rest = [*context._protected_args, *context.args]
    while rest and hasattr(command, "commands"):
        command = command.commands[rest[0]]
        context = command.make_context(rest[0], rest[1:], parent=context)
        rest = [*getattr(context, "_protected_args", []), *context.args]


def attempt(run: Run, folder: Path, line: str) -> str:
    """Run a line of a page, or have it looked at; return what went wrong."""
    program = line.split(maxsplit=1)[0]
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        return "" if line.split()[1] in targets else "no such target"
    if "python" in program or program in ELSE:
        named = [word for word in line.split() if re.match(r"(tests|deploy|docs)/", word)]
        gone = [name for name in named if not (ROOT / name).exists()]
        looked = subprocess.run(["bash", "-n", "-c", line], capture_output=True, check=False)
        return f"no {gone}" if gone else looked.stderr.decode()
    if program != "marsad":
        return "no program that this test knows"
    words = words_of(line)
    if words[0].endswith("-completion"):
        return ""  # test_completion_is_made_for_each_shell
    if is_elsewhere(words):
        parse(words)
        return ""
    ran = run(*words)
    target = line.partition(">")[2].strip()
    if target:
        (folder / target).write_text(ran.out, "utf-8")
    return "" if ran.code == 0 else f"exit {ran.code}: {ran.err}"


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if SHELL[page] and page.name != "postgresql.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_a_page_work(run: Run, folder: Path, page: Path):
    lines = dict.fromkeys(line for line in SHELL[page] if not re.match(r"\d", line))  # no crontab
    went_wrong = {line: attempt(run, folder, line) for line in lines}
    assert {line: why for line, why in went_wrong.items() if why} == {}


@pytest.mark.postgres
def test_the_way_to_postgresql_takes_every_article(
    run: Run, folder: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MARSAD_DATABASE", postgres_url)
    lines = SHELL[DOCS / "postgresql.md"]
    went_wrong = {line: attempt(run, folder, line) for line in lines[:-2]}
    assert {line: why for line, why in went_wrong.items() if why} == {}
    counted = [run(*words_of(line), "--format", "csv").out for line in lines[-2:]]
    assert counted == ["articles\n3\n"] * 2
    stories = run("sql", "SELECT count(*) AS stories FROM v_stories", "--format", "csv")
    assert stories.out != "stories\n0\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_text_are_ones_that_marsad_takes(page: Path):
    shown = [line for line in inline_commands(page) if "..." not in line]
    wrong = {line: complaint(words_of(re.sub(r"[\[\]]", "", line))) for line in shown}
    assert {line: why for line, why in wrong.items() if why} == {}


def complaint(words: list[str]) -> str:
    """Return what the program says of a call; nothing of one that is named and no more."""
    if is_incomplete(words):
        return ""
    try:
        parse(words)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what a reader would see
        return "" if type(error).__name__ == "MissingParameter" else str(error)
    return ""


def is_incomplete(words: list[str]) -> bool:
    """Whether a call is named and no more: `marsad db prune`, `marsad hits --story`."""
    named = [word for word in words if not word.startswith("-")]
    return len(words) <= 2 and (len(words) == len(named) or words[-1].startswith("--"))


def test_what_is_run_elsewhere_is_run_there():
    sources = "\n".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    for name in {*ELSEWHERE.values(), "test_completion_is_made_for_each_shell"}:
        assert f"def {name}(" in sources, name


def test_the_tutorial_says_what_one_sees(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    seen = 0
    for block in blocks(TUTORIAL):
        if block.file:
            (tmp_path / block.file).write_text(block.body, "utf-8")
        elif block.language == "console":
            for command, lines in calls(block):
                words = shlex.split(command)[1:]
                if not is_elsewhere(words):
                    expect(run(*words), lines)
                    seen += 1
    assert seen > 12


def expect(ran: Any, lines: list[str]) -> None:
    """Assert that the lines were printed, in their order."""
    assert ran.code == 0, ran
    said, position = f"{ran.out}\n{ran.err}", 0
    for line in lines:
        position = said.find(line, position)
        assert position >= 0, f"{line!r} does not come in its order in:\n{said}"
