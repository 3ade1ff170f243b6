"""The periodic duties of a cluster: each turn is taken by one worker, whoever dies."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import attr
import procrastinate
import pytest
from aiohttp import ClientSession

from domain.errors import UsageError, WebError
from marsad.cluster import tasks
from marsad.cluster.metrics import WorkerMetrics, serving
from marsad.cluster.serving import install_queue
from storage import Store

EVERY_SECOND = "* * * * * */1"
DUTIES = {"look", "watch", "stand_by", "beat", "prune"}


class Counting:
    """Duties that note who did them. A turn of ``beat`` has the time it stands for."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.turns: list[datetime] = []

    async def visit(self, host: str) -> None:
        self.done[f"visit {host}"] += 1

    async def dispatch(self, channel: str) -> None:
        self.done[f"dispatch {channel}"] += 1

    async def rematch(self, rematch_id: int, upto: int, is_dry: bool, is_telling: bool) -> None:
        self.done[f"rematch {rematch_id} {upto} {is_dry} {is_telling}"] += 1

    async def backfill(self, backfill_id: int, is_telling: bool) -> None:
        self.done[f"backfill {backfill_id} {is_telling}"] += 1

    async def look(self) -> None:
        self.done["look"] += 1

    async def watch(self) -> None:
        self.done["watch"] += 1

    async def stand_by(self) -> None:
        self.done["stand_by"] += 1

    async def beat(self, tick: datetime) -> None:
        self.done["beat"] += 1
        self.turns.append(tick)

    async def prune(self) -> None:
        self.done["prune"] += 1


@pytest.fixture
def conninfo(postgres_url: str) -> str:
    with Store.open(postgres_url) as store:
        install_queue(store)
    return postgres_url.replace("+psycopg", "")


@asynccontextmanager
async def worker(
    conninfo: str, kind: type[Counting] = Counting
) -> AsyncIterator[tuple[Counting, procrastinate.App]]:
    """Run the queue of the desk with every duty each second."""
    duties = kind()
    app = tasks.make_app(conninfo, duties, connections=4)
    known = app.periodic_registry.periodic_tasks
    known |= {key: attr.evolve(task, cron=EVERY_SECOND) for key, task in known.items()}
    async with app.open_async():
        running = asyncio.create_task(
            app.run_worker_async(
                queues=[tasks.DESK],
                concurrency=8,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=0.5,
            )
        )
        try:
            yield duties, app
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.mark.postgres
async def test_each_turn_of_each_duty_is_taken_once(conninfo: str):
    began = time.time()
    async with (
        worker(conninfo) as (first, _),
        worker(conninfo) as (second, _),
        worker(conninfo) as (third, _),
    ):
        everyone = (first, second, third)
        async with asyncio.timeout(60):
            while len({turn for each in everyone for turn in each.turns}) < 3:
                await asyncio.sleep(0.1)
    turns = [turn for each in everyone for turn in each.turns]
    assert len(set(turns)) == len(turns)
    done = sum((each.done for each in everyone), Counter[str]())
    assert set(done) == DUTIES
    seconds = range(int(began), int(time.time()) + 1)  # of turns: also the one under way at first
    assert max(done.values()) <= len(seconds)


class Slow(Counting):
    """One whose mail server does not answer for longer than a turn."""

    telling = 0  # of all workers, at this moment
    most = 0

    async def stand_by(self) -> None:
        Slow.telling += 1
        Slow.most = max(Slow.most, Slow.telling)
        try:
            await asyncio.sleep(2.5)
        finally:
            Slow.telling -= 1
        await super().stand_by()


@pytest.mark.postgres
async def test_people_are_told_by_one_worker_at_a_time_however_long_it_takes(conninfo: str):
    async with worker(conninfo, Slow) as (first, _), worker(conninfo, Slow) as (second, _):
        async with asyncio.timeout(60):
            while first.done["stand_by"] + second.done["stand_by"] < 2:
                await asyncio.sleep(0.1)
        looks = first.done["look"] + second.done["look"]
    assert Slow.most == 1
    assert looks >= 3  # those waited for nobody


@pytest.mark.postgres
async def test_what_is_handed_out_comes_to_whoever_may(conninfo: str):
    async with worker(conninfo) as (duties, app):
        await tasks.hand_out(app, tasks.DISPATCH, "mail")
        async with asyncio.timeout(30):
            while not duties.done["dispatch mail"]:
                await asyncio.sleep(0.05)
        assert await tasks.hand_out(app, tasks.VISIT, "a.example")  # no worker takes visits here
        assert not await tasks.hand_out(app, tasks.VISIT, "a.example")
        chunk = {"is_dry": True, "is_telling": False}
        assert await tasks.hand_out_chunk(app, 7, 1000, **chunk)
        assert not await tasks.hand_out_chunk(app, 7, 1000, **chunk)
        assert await tasks.hand_out_chunk(app, 7, 2000, **chunk)
        # a part of a backfill waits beside the visit of its host, and never runs beside it
        assert await tasks.hand_out_backfill(app, 3, "a.example", is_telling=False)
        assert not await tasks.hand_out_backfill(app, 3, "a.example", is_telling=False)


async def test_prometheus_hears_what_a_worker_did():
    figures = WorkerMetrics()
    figures.follow(lambda: 5, lambda: 2)
    figures.visits.labels("not_modified").inc()
    figures.lag.observe(0.7)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with serving(figures, f"127.0.0.1:{port}"):
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
            text = await answer.text()
        with (
            pytest.raises(WebError, match=f"127.0.0.1:{port}"),
            serving(figures, f"127.0.0.1:{port}"),
        ):
            pass
    assert 'marsad_worker_visits_total{outcome="not_modified"} 1.0' in text
    assert 'marsad_worker_visit_lag_seconds_bucket{le="1.0"} 1.0' in text
    assert "marsad_worker_articles 5.0" in text
    assert "process_cpu_seconds_total" in text


@pytest.mark.parametrize("address", ["9150", "host:", ":9150", "host:0", "host:x", "host:70000"])
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(UsageError, match="HOST:PORT"), serving(WorkerMetrics(), address):
        pass
