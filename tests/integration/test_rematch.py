"""Judging again: what changed is shown first, then written; history stays; a stop costs a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from command_line import Run, make_run
from sqlalchemy import text
from storage_promises import rows
from storage_stage import NOW, article, source

from crawler.ports import WorkerCrashError
from domain.article import Document
from domain.errors import LeaseLostError
from domain.filing import Filing
from domain.rematch import ChangeKind, RematchChunk
from marsad.cluster.archives import Chunk, as_text, from_text, judge_chunk
from marsad.cluster.spreading import together
from marsad.config import load_config
from marsad.folding import MatcherFolding
from marsad.house import House
from marsad.judging import judge, versions
from marsad.rematching import Difference, Rematch, version_of
from marsad.tracing import Traced, trace
from matcher.judge import Matcher
from matcher.stories.trace import Tracer
from storage import Store, chunks
from storage import rematching as written

CONFIG = """
database: sqlite:///press.db
crawler: {include: []}
sources:
  - {id: aps, name: APS, url: "https://aps.example/", language: fr, country: DZ,
     feeds: ["https://aps.example/feed"]}
rules: [fish.yaml]
alerts:
  max_age: 0
  channels: {desk: {type: console}}
  routes: [{rules: [fish], channels: [desk], mode: immediate}]
