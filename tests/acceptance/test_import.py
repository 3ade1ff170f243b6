"""``marsad import`` as people run it: killed at random moments it ends with the same rows."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
database: sqlite:///{name}.db
crawler: {{include: []}}
sources:
  - {{id: tsa, name: TSA, url: "https://tsa.example/", language: fr, country: DZ,
     feeds: ["https://tsa.example/feed"]}}
rules: [fish.yaml]
alerts:
  channels: {{desk: {{type: console}}}}
  routes: [{{rules: [fish], channels: [desk], mode: immediate}}]
"""
RULE = "id: fish\nrequire: 'tuna'\nbias: 1\nclauses:\n  - {when: 'boat', weight: 1}\n"
WORDS = "port mer ville pays semaine boat bateau marché prix وزير مدينة اليوم البحر réunion".split()
SAME = (  # everything but the moment of judging
    "SELECT article_id, url, title, text, language, outlet, published_at, first_seen FROM articles",
    "SELECT hit_id, article_id, rule, score, dated, snippet FROM hits",
    "SELECT * FROM hit_facets",
    "SELECT * FROM evidence",
    "SELECT * FROM stories",
    "SELECT * FROM story_articles",
    "SELECT id FROM article_words_docsize",
    "SELECT rowid FROM article_words WHERE article_words MATCH 'tuna'",
    "SELECT checked_to FROM fulltext_state",
)


def write_archive(path: Path, count: int) -> None:
    chance = random.Random(count)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            words = chance.choices(WORDS, k=60) + ["tuna"] * (number % 5 == 0)
            line = {
                "id": number,
                "url": f"https://tsa.example/{chance.randrange(count)}/{number % 997}",
                "title": f"Titre {number // 7}",
                "text": " ".join(chance.sample(words, len(words))),
                "published_at": f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T10:00:00Z",
            }
            print(json.dumps(line, ensure_ascii=False), file=file)


def call(folder: Path, name: str) -> list[str]:
    (folder / f"{name}.yaml").write_text(CONFIG.format(name=name), "utf-8")
    command = [sys.executable, "-m", "marsad.cli", "--config", str(folder / f"{name}.yaml")]
    return [*command, "import", str(folder / "archive.jsonl")]


def count_articles(path: Path) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM articles").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the tables were made
            return 0


def kill_after(command: list[str], path: Path, wanted: int) -> bool:
    """Start the import and kill it once ``wanted`` articles are stored; False: it ended first."""
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if count_articles(path) >= wanted:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.02)
    return False


def content(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [sorted(connection.execute(sql).fetchall()) for sql in SAME]


def same_after_kills(folder: Path, articles: int, kills: int) -> None:
    (folder / "fish.yaml").write_text(RULE, "utf-8")
    write_archive(folder / "archive.jsonl", articles)
    subprocess.run(call(folder, "whole"), cwd=ROOT, check=True, capture_output=True)
    expected = content(folder / "whole.db")
    chance = random.Random(7)
    total = len(expected[0])
    places = sorted(chance.randrange(total * 9 // 10) for _ in range(kills))
    command, path = call(folder, "killed"), folder / "killed.db"
    done = sum(kill_after(command, path, place) for place in places)
    assert done == kills
    assert count_articles(path) < total
    last = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "new articles" in last.stderr
    assert total > articles // 2
    assert expected[1]
    assert content(path) == expected
    with closing(sqlite3.connect(path)) as connection:  # nobody is told of an archive
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)


@pytest.mark.timeout(300)
def test_an_import_killed_three_times_ends_with_the_same_rows(tmp_path: Path) -> None:
    same_after_kills(tmp_path, articles=2_500, kills=3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_large_import_killed_ten_times_ends_with_the_same_rows(tmp_path: Path) -> None:
    same_after_kills(tmp_path, articles=100_000, kills=10)
