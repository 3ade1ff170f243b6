"""Several workers on one PostgreSQL: one pace a host, nothing lost, whatever dies."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from aiohttp import ClientSession
from cluster_stage import Cluster, cluster
from newsroom import DULL

# Hits of a story that nobody was told of: one event in many papers is told once.
UNTOLD = """SELECT count(*) FROM v_hits h WHERE NOT EXISTS (
    SELECT 1 FROM v_alerts a WHERE a.story_id = h.story_id AND a.state = 'sent')"""
HITS = "SELECT count(*) FROM v_hits"
TOLD = "SELECT count(*) FROM v_alerts WHERE state = 'sent'"
ARTICLES = "SELECT count(*) FROM articles"
NEARLY = 0.05  # seconds by which two arrivals may look nearer than they were sent

MOST = 20  # articles a host publishes while things die
SECONDS = float(os.environ.get("MARSAD_CLUSTER_SECONDS", "15"))  # of faults

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400 + 4 * SECONDS)]


@pytest.fixture
async def eight(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path, 8) as made:
        yield made


async def test_two_workers_share_hosts_and_tell_once(eight: Cluster):
    hits = eight.stage.publish(4)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        metrics = f"127.0.0.1:{free.getsockname()[1]}"
    with_a_past(eight, "host-0", "host-1")
    await eight.start("--metrics", metrics)
    await eight.start()
    await eight.until(ARTICLES, 8 * 4, 60)
    await eight.until(HITS, hits, 30)
    await eight.until(UNTOLD, 0, 30)
    ids = eight.mailbox.ids()
    assert len(set(ids)) == len(ids) == eight.rows(TOLD)[0][0] >= 3
    assert eight.stage.closest() >= eight.delay - NEARLY
    await eight.until("SELECT count(*) FROM procrastinate_workers", 6, 30)
    status = await eight.marsad("cluster", "status", "--json")
    assert await status.wait() == 0
    facts = json.loads(status.output)
    assert [w["is_alive"] for w in facts["workers"]] == [True] * 6  # each has three parts
    await rematch_by_workers(eight)
    await backfill_by_workers(eight)
    async with ClientSession() as session, session.get(f"http://{metrics}/metrics") as answer:
        told = await answer.text()
    assert re.search(r"^marsad_worker_(visits|duties)_total{.*} [1-9]", told, re.MULTILINE), told
    daemon = await eight.marsad("run")
    assert await daemon.wait() == 1
    assert len(daemon.errors.splitlines()) == 1, daemon.errors
    assert "held by" in daemon.errors
    for worker in list(eight.workers):
        assert await worker.stop() == 0


def with_a_past(made: Cluster, *sources: str) -> None:
    """Give hosts a sitemap that robots.txt names, with an article that no feed lists."""
    for source in sources:
        press = made.stage.presses[made.stage.address(int(source.rpartition("-")[2]))]
        press.publish("past", (f"{DULL[0]} jadis ({source})", DULL[1]), is_full=False)
        (path,) = [path for path in press.pages if path.startswith("/past/") and "html" in path]
        stamp = (datetime.now(UTC) - timedelta(days=3)).isoformat()
        press.pages["/robots.txt"] = f"Sitemap: {press.url}/sitemap.xml\n"
        press.pages["/sitemap.xml"] = (
            "<?xml version='1.0' encoding='UTF-8'?>"
            "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
            f"<url><loc>{press.url}{path}</loc><lastmod>{stamp}</lastmod></url></urlset>"
        )


async def backfill_by_workers(made: Cluster) -> None:
    """Collect what two hosts published before, and see that a third has no past."""
    wanted = ("host-0", "host-1")
    past = await made.marsad("backfill", *wanted, "--since", "30d")
    assert await past.wait() == 0, past.errors
    assert [line.split(":")[0] for line in past.errors.splitlines()] == list(wanted)
    assert made.rows("SELECT count(*) FROM articles WHERE title LIKE '%jadis%'") == [(2,)]
    assert made.rows("SELECT count(finished) FROM backfills") == [(2,)]
    none = await made.marsad("backfill", "host-2", "--since", "30d")
    assert await none.wait() == 1
    assert "goes back in time" in none.errors


async def rematch_by_workers(made: Cluster) -> None:
    """Judge again what stands in the store with scores that no rule gives."""
    hits = made.rows(HITS)[0][0]
    scores = made.rows("SELECT hit_id, score FROM hits ORDER BY 1")
    with psycopg.connect(made.database.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE hits SET score = 0.123")
    again = await made.marsad("rematch", "--json")
    assert await again.wait() == 0, again.errors
    found = json.loads(again.output)
    assert (found["articles"], found["score"], found["new"], found["lost"]) == (8 * 4, hits, 0, 0)
    assert made.rows("SELECT hit_id, score FROM hits ORDER BY 1") == scores
    assert made.rows("SELECT count(*) FROM rematch_chunks") == [(0,)]


async def test_a_worker_that_was_stopped_wakes_and_stores_nothing(eight: Cluster):
    eight.stage.latency = 0.2
    eight.stage.publish(6)
    sleeper = await eight.start()
    await eight.takes_jobs(sleeper)
    await eight.until("SELECT (count(*) >= 4)::int FROM articles", 1, 60)
    family = [sleeper.pid, *sleeper.descendants()]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    await eight.takes_jobs(await eight.start())
    await eight.until(ARTICLES, 8 * 6, 60)
    for pid in family:
        os.kill(pid, signal.SIGCONT)
    await asyncio.sleep(3)
    assert eight.rows(ARTICLES) == [(8 * 6,)]
    doubles = "SELECT count(*) - count(DISTINCT url) FROM articles"
    assert eight.rows(doubles) == [(0,)]
    assert eight.stage.closest() >= eight.delay - NEARLY
    assert await sleeper.stop() == 0


SLOW = """CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_setting('application_name') LIKE 'marsad {pid}@%' THEN PERFORM pg_sleep(2); END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER slow AFTER INSERT ON hits FOR EACH ROW EXECUTE FUNCTION slow()"""
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
HELD = """SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'marsad {pid}@%'
    AND state LIKE 'idle in transaction%' AND backend_xid IS NOT NULL"""


async def test_a_worker_that_slept_in_a_transaction_wakes_and_goes_on(eight: Cluster):
    """It holds the lock on which every other one files hits, until its session is ended."""
    hits = eight.stage.publish(3)
    upgrade = await eight.marsad("db", "upgrade")
    assert await upgrade.wait() == 0, upgrade.errors
    sleeper = await eight.start()
    with psycopg.connect(eight.database.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(SLOW.replace("{pid}", str(sleeper.pid)))
    await eight.until(f"SELECT (({ASLEEP}) > 0)::int", 1, 60)
    family = [sleeper.pid, *sleeper.descendants()]
    send(family, signal.SIGSTOP)
    held = HELD.replace("{pid}", str(sleeper.pid))
    await eight.until(f"SELECT (({held}) > 0)::int", 1, 10)
    other = await eight.start()
    await eight.until(HITS, hits, 90)
    assert eight.rows(held) == [(0,)]
    since = len(sleeper.errors.splitlines())
    send(family, signal.SIGCONT)
    await asyncio.sleep(5)
    said = sleeper.errors.splitlines()[since:]
    assert any("taken over" in line or "taken back" in line for line in said), said
    assert "Traceback" not in sleeper.errors, sleeper.errors
    assert len([line for line in said if '"info"' not in line]) <= 2 * 8 + 8, said  # some a host
    # what it takes up now, it does alone
    await eight.kill(other)
    eight.stage.publish(5)
    await eight.until(ARTICLES, 8 * 5, 90)
    await eight.until(UNTOLD, 0, 60)
    assert eight.rows(HITS) == [(hits,)]
    assert eight.rows("SELECT count(*) - count(DISTINCT url) FROM articles") == [(0,)]
    ids = eight.mailbox.ids()
    assert len(set(ids)) == len(ids)
    assert eight.stage.closest() >= eight.delay - NEARLY
    assert await sleeper.stop() == 0, sleeper.errors


async def test_workers_are_replaced_one_by_one_and_nothing_is_done_twice(eight: Cluster):
    """As in an upgrade: newer ones beside older, and a job of a task that none of them knows."""
    eight.stage.latency = 0.2
    hits = eight.stage.publish(5)
    old = [await eight.start() for _ in range(2)]
    for worker in old:
        await eight.takes_jobs(worker)
    with psycopg.connect(eight.database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
            " SELECT queue_name, 'of-the-next-release', '{}' FROM procrastinate_jobs LIMIT 1"
        )
    await eight.until("SELECT (count(*) >= 4)::int FROM articles", 1, 60)
    for worker in old:
        await eight.takes_jobs(await eight.start())
        assert await worker.stop() == 0, worker.errors
        eight.workers.remove(worker)
    await eight.until(ARTICLES, 8 * 5, 60)
    await eight.until(HITS, hits, 30)
    await eight.until(UNTOLD, 0, 30)
    assert eight.rows("SELECT count(*) - count(DISTINCT url) FROM articles") == [(0,)]
    ids = eight.mailbox.ids()
    assert len(set(ids)) == len(ids) == eight.rows(TOLD)[0][0]
    assert eight.stage.closest() >= eight.delay - NEARLY
    unknown = "SELECT status FROM procrastinate_jobs WHERE task_name = 'of-the-next-release'"
    assert eight.rows(unknown) in ([], [("failed",)])
    assert [worker.is_running for worker in eight.workers] == [True, True]


async def test_a_worker_starts_although_one_that_is_stuck_holds_the_sources(eight: Cluster):
    upgrade = await eight.marsad("db", "upgrade")
    assert await upgrade.wait() == 0, upgrade.errors
    url = eight.database.replace("+psycopg", "")
    stuck = await psycopg.AsyncConnection.connect(url, application_name="marsad gone@elsewhere")
    try:
        await stuck.execute("LOCK TABLE sources IN EXCLUSIVE MODE")
        worker = await eight.start()
        await eight.takes_jobs(worker)
        assert "marsad gone@elsewhere" in worker.errors
        assert await worker.stop() == 0
    finally:
        await stuck.close()


OURS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'marsad %'"""