"""
RULE = "id: fish\nrequire: '{words}'\nbias: {bias}\nclauses:\n  - {{when: 'boat', weight: 1}}\n"
TEXTS = {"1": "tuna by boat", "2": "cod alone", "3": "a boat, no more", "4": "squid by boat"}


class Here:
    """Workers that are this process."""

    def __init__(self, matcher: Matcher, *, breaks_on: str = "") -> None:
        self._matcher = matcher
        self._breaks_on = breaks_on

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        if function is versions:
            return self._matcher.versions
        if function is trace:
            return Traced(Tracer(self._matcher).trace(*args), ())
        assert function is judge
        if self._breaks_on and any(self._breaks_on in d.text for d in args[0]):
            raise WorkerCrashError("died")
        return [self._matcher.judge(d) for d in args[0]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


_loaded: dict[tuple[str, float], Matcher] = {}  # judging changes none of them


def rule(folder: Path, words: str, bias: float) -> Matcher:
    (folder / "fish.yaml").write_text(RULE.format(words=words, bias=bias), "utf-8")
    key = words, bias
    if key not in _loaded:  # a second each, of the same lexicon
        _loaded[key] = Matcher.load([folder / "fish.yaml"])
    return _loaded[key]


@pytest.fixture
def store(folder: Path, database_url: str) -> Iterator[Store]:
    matcher = rule(folder, "tuna OR cod", 1)
    with Store.open(database_url, folding=MatcherFolding()) as opened:
        opened.sync_sources([source()], NOW)
        filings = []
        for key, text in TEXTS.items():
            sent = article(key, text=text, title=f"Title {key}")
            verdict = matcher.judge(Document(id=key, title=sent.title, text=text))
            filings.append(Filing(article=sent, matches=verdict.matches))
        opened.file(filings, None, NOW)
        yield opened


def rematch(folder: Path, store: Store, matcher: Matcher, **facts: Any) -> Rematch:
    config = load_config(folder / "config.yaml", {})
    workers = Here(matcher, breaks_on=facts.pop("breaks_on", ""))
    return Rematch(config, store, workers, clock=lambda: NOW, **facts)  # type: ignore[arg-type]


def hits(store: Store) -> list[tuple[Any, ...]]:
    return rows(store, "SELECT substr(url, 21), round(score * 100) FROM v_hits ORDER BY 1")


async def test_new_lost_and_changed_are_shown_first_and_then_written(
    folder: Path, store: Store
) -> None:
    before = hits(store)
    assert [h[0] for h in before] == ["1", "2"]
    today = rule(folder, "tuna OR squid", 2)
    shown = await rematch(folder, store, today, is_dry=True).run(None)
    assert hits(store) == before
    kinds = {ChangeKind.NEW: 1, ChangeKind.LOST: 1, ChangeKind.SCORE: 1}
    assert shown.kinds == kinds
    assert [e.title for e in shown.examples[ChangeKind.NEW]] == ["Title 4"]
    done = await rematch(folder, store, today).run(None)
    assert done.kinds == kinds
    assert [h[0] for h in hits(store)] == ["1", "4"]
    assert (await rematch(folder, store, today).run(None)).kinds == {}
    assert store.check() == []


async def test_a_hit_keeps_its_number_and_the_old_verdict_is_history(
    folder: Path, store: Store
) -> None:
    ident = "SELECT hit_id FROM v_hits WHERE title = 'Title 1'"
    number, version = rows(store, ident), rows(store, "SELECT max(rule_version) FROM hits")
    await rematch(folder, store, rule(folder, "tuna", 0.5)).run(None)
    assert rows(store, ident) == number
    past = rows(store, "SELECT kind, rule_version FROM v_hit_history ORDER BY kind")
    assert past == [("lost", version[0][0]), ("score", version[0][0])]
    assert rows(store, "SELECT max(rule_version) FROM hits") != version


async def test_nothing_is_told_unless_asked_for(folder: Path, store: Store) -> None:
    count = "SELECT count(*) FROM v_alerts"
    await rematch(folder, store, rule(folder, "squid", 2)).run(None)
    assert rows(store, count) == [(0,)]
    await rematch(folder, store, rule(folder, "squid OR boat", 2), is_telling=True).run(None)
    assert rows(store, count) == [(2,)]  # 1 and 3 are new; 4 was a hit already


async def test_what_was_stopped_goes_on_where_it_was(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "PAGE", 1)
    today = rule(folder, "boat", 1)
    seen: list[int] = []

    def stop(count: int) -> None:
        seen.append(count)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rematch(folder, store, today).run(None, advance=stop)
    done = await rematch(folder, store, today).run(None)
    assert done.is_resumed
    assert done.articles == 2
    assert [h[0] for h in hits(store)] == ["1", "3", "4"]
    other = await rematch(folder, store, rule(folder, "boat", 2)).run(None)
    assert not other.is_resumed  # other rules: from the beginning


async def test_a_text_that_breaks_the_judge_costs_itself_only(folder: Path, store: Store) -> None:
    today = rule(folder, "boat", 1)
    done = await rematch(folder, store, today, breaks_on="squid").run(None)
    assert [url[-1] for url in done.unjudged] == ["4"]
    assert [h[0] for h in hits(store)] == ["1", "3"]


async def test_since_leaves_older_ones_as_they_are(folder: Path, store: Store) -> None:
    done = await rematch(folder, store, rule(folder, "boat", 1)).run(NOW)
    assert done.articles == 0
    assert [h[0] for h in hits(store)] == ["1", "2"]


def shared_house(folder: Path, store: Store, matcher: Matcher) -> House:
    """The parts of a worker that a chunk of a rematch is judged by."""
    config = load_config(folder / "config.yaml", {})
    parts = SimpleNamespace(config=config, store=store, workers=Here(matcher), clock=lambda: NOW)
    return cast(House, parts)


def planned(store: Store, matcher: Matcher) -> list[RematchChunk]:
    progress = store.rematch_begin(version_of(matcher.versions), None, NOW)
    store.rematch_plan(progress)
    return store.rematch_chunks(progress.rematch_id)


async def test_chunks_come_to_what_one_run_comes_to(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SIZE", 3)
    today = rule(folder, "tuna OR squid", 2)
    shown = await rematch(folder, store, today, is_dry=True).run(None)
    house, parts = shared_house(folder, store, today), planned(store, today)
    assert [(p.articles, p.upto) for p in parts] == [(3, 3), (1, 4)]
    for part in reversed(parts):
        await judge_chunk(house, part.rematch_id, part.upto, is_dry=False, is_telling=False)
    assert [h[0] for h in hits(store)] == ["1", "4"]
    done = store.rematch_chunks(parts[0].rematch_id)
    assert all(part.is_done for part in done)
    found = together(done, is_resumed=False)
    assert (found.articles, found.kinds) == (4, shown.kinds)
    assert found.examples == shown.examples
    await judge_chunk(house, parts[0].rematch_id, 3, is_dry=False, is_telling=False)  # once more
    assert together(store.rematch_chunks(parts[0].rematch_id), is_resumed=False) == found


async def test_a_chunk_goes_on_where_it_was_and_whoever_lost_it_writes_nothing(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "PAGE", 1)
    today = rule(folder, "boat", 1)
    house, (part,) = shared_house(folder, store, today), planned(store, today)
    sleeper = Chunk(house, part, is_dry=False)
    await judge_chunk(house, part.rematch_id, part.upto, is_dry=False, is_telling=False)
    after = hits(store)
    with pytest.raises(LeaseLostError):
        sleeper.write([], 1, Difference())
    assert hits(store) == after
    # half of another rematch: the rest is judged, and counted with what was
    today = rule(folder, "boat", 2)
    house, (part,) = shared_house(folder, store, today), planned(store, today)
    half = Difference(articles=2)
    store.rematch_advance(part, [], 2, as_text(half), NOW)
    await judge_chunk(house, part.rematch_id, part.upto, is_dry=False, is_telling=False)
    (done,) = store.rematch_chunks(part.rematch_id)
    assert done.is_done
    assert from_text(done.result).articles == 4


async def test_a_worker_with_other_rules_refuses_and_a_new_call_asks_again(
    folder: Path, store: Store
) -> None:
    old, today = rule(folder, "cod", 1), rule(folder, "boat", 1)
    (part,) = planned(store, today)
    lagging = shared_house(folder, store, old)
    await judge_chunk(lagging, part.rematch_id, part.upto, is_dry=False, is_telling=False)
    (refused,) = store.rematch_chunks(part.rematch_id)
    assert (refused.is_done, refused.checked_to) == (False, 0)
    assert "other rules" in refused.refusal
    (asked,) = planned(store, today)
    assert asked.refusal == ""


async def test_a_chunk_whose_last_article_is_gone_comes_to_its_end(
    folder: Path, store: Store
) -> None:
    today = rule(folder, "boat", 1)
    (part,) = planned(store, today)
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM articles WHERE article_id = 4"))
    house = shared_house(folder, store, today)
    await judge_chunk(house, part.rematch_id, part.upto, is_dry=True, is_telling=False)
    (done,) = store.rematch_chunks(part.rematch_id)
    assert done.is_done
    assert from_text(done.result).articles == 3
    assert [h[0] for h in hits(store)] == ["1", "2"]  # a dry run writes no verdict


def test_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Run = make_run(capsys, monkeypatch)
    matcher = rule(folder, "tuna OR cod", 1)
    with Store.open("sqlite:///press.db", folding=MatcherFolding()) as opened:
        for key, text in TEXTS.items():
            sent = article(key, text=text, title=f"Title {key}")
            verdict = matcher.judge(Document(id=key, title=sent.title, text=text))
            opened.file([Filing(article=sent, matches=verdict.matches)], None, NOW)
    rule(folder, "squid OR tuna", 1)
    shown = json.loads(run("rematch", "--dry-run", "--json").out)
    assert (shown["articles"], shown["new"], shown["lost"], shown["score"]) == (4, 1, 1, 0)
    told = run("rematch")
    assert told.code == 0
    assert "4 articles judged; 1 new hits, 1 lost hits" in told.out
    assert "Title 4" in told.out
    assert len(json.loads(run("hits", "--format", "json").out)) == 2
