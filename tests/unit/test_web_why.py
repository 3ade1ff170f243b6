"""The page's own worker: there while somebody asks why, gone when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from domain.article import Document
from marsad.web import why


class FakePool:
    """Answers with what it was asked for, and says whether it was ended."""

    def __init__(self) -> None:
        self.is_closed = False

    async def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        assert not self.is_closed
        await asyncio.sleep(0)
        return function

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def pools() -> list[FakePool]:
    return []


@pytest.fixture
def rules(pools: list[FakePool]) -> why.Rules:
    def start() -> FakePool:
        pools.append(FakePool())
        return pools[-1]

    return why.Rules(start)


async def ends(pool: FakePool) -> None:
    async with asyncio.timeout(5):
        while not pool.is_closed:
            await asyncio.sleep(0.01)


async def test_a_worker_that_only_told_the_names_ends(rules: why.Rules, pools: list[FakePool]):
    await rules.labels()
    await ends(pools[0])
    await rules.labels()
    assert len(pools) == 2
    await rules.close()
    assert all(pool.is_closed for pool in pools)


async def test_one_that_explained_stays_for_the_next_question(
    rules: why.Rules, pools: list[FakePool], monkeypatch: pytest.MonkeyPatch
):
    await asyncio.gather(rules.labels(), rules.explain(Document(text="a")))
    await asyncio.sleep(0.05)
    await rules.labels()
    await asyncio.sleep(0.05)
    assert [pool.is_closed for pool in pools] == [False]
    monkeypatch.setattr(why, "_IDLE", 0.01)
    await rules.explain(Document(text="b"))
    await ends(pools[0])


async def test_whoever_asks_at_the_last_moment_is_answered(rules: why.Rules, pools: list[FakePool]):
    for pauses in range(6):
        await rules.labels()
        for _ in range(pauses):
            await asyncio.sleep(0)
        assert await rules.labels() is why.labels
    await rules.close()
    assert all(pool.is_closed for pool in pools)
