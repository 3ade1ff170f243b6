"""``marsad import``: what a line may say, what is refused, and that nobody is told of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, make_run, one_line
from storage_promises import rows

from domain.errors import StoreError
from marsad import counter
from storage import Store

CONFIG = """
database: sqlite:///press.db
crawler: {include: []}
sources:
  - {id: aps, name: APS, url: "https://www.aps.example/", language: fr, country: DZ,
     feeds: ["https://aps.example/feed"]}
rules: [fish.yaml]
alerts:
  max_age: 0
  channels: {desk: {type: console}}
  routes: [{rules: [fish], channels: [desk], mode: immediate}]
"""
RULE = "id: fish\nrequire: 'tuna'\nbias: 1\nclauses:\n  - {when: 'boat', weight: 1}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "fish.yaml").write_text(RULE, "utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return make_run(capsys, monkeypatch)


def archive(*items: dict[str, Any] | str) -> bytes:
    lines = [i if isinstance(i, str) else json.dumps(i, ensure_ascii=False) for i in items]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def stored(sql: str) -> list[tuple[object, ...]]:
    with Store.open("sqlite:///press.db") as store:
        return rows(store, sql)


def test_an_article_is_stored_judged_and_told_to_nobody(run: Run) -> None:
    line = {
        **{"url": "http://aps.example/a/?utm_source=x#top", "title": "Pêche", "id": 7},
        **{"text": "tuna by boat", "published_at": "1987-05-01T10:00:00+01:00"},
    }
    ran = run("import", "-", stdin=archive(line))
    assert ran.code == 0
    assert ran.out == ""
    assert "1 new articles, 1 hits, 0 known, 0 bad" in ran.err
    facts = "SELECT url, outlet, title, published_at, first_seen, guid FROM articles"
    when = "1987-05-01T09:00:00Z"
    assert stored(facts) == [("https://www.aps.example/a", "aps", "Pêche", when, when, "7")]
    assert stored("SELECT count(*) FROM v_hits") == [(1,)]
    assert stored("SELECT count(*) FROM v_alerts") == [(0,)]


def test_a_database_that_does_not_answer_for_a_moment_is_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [StoreError("the server restarts"), StoreError("the server restarts")]
    answers = Store.unseen

    def unseen(store: Store, urls: Sequence[str]) -> set[str]:
        if refusals:
            raise refusals.pop()
        return answers(store, urls)

    monkeypatch.setattr(counter, "_RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(Store, "unseen", unseen)
    line = {"url": "http://aps.example/b", "title": "Pêche", "text": "tuna by boat"}
    ran = run("import", "-", stdin=archive(line))
    assert ran.code == 0, ran.err
    assert stored("SELECT count(*) FROM v_hits") == [(1,)]


def test_told_only_where_asked_for(run: Run) -> None:
    ran = run("import", "-", "--alerts", stdin=archive({"text": "tuna", "outlet": "aps"}))
    assert ran.code == 0
    assert stored("SELECT channel, state FROM v_alerts") == [("desk", "pending")]


def test_the_outlet_is_named_by_the_line_the_option_or_the_address(run: Run) -> None:
    lines = archive(
        {"text": "a", "outlet": "named"},
        {"text": "b", "url": "https://other.example/b"},
        {"text": "c"},
    )
    assert run("import", "-", stdin=lines).code == 0
    assert run("import", "-", "--outlet", "mine", stdin=archive({"text": "d"})).code == 0
    found = stored("SELECT text, outlet FROM articles ORDER BY text")
    assert found == [("a", "named"), ("b", "other.example"), ("c", "archive"), ("d", "mine")]


def test_what_is_stored_or_stands_twice_is_passed_over(run: Run) -> None:
    lines = archive({"text": "tuna"}, {"text": "tuna"}, {"text": "cod", "id": 1})
    assert "2 new articles, 1 hits, 1 known" in run("import", "-", stdin=lines).err
    assert "0 new articles, 0 hits, 3 known" in run("import", "-", stdin=lines).err


def test_bad_lines_are_named_and_cost_themselves_only(run: Run) -> None:
    lines = archive(
        {"text": "tuna"},
        "{",
        {"title": "no text"},
        {"text": "x", "url": "ftp://aps.example/"},
        {"text": "x", "first_seen": "2999-01-01"},
        {"text": "x", "published_at": "yesterday"},
        {"text": " ", "title": ""},
        {"text": "x", "outlet": 5},
        '{"text": "\udcff"}',
        {"text": "last"},
    )
    ran = run("import", "-", stdin=lines)
    assert ran.code == 1
    assert "2 new articles, 1 hits, 0 known, 8 bad" in ran.err
    for number, why in (
        *((2, "JSON"), (3, "text is missing"), (4, "http"), (5, "future"), (6, "ISO 8601")),
        *((7, "empty"), (8, "outlet"), (9, "UTF-8")),
    ):
        assert any(f"line {number}:" in told and why in told for told in ran.err.splitlines())


def test_a_packed_file_is_read_and_a_missing_one_is_named(run: Run, folder: Path) -> None:
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(archive({"text": "tuna"})))
    assert run("import", "a.jsonl.gz").code == 0
    assert stored("SELECT count(*) FROM v_hits") == [(1,)]
    one_line(run("import", "b.jsonl"), 2, "b.jsonl", "No such file")
