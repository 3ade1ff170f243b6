"""docs/sql.md: every query runs on both databases, gives the same, and names real columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from storage_promises import NOW, SENT, claim, filing, outlet, report, rows

from storage.store import Store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sql.md").read_text("utf-8")
QUESTIONS = dict(re.findall(r"^### ([^\n]+)\n\n```sql\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
VIEWS = re.findall(r"^### (v_\w+)", PAGE, re.MULTILINE)
EMPTY = {  # questions whose answer is nothing on the rows below, and rightly
    "Sources that fail now",
    "Equipment that is spoken of, and with whom",
    "Hits that were close to the threshold: worth a second look",
    "Exercises, with whom and where",
    "What the last change of rules did",
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        opened.sync_sources([outlet("tsa"), outlet("elkhabar"), outlet("empty")], NOW)
        later = NOW + timedelta(hours=2)
        first = [
            filing("1", title="Visite"),
            filing("2", source_id="elkhabar", title="Visite", published_at=NOW),
            filing("3", source_id="elkhabar", language="ar", title="زيارة"),
            filing("4", hit=False),
            filing("5", published_at=None, title="Sans date"),
        ]
        opened.file(first, report("tsa"), NOW)
        opened.file([filing("6", language="ar", title="Visite")], None, later)
        opened.settle(claim(opened, limit=2), SENT, later, None)
        yield opened


def test_there_are_enough_questions() -> None:
    assert len(QUESTIONS) >= 20
    assert set(VIEWS) == {
        *("v_hits", "v_hit_facets", "v_evidence", "v_stories", "v_sources", "v_alerts"),
        "v_hit_history",
        "v_story_merges",
    }


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_a_question_is_answered(store: Store, question: str) -> None:
    answer = rows(store, QUESTIONS[question])
    assert bool(answer) is (question not in EMPTY)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_described_column_by_column(store: Store, view: str) -> None:
    section = PAGE.split(f"### {view}")[1].split("\n### ")[0]
    named = {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    answer = store.query(f"SELECT * FROM {view}")
    list(answer.rows)
    assert named == set(answer.columns)


@pytest.mark.postgres
def test_both_databases_answer_alike(postgres_url: str, tmp_path: Path) -> None:
    answers = []
    for url in (f"sqlite:///{tmp_path}/a.db", postgres_url):
        with Store.open(url) as opened:
            opened.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
            opened.file([filing("1"), filing("Éa", source_id="elkhabar")], report("tsa"), NOW)
            opened.file([filing("B", hit=False), filing("a", published_at=None)], None, NOW)
            answers.append({q: rows(opened, sql) for q, sql in QUESTIONS.items()})
    assert answers[0] == answers[1]
