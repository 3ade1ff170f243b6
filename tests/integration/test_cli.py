"""The commands as a person and a script use them: output, errors, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from command_line import Run, make_run, one_line

from domain.article import Article
from domain.filing import Filing
from domain.match import Evidence, Match
from domain.notice import Mode, PlannedDelivery
from domain.source import Source
from marsad.folding import MatcherFolding
from storage.store import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEXT = (
    "Le général d'armée Saïd Chanegriha a reçu à Alger l'amiral Giuseppe Cavo Dragone, chef "
    "d'état-major de la défense italienne, pour renforcer la coopération militaire bilatérale."
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MARSAD_CONFIG", raising=False)
    monkeypatch.delenv("MARSAD_DATABASE", raising=False)
    config = {
        "database": "sqlite:///press.db",
        "crawler": {"include": []},
        "sources": [
            {
                "id": "tell",
                "name": "Courrier du Tell",
                "url": "https://tell.example/",
                "language": "fr",
                "country": "DZ",
                "feeds": ["https://tell.example/feed"],
            }
        ],
        "alerts": {
            "channels": {"console": {"type": "console"}},
            "routes": [{"channels": ["console"]}],
        },
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    return tmp_path


@pytest.fixture
def stored(folder: Path) -> Path:
    source = Source(
        id="tell", name="Courrier du Tell", url="https://tell.example/", language="fr", country="DZ"
    )
    match = Match(
        rule="defence-cooperation",
        score=0.9,
        threshold=0.5,
        partners=("IT",),
        activities=("visit",),
        evidence=(Evidence(start=0, end=2, text="Le", field="text", concept="#x"),),
    )
    article = Article(
        url="https://tell.example/1",
        source_id="tell",
        title="=SUM(A1) Chanegriha reçoit",
        text=TEXT,
        language="fr",
        first_seen=NOW,
        published_at=NOW,
    )
    delivery = PlannedDelivery(channel="console", mode=Mode.IMMEDIATE, due_at=NOW)
    with Store.open(f"sqlite:///{folder / 'press.db'}", folding=MatcherFolding()) as store:
        store.sync_sources([source], NOW)
        filing = Filing(article=article, matches=(match,), deliveries=(delivery,))
        store.file([filing], None, NOW)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return make_run(capsys, monkeypatch)


def test_match_as_json_is_the_public_verdict(folder: Path, run) -> None:
    (folder / "a.txt").write_text(TEXT, "utf-8")
    ran = run("match", "a.txt", "--published", "2026-11-20", "--json", "--title", "Alger-Rome")
    verdict = json.loads(ran.out)
    assert ran.code == 0
    assert set(verdict) == {"id", "language", "matched", "matches"}
    assert verdict["matched"] is True
    match = verdict["matches"][0]
    assert set(match) == {
        *("rule", "score", "threshold", "partners", "activities", "persons", "organisations"),
        *("equipment", "places", "dates", "evidence"),
    }
    assert match["partners"] == ["IT"]
    fields = {"text": TEXT, "title": "Alger-Rome"}
    for e in match["evidence"]:
        assert fields[e["field"]][e["start"] : e["end"]] == e["text"]


def test_match_shows_and_explains(folder: Path, run) -> None:
    page = f"<html><head><title>Alger</title></head><body><article><p>{TEXT}</p></article></body>"
    (folder / "a.html").write_text(page, "utf-8")
    shown = run("match", "a.html")
    assert "defence-cooperation" in shown.out
    assert "partners" in shown.out
    explained = run("match", "a.html", "--explain")
    assert "requires what is there" in explained.out
    assert "did not hold" in explained.out


def test_match_reads_standard_input(folder: Path, run) -> None:
    assert "no match" in run("match", "-", stdin="Il fait beau à Tipaza.".encode()).out


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("empty.txt", b"", "is empty"),
        ("blank.txt", b" \n\t", "is empty"),
        ("image.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary"),
        ("missing.txt", None, "no such file"),
    ],
)
def test_match_refuses_in_one_line(folder: Path, run, name: str, body, words: str) -> None:
    if body is not None:
        (folder / name).write_bytes(body)
    one_line(run("match", name), 1, name, words)


def test_match_jsonl_keeps_order_and_goes_on(folder: Path, run) -> None:
    lines = [
        json.dumps({"id": "a", "text": TEXT}),
        "not json",
        json.dumps({"id": "b"}),
        json.dumps([1]),
        json.dumps({"id": 7, "text": "Rien.", "published_at": "2026-01-01T00:00:00Z"}),
        json.dumps({"id": "c", "text": "x", "published_at": "soon"}),
    ]
    ran = run("match", "--jsonl", stdin="\n".join(lines).encode())
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [a.get("matched") for a in answers] == [True, None, None, None, False, None]
    assert answers[0]["id"] == "a"
    assert answers[1]["line"] == 2
    assert "id" not in answers[1]
    assert answers[2] == {"id": "b", "line": 3, "error": "text is missing"}
    assert answers[4]["id"] == 7


def test_evaluate_counts(folder: Path, run) -> None:
    rows = [
        {"id": 1, "text": TEXT, "label": 1, "language": "fr", "partners": ["IT"], "activities": []},
        {"id": 2, "text": "Il fait beau.", "label": 0, "language": "fr"},
        {"id": 3, "text": "Il fait beau.", "label": 1, "language": "fr", "borderline": True},
    ]
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    ran = run("evaluate", "c.jsonl", "--json")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert found["detection"]["clear"]["f1"] == 1.0
    assert found["detection"]["all/fr"]["fn"] == 1
    assert found["detection"]["borderline"]["fn"] == 1
    assert found["facets"]["partners"]["f1"] == 1.0
    assert [m["id"] for m in found["misses"]] == [3]
    assert "1 misses" in run("evaluate", "c.jsonl").out


@pytest.mark.parametrize(
    "filters",
    [
        [],
        ["--partner", "IT"],
        ["--activity", "visit"],
        ["--outlet", "tell"],
        ["--language", "fr"],
        ["--rule", "defence-cooperation"],
        ["--text", "chanegriha"],
        ["--since", "2026-11-01", "--until", "2026-11-30"],
    ],
)
def test_hits_found(stored: Path, run, filters: list[str]) -> None:
    ran = run("hits", "--format", "json", *filters)
    (row,) = json.loads(ran.out)
    assert row["partners"] == ["IT"]
    assert row["published_at"] == "2026-11-20T12:00:00Z"
    assert row["country"] == "DZ"


@pytest.mark.parametrize(
    "filters", [["--partner", "US"], ["--language", "ar"], ["--until", "2020-01-01"]]
)
def test_hits_filtered_away(stored: Path, run, filters: list[str]) -> None:
    assert json.loads(run("hits", "--format", "json", *filters).out) == []


def test_a_partner_is_known_in_either_case(stored: Path, run) -> None:
    assert len(json.loads(run("hits", "--format", "json", "--partner", "it").out)) == 1
    assert run("hits", "--story", "9" * 30).code == 2


def test_a_table_that_no_terminal_holds_is_written_value_by_value(stored: Path, run) -> None:
    ran = run("sql", "SELECT * FROM v_hits")
    assert "outlet: tell\n" in ran.out
    assert "┃" not in ran.out
    assert "┃" in run("sql", "SELECT hit_id, outlet FROM v_hits").out


def test_a_query_has_its_time_and_no_more(stored: Path, run) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    one_line(run("sql", endless, "--timeout", "0.2"), 1, "too long")


def test_a_file_that_is_no_database_is_left_as_it_is(folder: Path, run) -> None:
    for content in (b"x", b"a longer text, that is no database either" * 40):
        (folder / "text.db").write_bytes(content)
        one_line(run("--database", "sqlite:///text.db", "hits"), 1, "not a database")
        assert (folder / "text.db").read_bytes() == content


def test_hits_as_csv_jsonl_and_table(stored: Path, run) -> None:
    (row,) = csv.DictReader(io.StringIO(run("hits", "--format", "csv").out))
    assert row["title"] == "'=SUM(A1) Chanegriha reçoit"
    assert json.loads(run("hits", "--format", "jsonl").out)["hit_id"] == 1
    assert "Chanegriha" in run("hits").out


def test_sql_reads_and_never_writes(stored: Path, run) -> None:
    ran = run("sql", "SELECT outlet, partners FROM v_hits", "--format", "jsonl")
    assert json.loads(ran.out) == {"outlet": "tell", "partners": "IT"}
    for statement in ("DELETE FROM hits", "ATTACH 'x.db' AS x", "PRAGMA journal_mode=DELETE"):
        one_line(run("sql", statement), 1)
    one_line(run("sql", "SELECT nothing FROM v_hits"), 1, "nothing")
    assert json.loads(run("hits", "--format", "json").out)


def test_a_database_that_is_not_there_is_named(folder: Path, run) -> None:
    one_line(run("hits"), 1, "no such database")


def test_rules(folder: Path, run) -> None:
    assert "ok" in run("rules", "check").out
    assert run("rules", "test").code == 0
    assert "bias" in run("rules", "show").out
    (folder / "bad.yaml").write_text("id: r\nrequire: '@dz AND @USS'\n", "utf-8")
    one_line(run("rules", "check", "bad.yaml"), 2, "bad.yaml:2:", "did you mean '@US'")
    (folder / "good.yaml").write_text(
        "id: r\nrequire: '@dz'\nexamples:\n- {text: Alger parle, matches: false}\n"
        "- {text: L'Algérie parle, matches: true}\n- {text: Rien, matches: true}\n",
        "utf-8",
    )
    ran = run("rules", "test", "good.yaml")
    assert ran.code == 1
    assert "good.yaml:6: does not match: Rien" in ran.err


def test_alerts(stored: Path, run) -> None:
    sent = run("alerts", "test", "console")
    assert sent.code == 0
    assert "Test de marsad" in sent.out
    one_line(run("alerts", "test", "consol"), 2, "did you mean 'console'")
    assert json.loads(run("alerts", "pending", "--format", "json").out)[0]["channel"] == "console"
    assert run("alerts", "retry").code == 0


def test_database_care(stored: Path, run) -> None:
    assert run("db", "check").code == 0
    assert run("db", "backup", "copy.db").code == 0
    assert (stored / "copy.db").stat().st_size > 0
    assert run("db", "upgrade").code == 0
    one_line(run("db", "backup", "copy.db"), 1, "copy.db")


def test_doctor(stored: Path, run) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert ran.out.count("ok  ") == 6
    (stored / "config.yaml").write_text("databse: x\n", "utf-8")
    failed = run("doctor")
    assert failed.code == 1
    assert "did you mean 'database'" in failed.out


def test_sources_list(stored: Path, run) -> None:
    (row,) = json.loads(run("sources", "list", "--format", "json").out)
    assert row["id"] == "tell"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"],
        ["hits", "--nosuch"],
        ["hits", "--format", "xml"],
        ["match", "a", "--language", "de"],
    ],
)
def test_wrong_usage_is_two(folder: Path, run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_a_wrong_configuration_is_two(folder: Path, run) -> None:
    (folder / "config.yaml").write_text("databse: x\n", "utf-8")
    one_line(run("hits"), 2, "config.yaml:1:1", "did you mean 'database'")
    assert "Traceback" in run("-v", "hits").err
    one_line(run("--config", "nowhere.yaml", "hits"), 2, "nowhere.yaml", "no such file")


def test_every_command_has_help_with_an_example(run) -> None:
    commands = [
        *(["run"], ["crawl"], ["match"], ["evaluate"], ["hits"], ["sql"], ["doctor"], ["demo"]),
        *(["rules", c] for c in ("check", "test", "show")),
        *(["alerts", c] for c in ("test", "pending", "retry")),
        *(["sources", c] for c in ("list", "check")),
        *(["db", c] for c in ("upgrade", "check", "backup")),
    ]
    for command in commands:
        ran = run(*command, "--help")
        assert ran.code == 0
        assert "Example: marsad" in ran.out, command


def test_half_a_character_stops_no_stream(folder: Path, run) -> None:
    lines = [r'{"id": "a\ud800", "text": "Rien \udfff."}', json.dumps({"id": 2, "text": TEXT})]
    ran = run("match", "--jsonl", stdin="\n".join(lines).encode())
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [a["id"] for a in answers] == ["a\ud800", 2]
    ran.out.encode()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_no_thread_is_started_for_algebra() -> None:
    script = (
        "import os, sys; from marsad.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: import numpy; sys.exit(len(os.listdir('/proc/self/task')) - 1)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert done.returncode == 0


def test_a_date_out_of_reach_is_a_bad_line(folder: Path, run) -> None:
    line = {"id": 1, "text": "x", "published_at": "0001-01-01T00:00:00+14:00"}
    ran = run("match", "--jsonl", stdin=json.dumps(line).encode())
    assert ran.code == 1
    assert json.loads(ran.out)["line"] == 1
    for moment in ("99999999d", "0001-01-01", "soon"):
        one_line(run("hits", "--since", moment), 2, moment, "is no date")


def test_a_configuration_that_was_named_must_be_there(folder: Path, run) -> None:
    (folder / "a.txt").write_text(TEXT, "utf-8")
    one_line(run("--config", "nowhere.yaml", "match", "a.txt"), 2, "nowhere.yaml")
    (folder / "config.yaml").unlink()
    assert run("match", "a.txt").code == 0


def test_rules_of_a_folder(folder: Path, run) -> None:
    (folder / "none").mkdir()
    one_line(run("rules", "check", "none"), 2, "no rule file")


@pytest.mark.parametrize("url", ["mysql://x/y", "press.db", "postgresql://x/y"])
def test_a_wrong_database_address_is_two(folder: Path, run, url: str) -> None:
    one_line(run("--database", url, "hits"), 2, "sqlite:///")


def test_a_database_that_is_none_is_no_empty_list_of_sources(stored: Path, run) -> None:
    (stored / "press.db").write_text("this is no database" * 100, "utf-8")
    one_line(run("sources", "list"), 1, "press.db")
