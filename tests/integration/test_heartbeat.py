"""The sign of life: given while marsad works, kept back when it does not."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from alerting import Clock
from sinks import serving

from alerts.heartbeat import Wellbeing, next_line
from alerts.heartbeat_settings import DailySettings
from domain.source import Source
from marsad.config import Config, load_config
from marsad.heartbeat import Heartbeat
from storage import Store

NOW = datetime(2026, 3, 14, 6, 30, tzinfo=UTC)  # 07:30 in Algiers
PAPER = Source(id="paper", name="P", url="https://p.example/", language="fr", country="DZ")


class Watcher:
    """What waits for pings: keeps the paths that it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        return web.Response(status=self.status, text=str(request.url))


@asynccontextmanager
async def watcher() -> AsyncIterator[Watcher]:
    found = Watcher()
    async with serving(found.answer) as port:
        found.url = f"http://127.0.0.1:{port}/ping/s3cr3t-uuid-0123"
        yield found


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'm.db'}") as store:
        yield store


def config(folder: Path, url: str | None, **more: object) -> Config:
    beat = {"every": "60s", **({"url": url} if url else {}), **more}
    alerts = {
        "channels": {"lines": {"type": "file", "path": "lines.jsonl"}},
        "heartbeat": beat,
    }
    path = folder / "config.yaml"
    crawler = {"allow_private_networks": True, "include": []}
    path.write_text(yaml.safe_dump({"crawler": crawler, "alerts": alerts}), "utf-8")
    return load_config(path, {})


def heart(loaded: Config, store: Store, clock: Clock) -> Heartbeat:
    assert loaded.alerts.heartbeat is not None
    return Heartbeat(loaded, loaded.alerts.heartbeat, store, clock)


async def test_pings_at_its_interval(tmp_path: Path, opened: Store):
    clock = Clock(NOW)
    async with watcher() as found:
        beating = heart(config(tmp_path, found.url), opened, clock)
        for _ in range(7):
            await beating.beat()
            clock.pass_by(timedelta(seconds=30))
    assert found.asked == ["GET /ping/s3cr3t-uuid-0123"] * 4


async def test_several_that_take_turns_ping_as_often_as_one(tmp_path: Path, opened: Store):
    clock, turn = Clock(NOW), timedelta(seconds=10)
    async with watcher() as found:
        hearts = [heart(config(tmp_path, found.url), opened, clock) for _ in range(3)]
        for number in range(18):  # three minutes
            await hearts[number * number % 3].beat_in_turn(clock(), turn)
            clock.pass_by(turn)
    assert len(found.asked) == 3


async def test_sources_that_nobody_visits_stop_it(tmp_path: Path, opened: Store):
    opened.sync_sources([PAPER], NOW)
    clock = Clock(NOW + timedelta(minutes=29))
    async with watcher() as found:
        beating = heart(config(tmp_path, found.url), opened, clock)
        await beating.beat()
        assert len(found.asked) == 1
        clock.pass_by(timedelta(minutes=2))
        await beating.beat()
    assert len(found.asked) == 1


async def test_a_store_that_does_not_answer_stops_it(
    tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
):
    opened.query("SELECT 1")
    async with watcher() as found:
        beating = heart(config(tmp_path, found.url), opened, Clock(NOW))
        opened.close()
        for name in ("m.db", "m.db-wal", "m.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / "m.db").write_bytes(b"no database at all" * 99)
        await beating.beat()
    assert found.asked == []
    assert "no sign of life is given" in caplog.text


async def test_a_watcher_that_fails_ends_nothing_and_its_address_is_not_logged(
    tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    clock = Clock(NOW)
    async with watcher() as found:
        found.status = 500
        beating = heart(config(tmp_path, found.url), opened, clock)
        await beating.beat()
    clock.pass_by(timedelta(minutes=2))
    await beating.beat()  # nobody is there any more
    assert "HTTP 500" in caplog.text
    assert "not reached" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert any("s3cr3t" in secret for secret in beating._config.secrets())


async def test_a_line_a_day_is_put_up_once_however_often_marsad_starts(
    tmp_path: Path, opened: Store
):
    clock = Clock(NOW)
    loaded = config(tmp_path, None, daily={"at": "08:00", "channel": "lines"})
    for _ in range(3):
        beating = heart(loaded, opened, clock)
        for _ in range(8):
            await beating.beat()
            clock.pass_by(timedelta(minutes=15))
        clock.now -= timedelta(hours=2)
    clock.pass_by(timedelta(days=1))
    beating = heart(loaded, opened, clock)
    for _ in range(8):
        await beating.beat()
        clock.pass_by(timedelta(minutes=15))
    lines = opened.duty.bulletins()
    assert [line.key for line in lines] == ["daily 2026-03-14", "daily 2026-03-15"]
    assert {line.channel for line in lines} == {"lines"}
    assert lines[0].subject == "All is well: 0 sources, 0 articles with hits in 24 hours"


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-14T06:59:59", "2026-03-14T07:00:00"),
        ("2026-03-14T07:00:00", "2026-03-15T07:00:00"),
        ("2026-12-31T23:59:00", "2027-01-01T07:00:00"),
    ],
)
def test_the_next_line_is_at_its_hour_in_algiers(now: str, due: str):
    daily = DailySettings.model_validate({"at": "08:00"})
    at = next_line(daily, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert at == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_line_says_what_is_not_well():
    well = Wellbeing(sources=9, troubled=0, articles=4, failed=0)
    assert well.subject == "All is well: 9 sources, 4 articles with hits in 24 hours"
    ill = Wellbeing(sources=9, troubled=2, articles=0, failed=3)
    assert ill.subject == ("Running, but 2 of 9 sources in trouble; 3 messages refused for good")
    assert "alerts pending --failed" in ill.body
