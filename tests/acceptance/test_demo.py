"""``marsad demo`` as a newcomer runs it: one command, and everything it says holds."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.source import VisitOutcome
from marsad.demo.outlets import load_press
from marsad.stores import open_store

MARSAD = (sys.executable, "-m", "marsad.cli")
LONGEST = 60  # seconds, as promised
FOUND = 0.8  # share of the wanted articles that must be hits
FALSE = 3  # hits that a reader would not call one


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run did. The folder has a blank in its name, as people's folders have."""

    place: Path
    code: int
    out: str
    err: str
    seconds: float

    @property
    def commands(self) -> list[str]:
        _, _, rest = self.out.partition("Look around")
        lines = (line.strip() for line in rest.splitlines()[1:])
        return [line for line in lines if line and not line.startswith("#")]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_store(f"sqlite:///{self.place}/my demo/marsad.db", must_exist=True) as store:
            return list(store.query(sql).rows)


def demo(place: Path, *options: str, environment: dict[str, str] | None = None) -> Run:
    began = time.monotonic()
    done = subprocess.run(
        [*MARSAD, "demo", *options],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=110,
        env=environment,
        check=False,
    )
    seconds = time.monotonic() - began
    return Run(place=place, code=done.returncode, out=done.stdout, err=done.stderr, seconds=seconds)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    # A proxy that nobody answers at: the demonstration must not depend on the machine's web.
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"), "http://127.0.0.1:9")
    place = tmp_path_factory.mktemp("demo")
    return demo(place, "--folder", "my demo", environment={**os.environ, **proxies})


def test_succeeds_in_time_and_quietly(run: Run) -> None:
    assert run.code == 0, run.err + run.out[-2000:]
    assert run.err == ""
    assert run.seconds < LONGEST


def test_says_what_both_receivers_got(run: Run) -> None:
    figures = re.search(
        r"(\d+) articles from (\d+) outlets, (\d+) hits \((\d+) older than 24 h: stored, not "
        r"told\), (\d+) e-mails, (\d+) Slack messages received, in [\d.]+ s",
        run.out,
    )
    assert figures is not None, run.out[-3000:]
    articles, outlets, hits, older, mails, posts = map(int, figures.groups())
    assert run.rows("SELECT count(*) FROM articles") == [(articles,)]
    assert run.rows("SELECT count(*) FROM v_hits") == [(hits,)]
    assert (outlets, older >= 2) == (7, True)
    sent = dict(
        run.rows("SELECT channel, count(*) FROM v_alerts WHERE state = 'sent' GROUP BY channel")
    )
    assert sent == {"desk-mail": mails, "desk-slack": posts}
    assert run.rows("SELECT count(*) FROM v_alerts WHERE state <> 'sent'") == [(0,)]
    assert 0 < posts < mails <= hits - older


def test_shows_a_mail_a_message_and_every_hit(run: Run) -> None:
    assert "E-mail, 1 of" in run.out
    assert "Subject: [marsad]" in run.out
    assert "Slack message, 1 of" in run.out
    assert "Partners: 🇺🇸 United States" in run.out
    for outlet, count in run.rows("SELECT outlet, count(*) FROM v_hits GROUP BY outlet"):
        table = run.out.partition("Hits ─")[2].partition("Sources ─")[0]
        assert len(re.findall(rf"^{re.escape(outlet)} ", table, re.MULTILINE)) == count


def test_stores_the_whole_press_from_feeds_and_pages(run: Run) -> None:
    press = load_press(datetime.now(UTC))
    expected = {o.id: len(o.stories) for o in press if o.stories}
    assert sum(expected.values()) >= 60
    stored = dict(run.rows("SELECT outlet, count(*) FROM articles GROUP BY outlet"))
    assert stored == expected
    read = dict(run.rows("SELECT text_from, count(*) FROM articles GROUP BY text_from"))
    assert read["page"] >= 50
    assert read["feed"] >= 1
    assert "summary" not in read  # every page that was needed could be read


def test_keeps_dates_whichever_way_an_outlet_writes_them(run: Run) -> None:
    assert run.rows("SELECT count(*) FROM articles WHERE published_at IS NULL") == [(0,)]
    oldest, newest = run.rows("SELECT min(published_at), max(published_at) FROM articles")[0]
    gap = datetime.fromisoformat(newest) - datetime.fromisoformat(oldest)
    assert 40 * 3600 < gap.total_seconds() < 80 * 3600
    late = run.rows("SELECT count(*) FROM articles WHERE published_at > first_seen")
    assert late == [(0,)]


def test_finds_what_is_wanted_and_little_else(run: Run) -> None:
    press = load_press(datetime.now(UTC))
    wanted = {(o.id, s.title) for o in press for s in o.stories if s.is_wanted}
    hits = set(run.rows("SELECT outlet, title FROM v_hits"))
    found = wanted & hits
    assert len(found) >= FOUND * len(wanted), sorted(wanted - hits)
    assert len(hits - wanted) <= FALSE, sorted(hits - wanted)
    languages = {row[0] for row in run.rows("SELECT DISTINCT language FROM v_hits")}
    assert languages == {"fr", "ar", "en"}


def test_the_outlet_that_is_down_stops_nobody(run: Run) -> None:
    states = dict(run.rows("SELECT source_id, failures FROM v_sources"))
    assert states.pop("phare-de-tenes") == 1
    assert set(states.values()) == {0}
    assert re.search(rf"phare-de-tenes\s+{VisitOutcome.HTTP}\b.*HTTP 500", run.out)


def test_every_command_it_prints_works(run: Run) -> None:
    assert len(run.commands) >= 5
    for command in run.commands:
        done = subprocess.run(
            shlex.split(command), cwd=run.place, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, (command, done.stderr.decode())
        assert done.stdout.strip(), command


def test_runs_again_in_its_own_folder_but_in_no_other(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    refused = demo(tmp_path, "--folder", ".")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "holds other files" in refused.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.txt"]
