"""The desk: judged, planned, filed at once; what breaks is kept with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.planning import Planner
from alerts.settings import AlertSettings
from crawler.ports import WorkerCrashError, WorkerTimeoutError
from domain.article import Article, Folded, Judged
from domain.asking import ArticleQuery, OutboxQuery, SearchTerm, TextQuery
from domain.errors import MatchError, StoreError
from domain.match import Match, Verdict
from domain.notice import DeliveryState, Mode, SendOutcome, SendResult
from domain.source import Source, VisitOutcome, VisitReport
from marsad import counter
from marsad.pages import document_of
from marsad.pipeline import NewsDesk, StoredOutbox
from marsad.tracing import trace
from storage.store import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MATCH = Match(rule="defence-cooperation", score=0.9, threshold=0.5, partners=("IT",))
ALERTS = AlertSettings.model_validate(
    {"channels": {"desk": {"type": "console"}}, "routes": [{"channels": ["desk"]}]}
)
PAPER = Source(id="tell", name="Tell", url="https://tell.example/", language="fr", country="DZ")
REPORT = VisitReport(
    source_id="tell", outcome=VisitOutcome.OK, reason="", started=NOW, finished=NOW, new_articles=1
)


def article(number: int, **facts: Any) -> Article:
    given = {"title": f"Titre {number}", "text": "Du texte.", "language": "und"}
    when = {"first_seen": NOW, "published_at": NOW - timedelta(hours=1)}
    url = f"https://tell.example/{number}"
    return Article(url=url, source_id="tell", **{**given, **when, **facts})


FAULTS = {
    "hang": WorkerTimeoutError("judge ran over 20 s and was ended"),
    "crash": WorkerCrashError("the process of judge died"),
    "refuse": MatchError("no matcher"),
}


class Judges:
    """Workers that answer at once: a verdict, or the fault that a text names."""

    async def call(self, function, /, document, *_):
        if function is trace:
            raise WorkerCrashError("the process of trace died")  # the title must serve
        if document.text in FAULTS:
            raise FAULTS[document.text]
        matches = (MATCH,) if document.text == "Du texte." else ()
        verdict = Verdict(id=document.id, language="fr", matches=matches)
        folded = Folded(title="", text=f"foretold {document.text}", version=0)
        return Judged(document=document, verdict=verdict, folded=folded)


class Room:
    def __init__(self, store: Store, **changes: Any) -> None:
        self.woken = 0
        self.steps: list[str] = []
        self.store = store
        self.desk = NewsDesk(
            store,
            Judges(),
            Planner(ALERTS),
            {"tell": PAPER},
            lambda: NOW,
            wake=self.wake,
            failpoint=self.steps.append,
            **changes,
        )

    def wake(self) -> None:
        self.woken += 1

    def articles(self) -> dict[str, Article]:
        return {a.url.rpartition("/")[2]: a for _, a in self.store.articles()}


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(f"sqlite:///{tmp_path / 'desk.db'}") as opened:
        opened.sync_sources([PAPER], NOW)
        yield opened


async def test_a_hit_is_filed_with_its_delivery_and_wakes_the_dispatcher(store: Store):
    room = Room(store)
    assert await room.desk.file([article(1), article(2, text="Rien.")], REPORT) == 2
    assert room.articles()["1"].language == "fr"
    assert [d.channel for d in store.deliveries()] == ["desk"]
    assert room.desk.hits == {"tell": 1}
    assert room.desk.reports == {"tell": REPORT}
    assert room.woken == 1
    assert room.steps == ["before-file", "after-file"]


async def test_what_is_known_already_is_neither_counted_nor_told_again(store: Store):
    room = Room(store)
    await room.desk.file([article(1)], REPORT)
    assert await room.desk.file([article(1)], REPORT) == 0
    assert room.desk.hits == {"tell": 1}
    assert len(store.deliveries()) == 1
    assert room.woken == 1


async def test_a_verdict_that_came_along_is_taken_for_just_that_document(store: Store):
    said = Verdict(id=None, language="ar", matches=())
    read = article(1)
    fits = Judged(document=document_of(read), verdict=said)
    room = Room(store)
    given = [replace(read, judged=fits)]
    for n, other in enumerate(({"text": "hang"}, {"title": "Autre"}, {"published_at": NOW}), 2):
        another = replace(document_of(article(n)), **other)
        given.append(replace(article(n), judged=replace(fits, document=another)))
    await room.desk.file(given, None)
    languages = {number: kept.language for number, kept in room.articles().items()}
    assert languages == {"1": "ar", "2": "fr", "3": "fr", "4": "fr"}


async def test_words_that_a_worker_folded_are_what_is_indexed(store: Store):
    room = Room(store)
    await room.desk.file([article(1), article(2, text="hang")], None)
    sought = TextQuery(source="", groups=((SearchTerm(source="", phrases=(("foretold",),)),),))
    [row] = store.search(ArticleQuery(text=sought))
    assert row.url == article(1).url


@pytest.mark.parametrize("text", sorted(FAULTS))
async def test_k15_a_document_that_breaks_the_matcher_is_kept_with_its_reason(
    store: Store, text: str
):
    room = Room(store)
    assert await room.desk.file([article(1, text=text, note="summary only"), article(2)], None) == 2
    kept = room.articles()["1"]
    assert kept.note == f"summary only; not judged: {FAULTS[text]}"
    assert kept.language == "und"
    assert len(store.deliveries()) == 1


async def test_an_old_article_is_stored_not_told(store: Store):
    room = Room(store)
    await room.desk.file([article(1, published_at=NOW - timedelta(days=3))], None)
    assert room.desk.hits == {"tell": 1}
    assert store.deliveries() == []
    assert room.woken == 0


async def test_nobody_is_told_where_nobody_is_to_be(store: Store):
    room = Room(store, is_telling=False)
    await room.desk.file([article(1)], None)
    assert room.desk.hits == {"tell": 1}
    assert store.deliveries() == []


class Stubborn:
    """A store whose writes fail a few times, as those of a locked database do."""

    def __init__(self, store: Store, failures: int) -> None:
        self._store = store
        self.failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _try(self) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise StoreError("database is locked")

    def file(self, *arguments: Any) -> Any:
        self._try()
        return self._store.file(*arguments)

    def file_together(self, *arguments: Any) -> Any:
        self._try()
        return self._store.file_together(*arguments)

    def settle(self, *arguments: Any) -> Any:
        self._try()
        return self._store.settle(*arguments)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "_RETRY_SECONDS", (0.0, 0.0))


@pytest.mark.usefixtures("quick")
async def test_a_database_that_is_locked_for_a_while_costs_no_article(store: Store):
    room = Room(Stubborn(store, 2))  # type: ignore[arg-type]
    assert await room.desk.file([article(1)], REPORT) == 1
    assert len(store.deliveries()) == 1


@pytest.mark.usefixtures("quick")
async def test_a_database_that_stays_down_is_said(store: Store):
    room = Room(Stubborn(store, 9))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="locked"):
        await room.desk.file([article(1)], REPORT)
    assert room.desk.reports == {}


@pytest.mark.usefixtures("quick")
async def test_what_was_sent_is_marked_though_the_database_was_locked(store: Store):
    await Room(store).desk.file([article(1)], None)
    outbox = StoredOutbox(Stubborn(store, 2))  # type: ignore[arg-type]
    minute = timedelta(minutes=1)
    rows = await outbox.claim("desk", Mode.IMMEDIATE, NOW, minute, 1)
    await outbox.settle(rows, SendOutcome(result=SendResult.ACCEPTED), NOW, None)
    assert [d.state for d in store.deliveries(OutboxQuery(states=(DeliveryState.SENT,)))] == [
        DeliveryState.SENT
    ]
