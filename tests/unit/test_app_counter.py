"""The counter: one commit for what comes while another runs, and nobody sinks with a neighbour."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from domain.article import Article
from domain.errors import StoreError
from domain.filing import Filed, Filing, Parcel
from domain.lease import Lease
from domain.match import Match
from marsad import counter
from marsad.counter import Counter
from storage.store import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MATCH = Match(rule="defence-cooperation", score=0.9, threshold=0.5, partners=("IT",))


def parcel(number: int, *, is_hit: bool = False, outlet: str = "tell") -> Parcel:
    written = Article(
        url=f"https://tell.example/{number}",
        source_id=outlet,
        title=f"Titre {number}",
        text="Du texte.",
        language="fr",
        first_seen=NOW,
    )
    return Parcel(filings=(Filing(article=written, matches=(MATCH,) if is_hit else ()),))


class Slow:
    """A store whose first commit waits to be let go; notes how many parcels each commit has."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sizes: list[int] = []
        self.alone: list[str] = []
        self.go = Event()
        self.bad = ""

    def file_together(self, parcels: list[Parcel], now: datetime) -> list[Filed]:
        self.sizes.append(len(parcels))
        self.go.wait(5)
        urls = [filing.article.url for one in parcels for filing in one.filings]
        if self.bad in urls:
            raise StoreError("this one cannot be filed")
        return self._store.file_together(parcels, now)

    def file(self, filings: Any, report: Any, now: datetime, lease: Lease | None) -> Filed:
        self.alone += [filing.article.url for filing in filings]
        if self.bad in self.alone[-1:]:
            raise StoreError("this one cannot be filed")
        return self._store.file(filings, report, now)


@pytest.fixture
def slow(tmp_path: Path):
    with Store.open(f"sqlite:///{tmp_path / 'counter.db'}") as opened:
        yield Slow(opened)


async def _all(slow: Slow, parcels: list[Parcel]) -> list[Filed | BaseException]:
    desk = Counter(slow, lambda: NOW)  # type: ignore[arg-type]
    first = asyncio.create_task(desk.file(parcels[0], None))
    await asyncio.sleep(0.05)  # its commit runs
    rest = [asyncio.create_task(desk.file(one, None)) for one in parcels[1:]]
    await asyncio.sleep(0)
    slow.go.set()
    return await asyncio.gather(first, *rest, return_exceptions=True)


async def test_what_comes_while_a_commit_runs_goes_into_the_next_one(slow: Slow):
    parcels = [parcel(n, is_hit=n == 3, outlet=f"o{n % 2}") for n in range(8)]
    filed = await _all(slow, parcels)
    assert slow.sizes == [1, 7]
    hits = [Filed(articles=1, hits=int(n == 3)) for n in range(8)]
    assert filed == hits
    assert len(list(slow._store.articles())) == 8


async def test_an_article_that_two_hand_in_counts_for_the_first(slow: Slow):
    filed = await _all(slow, [parcel(0), parcel(1, is_hit=True), parcel(1, is_hit=True)])
    assert filed == [Filed(articles=1), Filed(articles=1, hits=1), Filed()]


async def test_one_that_cannot_be_filed_sinks_no_other(slow: Slow, monkeypatch):
    monkeypatch.setattr(counter, "_RETRY_SECONDS", (0.0,))
    slow.bad = "https://tell.example/2"
    filed = await _all(slow, [parcel(n) for n in range(4)])
    assert [isinstance(one, Filed) for one in filed] == [True, True, False, True]
    assert isinstance(filed[2], StoreError)
    assert len(list(slow._store.articles())) == 3


async def test_under_a_lease_a_parcel_is_filed_alone(slow: Slow):
    desk = Counter(slow, lambda: NOW)  # type: ignore[arg-type]
    lease = Lease(host="tell.example", epoch=1)
    assert await desk.file(parcel(0), lease) == Filed(articles=1)
    assert (slow.sizes, slow.alone) == ([], ["https://tell.example/0"])


async def test_where_many_outlets_hand_in_a_commit_waits_for_the_next_ones(slow: Slow):
    slow.go.set()
    desk = Counter(slow, lambda: NOW)  # type: ignore[arg-type]
    begun = []
    for number in range(24):
        one = parcel(number, outlet=f"o{number % 6}")
        begun.append(asyncio.create_task(desk.file(one, None)))
        await asyncio.sleep(0.01)
    assert await asyncio.gather(*begun) == [Filed(articles=1)] * 24
    assert len(slow.sizes) <= 12
    assert sum(slow.sizes) == 24


async def test_an_outlet_alone_never_waits_for_others(slow: Slow):
    slow.go.set()
    desk = Counter(slow, lambda: NOW)  # type: ignore[arg-type]
    for number in range(6):
        await desk.file(parcel(number), None)
    assert slow.sizes == [1] * 6