@pytest.mark.parametrize(("command", "up"), [("worker", "takes jobs"), ("run", "marsad runs")])
async def test_what_starts_while_the_server_cuts_its_sessions_starts_and_stops(
    eight: Cluster, command: str, up: str
):
    """Wherever in its start it is: one that was up already is cut while it begins to work."""
    upgrade = await eight.marsad("db", "upgrade")
    assert await upgrade.wait() == 0, upgrade.errors
    chance = random.Random(1204)
    for _ in range(6):
        started = await eight.marsad(command)
        await eight.until(f"SELECT (({OURS}) > 0)::int", 1, 60, pause=0.005)
        for _ in range(3):
            eight.cut_connections()
            await asyncio.sleep(chance.uniform(0.0, 0.1))
        await eight.says(started, up)
        assert await started.stop() == 0, started.errors
        assert "Traceback" not in started.errors, started.errors


async def test_nothing_is_lost_and_no_host_is_hurried_by_what_dies(tmp_path: Path):
    """Three workers under random kills, stops and cut connections; then a quiet moment."""
    seconds = SECONDS
    count = int(os.environ.get("MARSAD_CLUSTER_HOSTS", "20"))
    chance = random.Random(20231204)
    async with cluster(tmp_path, count) as made:
        for _ in range(3):
            await made.start()
        await made.until("SELECT (count(*) > 0)::int FROM v_sources", 1, 60 + seconds)
        faults: Counter[str] = Counter()
        hits, articles = 0, 0
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if passed >= articles * seconds / MOST:  # there is work to lose as long as it lasts
                articles += 1
                hits = made.stage.publish(articles)
            await asyncio.sleep(chance.uniform(1.0, 3.0))
            faults[await misfortune(made, chance)] += 1
        while len(made.workers) < 3:
            await made.start()
        await made.until(ARTICLES, count * articles, 120 + seconds)
        await made.until(HITS, hits, 60)
        await made.until(UNTOLD, 0, 60)
        ids = Counter(made.mailbox.ids())
        print(
            f"{dict(faults)}; {hits} hits, {sum(ids.values())} mails; closest two requests"
            f" {made.stage.closest():.3f} s of {made.delay} s"
        )
        assert len(ids) >= 3
        assert sum(ids.values()) - len(ids) <= sum(faults.values())
        assert made.stage.closest() >= made.delay - NEARLY
        for worker in list(made.workers):
            assert worker.is_running, worker.errors
            assert await worker.stop() == 0, worker.errors
        if seconds >= 60:
            assert judged(made) == await judged_by_one_machine(made)


