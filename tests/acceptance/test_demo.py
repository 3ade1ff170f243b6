"""``marsad demo`` as a newcomer runs it: one command, and everything it says holds."""

from __future__ import annotations

import json
import mailbox
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from domain.source import VisitOutcome
from marsad.demo.outlets import load_press
from marsad.stores import open_store

MARSAD = (sys.executable, "-m", "marsad.cli")
LONGEST = 60  # seconds, as promised
FOUND = 0.9  # share of the wanted articles that must be hits
FALSE = 1  # hits that a reader would not call one

# The demonstration with a mail server that says yes and keeps nothing.
LYING_SERVER = """
from marsad.demo import run_demo
from marsad.demo.sinks import Mailbox

async def handle_DATA(self, server, session, envelope):
    return "250 kept"

if __name__ == "__main__":
    Mailbox.handle_DATA = handle_DATA
    raise SystemExit(run_demo(None, is_verbose=False))
"""
_UNSENT = "SELECT count(*) FROM v_alerts WHERE state <> 'sent' AND mode = 'immediate'"


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

    @property
    def folder(self) -> Path:
        return self.place / "my demo"

    @property
    def mails(self) -> list[EmailMessage]:
        box = mailbox.mbox(self.folder / "mails.mbox", create=False)
        try:
            sent = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 - it iterates values
        finally:
            box.close()
        parsed = [message_from_bytes(mail, policy=policy.default) for mail in sent]
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]

    @property
    def posts(self) -> list[dict[str, Any]]:
        lines = (self.folder / "slack.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def lines_of_press(self) -> list[dict[str, Any]]:
        lines = (self.folder / "press.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def told(self, channel: str) -> set[tuple[str, str]]:
        """Return address and title of every hit that was sent to ``channel``."""
        return set(
            self.rows(
                "SELECT h.url, h.title FROM v_alerts a JOIN v_hits h ON h.hit_id = a.hit_id "
                f"WHERE a.state = 'sent' AND a.channel = '{channel}'"
            )
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_store(f"sqlite:///{self.folder}/marsad.db", must_exist=True) as store:
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


def without_isolates(text: str) -> str:
    """Return a text as stored, without what marks its direction for a reader."""
    return re.sub("[\u2066-\u2069]", "", text)


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
    stories = dict(
        run.rows(
            "SELECT channel, count(DISTINCT story_id) FROM v_alerts WHERE state = 'sent' "
            "GROUP BY channel"
        )
    )
    # Reports of one story that were due together are one message.
    assert stories["desk-mail"] <= mails <= sent["desk-mail"]
    assert stories["desk-slack"] <= posts <= sent["desk-slack"]
    assert run.rows(_UNSENT) == [(0,)]
    assert 0 < posts < mails <= hits - older


def test_shows_a_mail_a_message_and_every_hit(run: Run) -> None:
    assert "E-mail, 1 of" in run.out
    assert "Subject: [marsad]" in run.out
    assert "Slack message, 1 of" in run.out
    assert "Algeria – United States (US)" in run.out
    for outlet, count in run.rows("SELECT outlet, count(*) FROM v_hits GROUP BY outlet"):
        table = run.out.partition("Hits ─")[2].partition("Sources ─")[0]
        assert len(re.findall(rf"^{re.escape(outlet)} ", table, re.MULTILINE)) == count


def test_every_hit_told_by_mail_lies_in_one_mail_with_its_address(run: Run) -> None:
    told = run.told("desk-mail")
    mails = run.mails
    assert 0 < len(mails) <= len(told)
    bodies = []
    for mail in mails:
        plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert rich is not None
        assert mail["To"] == "analyst@desk.example"
        assert mail["Subject"].startswith("[marsad] ")
        bodies.append(plain.get_content())
    for url, title in told:
        holding = [body for body in bodies if url in body]
        assert len(holding) == 1, url
        is_lead = title in without_isolates(holding[0])
        assert is_lead or len(mails) < len(told), title  # a lead's companion is a link
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)


def test_every_hit_told_in_slack_lies_in_one_message_with_its_address(run: Run) -> None:
    told = run.told("desk-slack")
    posts = [json.dumps(post, ensure_ascii=False) for post in run.posts]
    assert 0 < len(posts) <= len(told)
    for url, _ in told:
        assert sum(url in post for post in posts) == 1, url
    urls = {url for url, _ in told}
    for url, partners in run.rows("SELECT url, partners FROM v_hits"):
        if url in urls:
            assert {"US", "IT"} & set(partners.split(","))


def test_an_older_hit_is_stored_and_told_to_nobody(run: Run) -> None:
    limit = datetime.now(UTC) - timedelta(hours=24)
    rows = run.rows("SELECT url, published_at, alerted_at FROM v_hits")
    older = [row for row in rows if datetime.fromisoformat(row[1]) < limit]
    assert len(older) >= 2
    assert all(alerted is None for _, _, alerted in older)
    received = "".join(str(mail) for mail in run.mails) + json.dumps(run.posts)
    assert not [url for url, _, _ in older if url in received]
    # further reports of a story that was told wait for the day's digest
    stories = "SELECT story_id, max(alerted_at) FROM v_hits WHERE published_at >= '{}' GROUP BY 1"
    told = run.rows(stories.format(f"{limit:%Y-%m-%dT%H:%M:%SZ}"))
    assert all(alerted for _, alerted in told)


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
    written = {
        (line["outlet"], " ".join(line["title"].split())): datetime.fromisoformat(
            line["published_at"]
        )
        for line in run.lines_of_press()
    }
    stored = {
        (outlet, title): datetime.fromisoformat(published)
        for outlet, title, published in run.rows("SELECT outlet, title, published_at FROM articles")
    }
    assert stored == written
    (first_seen,) = run.rows("SELECT min(first_seen) FROM articles")[0]
    newest = datetime.fromisoformat(first_seen) - max(stored.values())
    assert timedelta(0) < newest < timedelta(minutes=30)


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


def test_fails_when_a_receiver_did_not_get_what_was_sent(tmp_path: Path) -> None:
    script = tmp_path / "lying.py"
    script.write_text(LYING_SERVER)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert re.fullmatch(r"marsad: \d+ e-mails were sent, 0 arrived\n", done.stderr)
    assert "Look around" not in done.stdout
