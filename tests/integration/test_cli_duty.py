"""``alerts silence``, ``ack``, ``pending``, ``drop`` as people type them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import Run, make_run, one_line
from storage_stage import article, match, source

from domain.filing import Filing
from domain.notice import Mode, PlannedDelivery
from marsad.folding import MatcherFolding
from storage.store import Store

CONFIG = """
database: sqlite:///press.db
alerts: {channels: {desk: {type: console}}, routes: [{name: all, channels: [desk]}]}
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("MARSAD_CONFIG", "MARSAD_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    now = datetime.now(UTC)
    with Store.open("sqlite:///press.db", folding=MatcherFolding()) as store:
        store.sync_sources([source("aps")], now)
        for title in ("Visite de la marine", "Un autre sujet"):
            told = article(title, title=title, first_seen=now, published_at=now)
            due = now + timedelta(hours=1)
            planned = PlannedDelivery(channel="desk", mode=Mode.IMMEDIATE, due_at=due, route="all")
            filing = Filing(article=told, matches=(match(),), deliveries=(planned,))
            store.file([filing], None, now)
    return make_run(capsys, monkeypatch)


def test_a_silence_is_made_shown_and_ended(run: Run) -> None:
    added = run(
        *("alerts", "silence", "add", "--text", "VISITE de la", "--until", "2d"),
        *("--reason", "known", "--by", "amina"),
    )
    assert added.code == 0, added.err
    assert "1 waiting deliveries are muted" in added.err
    (row,) = json.loads(run("alerts", "silence", "list", "--format", "json").out)
    assert (row["state"], row["conditions"], row["by"], row["silenced"]) == (
        "active",
        "text VISITE de la",
        "amina",
        1,
    )
    states = {"silenced", "pending"}
    shown = json.loads(run("alerts", "pending", "--state", "silenced", "--format", "json").out)
    assert len(shown) == 1
    assert {r["state"] for r in shown} <= states
    hit = (
        run("alerts", "route", "--explain", "1").out + run("alerts", "route", "--explain", "2").out
    )
    assert "silenced by silence 1" in hit
    assert run("alerts", "silence", "remove", "1").code == 0
    one_line(run("alerts", "silence", "remove", "1"), 2, "no silence 1 is in force")
    assert json.loads(run("alerts", "silence", "list", "--format", "json").out) == []
    assert len(json.loads(run("alerts", "silence", "list", "--all", "--format", "json").out)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "say what to silence"),
        (["--partner", "natto"], "did you mean 'nato'"),
        (["--outlet", "apss"], "did you mean"),
        (["--rule", "defense-cooperation"], "did you mean 'defence-cooperation'"),
        (["--story", "99"], "no story 99"),
        (["--partner", "US", "--until", "2001-01-01"], "that is past"),
        (["--partner", "US", "--until", "soon"], "no date"),
    ],
)
def test_a_silence_that_means_nothing_is_refused(run: Run, options: list[str], words: str) -> None:
    until = [] if "--until" in options else ["--until", "2d"]
    given = ("alerts", "silence", "add", "--reason", "r", *until, *options)
    one_line(run(*given), 2, words)


def test_a_story_is_acknowledged_once(run: Run) -> None:
    assert run("alerts", "ack", "1", "--by", "amina").err == "story 1 is acknowledged\n"
    assert run("alerts", "ack", "1").err == "story 1 was already acknowledged\n"
    one_line(run("alerts", "ack", "99"), 2, "no story 99")


def test_what_waits_is_found_dropped_and_taken_back(run: Run) -> None:
    waiting = json.loads(
        run("alerts", "pending", "--route", "all", "--mode", "immediate", "--format", "json").out
    )
    assert len(waiting) == 2
    ident = str(waiting[0]["id"])
    one_line(run("alerts", "drop"), 2, "say what to drop")
    assert run("alerts", "drop", ident).err == "1 deliveries were dropped\n"
    assert len(json.loads(run("alerts", "pending", "--format", "json").out)) == 1
    assert run("alerts", "retry").err == "0 deliveries are due again\n"
    assert run("alerts", "retry", ident).err == "1 deliveries are due again\n"
    assert len(json.loads(run("alerts", "pending", "--format", "json").out)) == 2
