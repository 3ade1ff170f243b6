"""The commands at their borders: odd input, every filter and format, what errors look like."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, make_run, one_line
from typer.main import get_command

from domain.article import Article
from domain.asking import OutboxQuery
from domain.filing import Filing
from domain.match import Evidence, Match
from domain.notice import DeliveryState, Mode, PlannedDelivery, SendOutcome, SendResult
from domain.source import Source
from marsad.commands.app import make_app
from marsad.folding import MatcherFolding
from storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRENCH = (
    "Le général d'armée Saïd Chanegriha a reçu à Alger l'amiral Giuseppe Cavo Dragone, chef "
    "d'état-major de la défense italienne, pour renforcer la coopération militaire bilatérale."
)
ARABIC = (
    "استقبل الفريق أول السعيد شنقريحة، رئيس أركان الجيش الوطني الشعبي، وفدا عسكريا إيطاليا "
    "لتعزيز التعاون العسكري بين الجزائر وإيطاليا."
)
DULL = "Il fait beau à Tipaza."
PACK = "defence-cooperation"
CONFIG = """
database: sqlite:///press.db
crawler: {include: []}
sources:
- {id: tell, name: Tell, url: 'https://tell.example/', language: fr, country: DZ,
   feeds: ['https://tell.example/feed']}
- {id: sahel, name: Sahel, url: 'https://sahel.example/', language: ar, country: ML,
   feeds: ['https://sahel.example/feed']}