JUDGED = """SELECT a.url, h.rule, round(h.score * 1000)
    FROM articles a LEFT JOIN hits h USING (article_id)"""


def judged(made: Cluster) -> set[tuple[str, str | None, int | None]]:
    """Return every article with its verdicts."""
    rows = made.rows(JUDGED)
    return {(url, rule, None if score is None else int(score)) for url, rule, score in rows}


async def judged_by_one_machine(made: Cluster) -> set[tuple[str, str | None, int | None]]:
    """Return what one process without any fault comes to on the same hosts."""
    path = made.folder / "alone.db"
    alone = await made.marsad("--database", f"sqlite:///{path}", "crawl", "--all", "--no-alerts")
    assert await alone.wait() == 0, alone.errors
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(JUDGED).fetchall()
    return {(url, rule, None if score is None else int(score)) for url, rule, score in rows}


async def misfortune(made: Cluster, chance: random.Random) -> str:
    """Let something happen to a worker or to all of them; return what it was."""
    worker = chance.choice(made.workers)
    kind = chance.choice(["kill", "kill", "stop", "cut"])
    if kind == "kill":
        await made.kill(worker)
        await made.start()
    elif kind == "stop":
        family = [worker.pid, *worker.descendants()]
        send(family, signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(1.0, 6.0))
        send(family, signal.SIGCONT)
    else:
        made.cut_connections()
    return kind


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
