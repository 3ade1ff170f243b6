"""How the benchmark asks its peers, and what it makes of their answers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import extraction, feeds, languages
from benchmarks.peer import SCRIPTS, Peer
from domain.article import Document


def script(folder: Path, text: str) -> str:
    path = folder / "peer.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_peer_tells_its_version_and_answers_line_by_line(tmp_path):
    text = "import sys\nprint('1.0', flush=True)\n"
    text += "for line in sys.stdin: print(line.strip() * int(sys.argv[1]), flush=True)"
    peer = Peer(Path(sys.executable), script(tmp_path, text), "2")
    assert (peer.version, peer.ask("ab"), peer.ask("é")) == ("1.0", "abab", "éé")
    peer.close()


def test_a_peer_that_ended_ends_the_part(tmp_path):
    peer = Peer(Path(sys.executable), script(tmp_path, "print('1.0')"))
    with pytest.raises(SystemExit, match="the peer ended"):
        peer.ask("more")


def test_the_kind_of_feed_that_is_dearest_to_us_is_told():
    costs = {
        "teasers": {feeds.POLL: [1.0, 2.0, 1.0], "other": [10.0, 10.0, 10.0]},
        "full": {feeds.POLL: [1.0, 1.0, 1.0], "other": [90.0, 80.0, 90.0]},
    }
    assert feeds.dearest(costs, "other") == [10.0, 5.0, 10.0]


def test_an_engine_that_took_enough_time_is_given_no_other_round(monkeypatch):
    pages = [(b"", "", "one two three four five")]
    engines = {"good": lambda *_: "one two three four five", "slow": lambda *_: ""}
    monkeypatch.setattr(extraction, "ENGINES", engines)
    took = iter([1.0, 99.0, 1.0, 1.0])
    monkeypatch.setattr(extraction, "read", lambda p, engine: ([engine()], next(took)))
    monkeypatch.setattr(extraction, "ENOUGH", 50)
    scores, costs = extraction.in_turns(pages, 3, {})
    assert costs == {"good": [1.0, 1.0, 1.0], "slow": [99.0]}
    assert scores["good"] == (1.0, 1.0, 1.0)


def test_the_language_is_told_the_same_with_the_folded_text_at_hand_and_without():
    documents = [
        Document(text="Le ministre a reçu une délégation qui est à Alger pour une visite."),
        Document(text="The minister received a delegation that is in Algiers for a visit."),
    ]
    assert [tell()[1] for tell in languages.ours(documents).values()] == [["fr", "en"]] * 2


def test_every_script_of_a_peer_is_there():
    named = ("feed_files.py", "pages_read.py", "pages_fetched.py", "languages_told.py")
    assert all((SCRIPTS / name).is_file() for name in named)