alerts:
  channels: {desk: {type: console}, spare: {type: console}}
  routes: [{channels: [desk]}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("MARSAD_CONFIG", "MARSAD_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return make_run(capsys, monkeypatch)


def filing(number: int, source: str, title: str, text: str, match: Match, age: int) -> Filing:
    when = NOW - timedelta(days=age)
    article = Article(
        url=f"https://{source}.example/{number}",
        source_id=source,
        title=title,
        text=text,
        language="ar" if source == "sahel" else "fr",
        first_seen=when,
        published_at=when,
    )
    planned = PlannedDelivery(channel="desk", mode=Mode.IMMEDIATE, due_at=when)
    return Filing(article=article, matches=(match,), deliveries=(planned,))


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hits; the newest is number 1."""
    italy = Match(
        rule=PACK,
        score=0.9,
        threshold=0.5,
        partners=("IT", "nato"),
        activities=("exercise", "visit"),
        persons=("said-chanegriha",),
        evidence=(Evidence(start=0, end=2, text="Le", field="text", concept="#x"),),
    )
    mali = Match(rule="own-rule", score=0.7, threshold=0.5, partners=("ML",), activities=("aid",))
    china = Match(rule=PACK, score=0.6, threshold=0.5, partners=("CN",), activities=("visit",))
    sources = [
        Source(id=i, name=i, url=f"https://{i}.example/", language=language, country=country)
        for i, language, country in (("tell", "fr", "DZ"), ("sahel", "ar", "ML"))
    ]
    filings = [
        filing(1, "tell", '=HYPERLINK("x") Frégates, "Tell"', FRENCH, italy, 0),
        filing(2, "sahel", "+شنقريحة يستقبل وفدا", ARABIC, mali, 10),
        filing(3, "tell", "-Drones de reconnaissance", "Le salon ouvre à Oran.", china, 40),
    ]
    path = tmp_path_factory.mktemp("press") / "press.db"
    with Store.open(f"sqlite:///{path}", folding=MatcherFolding()) as store:
        store.sync_sources(sources, NOW)
        for each in filings:
            store.file([each], None, NOW)
    return path


@pytest.fixture
def stored(folder: Path, database: Path) -> Path:
    """The folder, with the store of three hits in it."""
    shutil.copy(database, folder / "press.db")
    return folder


# --- match


def count_evidence(verdict: dict[str, Any], **fields: str) -> int:
    count = 0
    for match in verdict["matches"]:
        for e in match["evidence"]:
            assert fields[e["field"]][e["start"] : e["end"]] == e["text"]
            assert set(e) == {"start", "end", "text", "field", "concept"}
            count += 1
    return count


@pytest.mark.parametrize("text", [FRENCH, ARABIC, f"😀 {FRENCH}\r\n\r\n{ARABIC}\tfin 👩‍🚀"])
def test_every_span_is_the_text_as_given(run: Run, text: str) -> None:
    title = "Alger 😀 Rome: coopération militaire"
    body = json.dumps({"id": "x", "text": text, "title": title})
    verdict = json.loads(run("match", "--jsonl", stdin=body.encode()).out)
    assert verdict["matched"] is True
    assert count_evidence(verdict, text=text, title=title) >= 3


def test_a_verdict_has_the_public_types(folder: Path, run: Run) -> None:
    (folder / "a.txt").write_text(f"{FRENCH} Mardi 5 mars 2024, à Alger.", "utf-8")
    verdict = json.loads(run("match", "a.txt", "--json", "--published", "2024-03-06").out)
    assert list(verdict) == ["id", "language", "matched", "matches"]
    assert (verdict["id"], verdict["language"]) == ("a.txt", "fr")
    (match,) = verdict["matches"]
    assert match["rule"] == PACK
    assert 0 <= match["threshold"] <= match["score"] <= 1
    lists = ("partners", "activities", "persons", "organisations", "equipment", "places")
    assert set(match) == {"rule", "score", "threshold", *lists, "dates", "evidence"}
    assert all(isinstance(v, str) for name in lists for v in match[name])
    assert "said-chanegriha" in match["persons"]
    assert "DZ" not in match["partners"]
    assert all(day["from"] <= day["to"] and len(day) == 2 for day in match["dates"])


def test_what_is_no_match_has_no_matches(run: Run) -> None:
    verdict = json.loads(run("match", "--json", stdin=DULL.encode()).out)
    assert verdict == {"id": None, "language": "fr", "matched": False, "matches": []}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp1256", ARABIC), ("cp1252", FRENCH), ("utf-16", ARABIC), ("utf-8-sig", FRENCH)],
)
def test_text_in_the_encodings_that_people_have(
    folder: Path, run: Run, encoding: str, text: str
) -> None:
    (folder / "a.txt").write_bytes(text.encode(encoding))
    verdict = json.loads(run("match", "a.txt", "--json").out)
    assert verdict["matched"] is True
    assert count_evidence(verdict, text=text)


def test_a_page_is_the_same_from_a_file_and_a_pipe(folder: Path, run: Run) -> None:
    page = (
        "<!doctype html><html><head><title>Alger</title><meta property='article:published_time' "
        f"content='2024-03-06T10:00:00Z'></head><body><article><h1>Alger</h1><p>{FRENCH}</p>"
        "<p>La rencontre a eu lieu hier.</p></article></body></html>"
    )
    (folder / "a.html").write_text(page, "utf-8")
    verdict = json.loads(run("match", "a.html", "--json").out)
    assert verdict["matched"] is True
    piped = json.loads(run("match", "-", "--json", stdin=page.encode()).out)
    assert piped["matches"] == verdict["matches"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "standard input: is empty"),
        (b"\n \t\r\n", "standard input: is empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "standard input: is a binary file"),
        (b"\x01\x02\x81\x8d\x03", "standard input: is neither UTF-8 text nor HTML"),
        (b"<html><body></body></html>", "no article text"),
    ],
)
def test_standard_input_that_is_no_document(run: Run, body: bytes, words: str) -> None:
    one_line(run("match", stdin=body), 1, words)


def test_more_than_can_be_read_is_refused_not_cut(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.documents.LARGEST", 1024)
    (folder / "long.txt").write_text("x" * 1025, "utf-8")
    one_line(run("match", "long.txt"), 1, "long.txt: is larger than")
    one_line(run("match", stdin=b"x" * 1025), 1, "standard input: is larger than")
    assert run("match", stdin=b"x" * 1024).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["match", "."], 1, "Is a directory"),
        (["match", "nosuch.html", "--json"], 1, "nosuch.html: no such file"),
        (["match", "nosuch.html", "--explain"], 1, "nosuch.html: no such file"),
        (["match", "a.txt", "--published", "soon"], 2, "'soon' is no date"),
        (["match", "a.txt", "--language", "de"], 2, "none of fr, ar, en"),
        (["match", "http://127.0.0.1:9/x"], 1, "127.0.0.1"),
        (["evaluate", "nosuch.jsonl"], 2, "nosuch.jsonl"),
    ],
)
def test_what_cannot_be_judged_is_one_line(
    folder: Path, run: Run, arguments: list[str], code: int, words: str
) -> None:
    (folder / "a.txt").write_text(FRENCH, "utf-8")
    one_line(run(*arguments), code, words)


def test_a_stream_keeps_order_and_names_its_bad_lines(run: Run) -> None:
    lines = [
        json.dumps({"id": "first", "text": FRENCH}),
        "",
        '{"id": "cut", "text": "x',
        '{"id": NaN, "text": "x"}',
        json.dumps({"id": "no-text", "title": "x"}),
        json.dumps({"id": "null", "text": None}),
        json.dumps({"id": "typed", "text": ["x"]}),
        json.dumps({"id": "titled", "text": "x", "title": 5}),
        json.dumps({"id": "dated", "text": "x", "published_at": "hier"}),
        '"text"',
        "[" * 100_000,
        json.dumps({"text": "", "url": "https://x.example/", "extra": {"a": 1}}),
        json.dumps({"id": "last", "text": ARABIC, "language": "ar", "published_at": None}),
    ]
    ran = run("match", "--jsonl", stdin=("\ufeff" + "\r\n".join(lines)).encode())
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (1, "")
    bad = [a for a in answers if "error" in a]
    assert [a["line"] for a in bad] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    named = ["no-text", "null", "typed", "titled", "dated"]
    assert [a.get("id") for a in bad] == [None, None, *named, None, None]
    assert all(set(a) <= {"id", "line", "error"} and "\n" not in a["error"] for a in bad)
    good = [(a["id"], a["matched"]) for a in answers if "error" not in a]
    assert good == [("first", True), (None, False), ("last", True)]
    assert answers[0]["id"] == "first"
    assert answers[-1]["id"] == "last"


def test_an_empty_stream_is_done(run: Run) -> None:
    ran = run("match", "--jsonl", stdin=b"")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_an_explanation_names_the_clauses_of_the_rule(folder: Path, run: Run) -> None:
    from matcher.judge import Matcher  # noqa: PLC0415 - as the run fixture set it up

    (folder / "a.txt").write_text(FRENCH, "utf-8")
    words = " ".join(run("match", "a.txt", "--explain").out.split())
    (rule,) = Matcher.load((PACK,)).rules
    weighed = [c for c in rule.scored.clauses if c.weight]
    named = [c for c in weighed if " ".join(c.name.split()) in words]
    assert len(named) >= len(weighed) * 0.9
    for part in ("matches", "requires what is there", "to begin with", "did not hold"):
        assert part in words
    missed = run("match", "--explain", stdin=DULL.encode()).out
    assert "does not match" in missed
    assert "missing:" in missed


def test_a_verdict_carries_no_escape_of_the_text(run: Run) -> None:
    shown = run("match", stdin=f"{FRENCH} \x1b]0;owned\x07 \x1b[2J".encode())
    assert "\x1b" not in shown.out
    assert "\x07" not in shown.out


# --- evaluate


def test_labels_that_cannot_be_counted_are_named(folder: Path, run: Run) -> None:
    rows = [
        {"id": 1, "text": FRENCH, "label": 1, "dates": [{"from": "2024-01-01"}]},
        {"id": 2, "text": FRENCH, "label": 2},
        {"id": 3, "text": FRENCH, "label": 1, "partners": [["IT"]]},
        {"id": 4, "text": FRENCH, "label": 1, "partners": ["IT"], "activities": None},
    ]
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nbad\n", "utf-8")
    ran = run("evaluate", "c.jsonl", "--json")
    assert ran.code == 1
    assert [line.split(":")[2] for line in ran.err.splitlines()] == ["1", "2", "3", "5"]
    found = json.loads(ran.out)
    assert found["detection"]["all"]["tp"] == 1
    assert found["facets"]["partners"]["tp"] == 1
    assert found["misses"] == []


# --- hits


def ids(run: Run, *filters: str) -> list[int]:
    ran = run("hits", "--format", "json", *filters)
    assert (ran.code, ran.err) == (0, "")
    return [row["hit_id"] for row in json.loads(ran.out)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], [1, 2, 3]),
        (["--limit", "2"], [1, 2]),
        (["--limit", "0"], [1, 2, 3]),
        (["--partner", "IT"], [1]),
        (["--partner", "nato"], [1]),
        (["--partner", "IT", "--partner", "CN"], [1, 3]),
        (["--partner", "US"], []),
        (["--activity", "visit"], [1, 3]),
        (["--activity", "aid"], [2]),
        (["--outlet", "sahel"], [2]),
        (["--language", "ar"], [2]),
        (["--language", "ar", "--language", "fr"], [1, 2, 3]),
        (["--rule", "own-rule"], [2]),
        (["--text", "FRÉGATES"], [1]),
        (["--text", "التعاون"], [2]),
        (["--text", "salon ouvre"], [3]),
        (["--text", "nowhere"], []),
        (["--since", "2026-11-15"], [1]),
        (["--until", "2026-11-15"], [2, 3]),
        (["--since", "2026-11-01", "--until", "2026-11-15"], [2]),
        (["--since", "2026-11-20T12:00Z"], [1]),
        (["--since", "2026-11-20", "--until", "2026-11-20"], [1]),
        (["--until", "2026-11-20T00:00"], [2, 3]),
        (["--activity", "visit", "--until", "2026-11-01"], [3]),
    ],
)
def test_filters(stored: Path, run: Run, filters: list[str], expected: list[int]) -> None:
    assert ids(run, *filters) == expected


def test_a_search_reaches_to_the_end_of_a_day(stored: Path, run: Run) -> None:
    limits = ("--since", "2026-11-20", "--until", "2026-11-20", "--format", "json")
    (row,) = json.loads(run("search", "frégates", *limits).out)
    assert row["published_at"] == "2026-11-20T12:00:00Z"


def test_an_outlet_that_is_not_known_is_said(stored: Path, run: Run) -> None:
    for command in (("hits",), ("search", "visite")):
        found = run(*command, "--outlet", "sahle", "--format", "json")
        assert (found.code, json.loads(found.out)) == (0, [])
        assert found.err == "no outlet 'sahle' is known; did you mean 'sahel'?\n"
    assert run("hits", "--outlet", "sahel", "--format", "json").err == ""


def test_a_story_is_a_filter_too(stored: Path, run: Run) -> None:
    for row in json.loads(run("hits", "--format", "json").out):
        assert row["hit_id"] in ids(run, "--story", str(row["story_id"]))
    assert ids(run, "--story", "999") == []


@pytest.mark.parametrize(
    "text", ["NEAR(a b)", "title:xy", "a' OR 1=1 --", "a AND (b", 'a "b', "a ^ b + c : d"]
)
def test_words_to_search_are_no_language_of_a_database(stored: Path, run: Run, text: str) -> None:
    ran = run("hits", "--format", "json", "--text", text)
    assert ran.code == 0, ran.err
    assert isinstance(json.loads(ran.out), list)


@pytest.mark.parametrize("text", ['"', "AND (", "*", "%", "\\", "", "-sport"])
def test_a_search_without_a_word_says_so(stored: Path, run: Run, text: str) -> None:
    one_line(run("hits", "--format", "json", "--text", text), 2, "no word to seek")


def test_articles_are_searched_hits_or_not(stored: Path, run: Run) -> None:
    ran = run("search", "--format", "json", "ALGER OR الجزائر OR algiers")
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)
    assert rows
    assert all(row["snippet"] and row["url"].startswith("http") for row in rows)
    assert "no articles" in run("search", "zzzz").err
    shown = run("search", "ALGER OR الجزائر OR algiers")
    assert shown.code == 0
    assert "\x1b" not in shown.out


def test_a_word_of_no_list_is_refused_with_the_nearest(stored: Path, run: Run) -> None:
    one_line(run("hits", "--activity", "exercice"), 2, "did you mean 'exercise'")
    one_line(run("hits", "--language", "de"), 2, "'de' is unknown", "fr, ar, en")


COLUMNS = [
    *("hit_id", "rule", "score", "matched_at", "published_at", "outlet", "language", "country"),
    *("title", "url", "partners", "activities", "persons", "organisations", "story_id"),
    *("snippet", "alerted_at"),
]


def test_the_formats_agree(stored: Path, run: Run) -> None:
    rows = json.loads(run("hits", "--format", "json").out)
    lines = run("hits", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    sheet = list(csv.DictReader(io.StringIO(run("hits", "--format", "csv").out)))
    assert [list(row) for row in (*rows, *sheet)] == [COLUMNS] * 6
    assert rows[0]["partners"] == ["IT", "nato"]
    assert sheet[0]["partners"] == "IT,nato"
    assert rows[0]["alerted_at"] is None
    assert sheet[0]["alerted_at"] == ""
    assert [r["country"] for r in rows] == ["DZ", "ML", "DZ"]
    assert rows[0]["published_at"] == "2026-11-20T12:00:00Z"
    table = run("hits").out
    assert "Frégates" in table
    assert "شنقريحة" in table


def test_a_spreadsheet_runs_no_title(stored: Path, run: Run) -> None:
    sheet = list(csv.DictReader(io.StringIO(run("hits", "--format", "csv").out)))
    assert [row["title"][:2] for row in sheet] == ["'=", "'+", "'-"]
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in sheet for cell in row.values())
    rows = json.loads(run("hits", "--format", "json").out)
    assert rows[0]["title"] == '=HYPERLINK("x") Frégates, "Tell"'


def test_no_hits_is_said_beside_the_data(stored: Path, run: Run) -> None:
    ran = run("hits", "--partner", "US")
    assert (ran.code, ran.err) == (0, "no hits\n")
    empty = run("hits", "--partner", "US", "--format", "csv")
    assert (empty.out.strip(), empty.err) == (",".join(COLUMNS), "")
    assert run("hits", "--partner", "US", "--format", "jsonl").out == ""


# --- sql


def test_sql_in_every_format(stored: Path, run: Run) -> None:
    statement = "SELECT hit_id, title, NULL AS n, 0.5 AS x, x'00ff' AS b FROM v_hits WHERE hit_id=1"
    (row,) = json.loads(run("sql", statement, "--format", "json").out)
    title = '=HYPERLINK("x") Frégates, "Tell"'
    assert row == {"hit_id": 1, "title": title, "n": None, "x": 0.5, "b": "00ff"}
    assert json.loads(run("sql", statement, "--format", "jsonl").out) == row
    (cells,) = csv.DictReader(io.StringIO(run("sql", statement, "--format", "csv").out))
    assert cells["hit_id"] == "1"
    assert cells["title"].endswith(title)
    assert (cells["n"], cells["x"], cells["b"]) == ("", "0.5", "00ff")
    assert "Frégates" in run("sql", statement).out


def test_sql_gives_json_that_any_reader_takes(stored: Path, run: Run) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    out = run("sql", "SELECT 1 AS n, 2 AS n, 1e999 AS big", "--format", "json").out
    assert json.loads(out, parse_constant=refuse) == [{"n": 1, "n_2": 2, "big": None}]
    assert json.loads(run("sql", "SELECT 1 AS n WHERE 0", "--format", "json").out) == []


@pytest.mark.parametrize(
    "statement",
    [
        *("INSERT INTO articles(url) VALUES ('x')", "UPDATE articles SET title = ''"),
        *("DELETE FROM articles", "DROP TABLE articles", "CREATE TABLE x(y)", "VACUUM"),
        *("UPDATE articles SET title = '' RETURNING title", "BEGIN", "REINDEX"),
        *("WITH x AS (SELECT 1) DELETE FROM articles", "PRAGMA user_version = 9"),
        *("SELECT 1; DELETE FROM articles", "/* SELECT */ DELETE FROM articles"),
        *("SELECT load_extension('x')", "ATTACH 'other.db' AS other", "", "SELECT", "nonsense"),
    ],
)
def test_sql_that_is_refused_is_one_line(stored: Path, run: Run, statement: str) -> None:
    before = (stored / "press.db").read_bytes()
    one_line(run("sql", statement), 1)
    assert (stored / "press.db").read_bytes() == before
    assert not (stored / "other.db").exists()


# --- rules


@pytest.mark.parametrize("command", ["check", "test", "show"])
def test_a_broken_rule_is_told_with_its_place(folder: Path, run: Run, command: str) -> None:
    (folder / "bad.yaml").write_text("id: own\ntitle: x\nrequire: '@dz AND @USS'\n", "utf-8")
    ran = run("rules", command, "bad.yaml")
    one_line(ran, 2, "bad.yaml:3:", "did you mean '@US'")
    assert 10 <= int(ran.err.split("bad.yaml:3:")[1].split(":")[0]) <= 20
    (folder / "bad.yaml").write_text("id: own\nrequre: '@dz'\n", "utf-8")
    told = run("rules", command, "bad.yaml")
    assert told.code == 2
    assert "bad.yaml:2:1" in told.err
    assert "did you mean 'require'" in told.err


def test_rules_by_id_file_and_folder(folder: Path, run: Run) -> None:
    (folder / "own").mkdir()
    rule = "id: own\nrequire: '@dz'\nexamples: [{text: Alger et l'Algérie, matches: true}]\n"
    (folder / "own" / "a.yaml").write_text(rule, "utf-8")
    assert run("rules", "check", "own").out.startswith("own:")
    assert run("rules", "test", "own/a.yaml").out == "own: 1 of 1 examples as expected\n"
    assert "@dz" in run("rules", "show", "own/a.yaml").out
    one_line(run("rules", "check", "defense-cooperation"), 2, f"did you mean '{PACK}'")
    one_line(run("rules", "check", "nosuch.yaml"), 2, "nosuch.yaml")


# --- alerts


def test_a_sample_goes_out_on_the_console_alone(run: Run) -> None:
    ran = run("alerts", "test", "desk")
    assert (ran.code, ran.err) == (0, "desk: accepted\n")
    assert ran.out.strip()
    one_line(run("alerts", "test", "dsk"), 2, "no channel 'dsk'", "did you mean 'desk'")


def test_what_failed_is_listed_and_tried_again(stored: Path, run: Run) -> None:
    def pending(*more: str) -> list[dict[str, Any]]:
        return json.loads(run("alerts", "pending", "--format", "json", *more).out)

    assert [row["channel"] for row in pending()] == ["desk"] * 3
    assert pending("--failed") == []
    refused = SendOutcome(result=SendResult.REFUSED, reason="550 no such user")
    with Store.open(f"sqlite:///{stored / 'press.db'}", folding=MatcherFolding()) as store:
        later = NOW + timedelta(days=1)
        claimed = store.claim("desk", Mode.IMMEDIATE, later, timedelta(minutes=1), 2)
        store.settle(claimed, refused, later, None)
        assert len(list(store.deliveries(OutboxQuery(states=(DeliveryState.FAILED,))))) == 2
    failed = pending("--failed")
    assert [(r["state"], r["last_error"]) for r in failed] == [("failed", "550 no such user")] * 2
    assert run("alerts", "retry", "--channel", "spare").err == "0 deliveries are due again\n"
    assert run("alerts", "retry", "--channel", "desk").err == "2 deliveries are due again\n"
    assert pending("--failed") == []
    assert len(pending()) == 3


ROUTES = """
  routes:
  - {name: navy, channels: [desk], partners: [FR]}
  - {name: all, channels: [desk, spare], rules: [defence-cooperation]}
  - {channels: [desk], mode: digest, at: "07:30"}
"""


def test_the_way_of_a_hit_through_the_routes_is_told_with_reasons(stored: Path, run: Run) -> None:
    head = CONFIG.partition("  routes:")[0]
    (stored / "config.yaml").write_text(head + ROUTES.lstrip("\n"), "utf-8")
    listed = json.loads(run("alerts", "route", "--format", "json").out)
    assert [(r["route"], r["takes"]) for r in listed] == [
        ("navy", "partners FR"),
        ("all", "rules defence-cooperation"),
        ("route 3", "every hit"),
    ]
    steps = json.loads(run("alerts", "route", "--explain", "1", "--format", "json").out)
    assert [(s["route"], s["modes"]) for s in steps] == [
        ("navy", []),
        ("all", ["immediate"]),
        ("route 3", ["digest"]),
    ]
    assert steps[0]["reason"] == "passes it by: partner IT, nato, wanted FR"
    said = run("alerts", "route", "--explain", "2").out
    assert "rule own-rule, wanted defence-cooperation" in said
    assert "-> route 3: takes it, digest [desk]" in said
    assert "desk (immediate): pending, due 2026-11-10T12:00:00Z" in said
    one_line(run("alerts", "route", "--explain", "99"), 2, "no hit 99", "marsad hits")


# --- care


CHECKS = ["configuration", "rules", "database", "channels", "clock", "disk"]


def doctor(run: Run) -> tuple[int, dict[str, str]]:
    ran = run("doctor")
    pairs = [line.split(":", 1)[0].split() for line in ran.out.splitlines()]
    return ran.code, {name: mark for mark, name in pairs}


def test_doctor_is_content(stored: Path, run: Run) -> None:
    assert doctor(run) == (0, dict.fromkeys(CHECKS, "ok"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("databse: x\n", {"configuration", "rules", "database", "channels", "disk"}),
        ("database: sqlite:///press.db\nrules: [bad.yaml]\nalerts: %s\n", {"rules"}),
        ("database: sqlite:///press.db\n", {"channels"}),
        ("database: sqlite:///junk.db\nalerts: %s\n", {"database"}),
    ],
)
def test_doctor_finds_what_is_wrong(stored: Path, run: Run, text: str, expected: set[str]) -> None:
    (stored / "bad.yaml").write_text("id: own\nrequire: '@nosuch'\n", "utf-8")
    (stored / "junk.db").write_text("this is no database" * 100, "utf-8")
    channels = "{channels: {c: {type: console}}, routes: [{channels: [c]}]}"
    (stored / "config.yaml").write_text(text.replace("%s", channels), "utf-8")
    code, marks = doctor(run)
    assert code == 1
    assert list(marks) == CHECKS
    assert {name for name, mark in marks.items() if mark == "FAIL"} == expected


def test_doctor_before_the_first_run(run: Run) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert "none yet" in ran.out


def test_a_backup_is_a_whole_database(stored: Path, run: Run) -> None:
    assert run("db", "backup", "copy.db").code == 0
    ran = run("--database", "sqlite:///copy.db", "hits", "--format", "jsonl")
    assert len(ran.out.splitlines()) == 3
    assert run("--database", "sqlite:///copy.db", "db", "check").code == 0
    one_line(run("db", "backup", "copy.db"), 1, "copy.db", "exists")
    one_line(run("db", "backup", "nosuch/copy.db"), 1, "nosuch/copy.db: no such folder")


def test_a_new_database_is_made_by_upgrade_only(folder: Path, run: Run) -> None:
    assert run("db", "upgrade").code == 0
    assert run("db", "check").err == "the database is whole\n"
    assert run("db", "upgrade").code == 0
    assert json.loads(run("hits", "--format", "json").out) == []


ASKING = [
    *(["hits"], ["sql", "SELECT 1"], ["db", "check"], ["db", "backup", "x.db"]),
    *(["alerts", "pending"], ["alerts", "retry"]),
]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_a_missing_database_is_named_and_not_made(
    folder: Path, run: Run, command: list[str]
) -> None:
    one_line(run(*command), 1, "press.db: no such database", "marsad crawl")
    one_line(run("--database", "sqlite:///else.db", *command), 1, "else.db: no such database")
    assert not list(folder.glob("*.db"))


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_a_file_that_is_no_database_is_named(folder: Path, run: Run, command: list[str]) -> None:
    (folder / "press.db").write_text("this is no database" * 100, "utf-8")
    one_line(run(*command), 1, "press.db", "not a database")


def test_a_server_that_is_not_there_costs_no_password(run: Run) -> None:
    url = "postgresql+psycopg://u:hunter2@127.0.0.1:9/db?connect_timeout=2"
    for command in (["hits"], ["-v", "hits"]):
        ran = run("--database", url, *command)
        assert ran.code == 1
        assert "127.0.0.1" in ran.err
        assert "hunter2" not in ran.err


# --- errors


WRONG = [
    *(["nosuch"], ["hits", "--nosuch"], ["hits", "--format", "xml"], ["hits", "more"]),
    *(["hits", "--limit", "-1"], ["hits", "--limit", "x"], ["hits", "--story", "x"]),
    *(["sql"], ["evaluate"], ["alerts", "test"], ["alerts", "nosuch"], ["db", "backup"]),
    *(["--nosuch"], ["rules", "nosuch"], ["sources", "nosuch"]),
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("marsad: ")
    assert "--help'" in ran.err
    assert len(ran.err.splitlines()) == 2


@pytest.mark.parametrize("arguments", [[], ["rules"], ["alerts"], ["db"], ["sources"]])
def test_no_command_is_answered_with_help(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "Usage:" in ran.out + ran.err
    assert "marsad: \n" not in ran.err


FAILING = [
    (["hits"], 1),
    (["match", "nosuch.txt"], 1),
    (["rules", "check", "nosuch.yaml"], 2),
    (["alerts", "test", "nosuch"], 2),
    (["--config", "nosuch.yaml", "hits"], 2),
    (["hits", "--since", "soon"], 2),
]


@pytest.mark.parametrize(("arguments", "code"), FAILING, ids=str)
def test_a_traceback_only_where_asked_for(run: Run, arguments: list[str], code: int) -> None:
    one_line(run(*arguments), code)
    told = run("-v", *arguments)
    assert (told.code, told.out) == (code, "")
    assert "Traceback (most recent call last)" in told.err
    assert told.err.splitlines()[-1].startswith("marsad: ")


def test_an_error_that_nobody_foresaw_is_one_line_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("marsad.commands.matching.read_document", fall)
    one_line(run("match", "a"), 1, "two lines")
    assert "RuntimeError" in run("-v", "match", "a").err


# --- help


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from walk(child, (*path, name))
    else:
        yield path


EVERY = sorted(walk(get_command(make_app())))


def test_the_walk_finds_the_commands() -> None:
    assert {("run",), ("crawl",), ("hits",), ("rules", "check"), ("db", "backup")} <= set(EVERY)
    assert len(EVERY) >= 19


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_has_an_example_of_the_command(run: Run, path: tuple[str, ...]) -> None:
    ran = run(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    example = " ".join(ran.out.split("Example:")[1].split())
    assert example.startswith("marsad ")
    assert " ".join(path) in example


# --- as a process


def process(folder: Path, *arguments: str, stdin: bytes = b"", **more: str) -> tuple[int, str, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MARSAD_")}
    environment |= {"PYTHONPATH": str(ROOT), **more}
    done = subprocess.run(
        [sys.executable, "-m", "marsad.cli", *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_process_judges_a_stream(folder: Path) -> None:
    lines = f"{json.dumps({'id': 1, 'text': ARABIC}, ensure_ascii=False)}\nbad\n"
    code, out, err = process(folder, "match", "--jsonl", stdin=lines.encode())
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (1, "")
    assert answers[0]["matched"] is True
    assert answers[1]["line"] == 2


def test_a_process_prints_its_hits_whatever_the_locale(stored: Path) -> None:
    code, out, err = process(stored, "hits", "--format", "jsonl", LC_ALL="C", PYTHONUTF8="0")
    assert (code, err) == (0, "")
    assert "شنقريحة" in out


def test_a_process_is_told_where_its_configuration_is(stored: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    counting = ("sql", "SELECT count(*) AS n FROM v_hits", "--format", "csv")
    code, out, _ = process(elsewhere, *counting, MARSAD_CONFIG=str(stored / "config.yaml"))
    assert (code, out) == (0, "n\n3\n")
    code, out, err = process(elsewhere, "hits", MARSAD_DATABASE="sqlite:///none.db")
    assert (code, out) == (1, "")
    assert err == "marsad: none.db: no such database; run `marsad crawl` or `marsad run` first\n"
