"""From the store's outbox to mail and Slack and back: every alert arrives, whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from alerting import NOW, Clock, article, match
from sinks import Hook, Mailbox, mail_server, web_hook

from alerts.channels import make_channel
from alerts.dispatcher import Dispatcher
from alerts.guarding import Guard
from alerts.ports import Channel
from alerts.routing import plan
from alerts.settings import AlertSettings
from domain.filing import Filing
from domain.source import Source
from marsad.pipeline import StoredOutbox
from storage.store import Store


class Desk:
    """A store with an outlet, and channels to a mailbox and a webhook."""

    def __init__(self, store: Store, box: Mailbox, hook: Hook) -> None:
        self.store, self.box, self.hook, self.clock = store, box, hook, Clock()
        mail = {
            "type": "email",
            "host": "127.0.0.1",
            "port": box.port,
            "sender": "marsad@desk.example",
            "recipients": ["analyst@desk.example"],
        }
        both = {"channels": ["mail", "slack"]}
        self.settings = AlertSettings.model_validate(
            {
                "channels": {"mail": mail, "slack": {"type": "slack", "webhook_url": hook.url}},
                "routes": [both, {**both, "mode": "digest", "at": "18:00"}],
            }
        )
        self.channels: dict[str, Channel] = {
            name: make_channel(name, channel, clock=self.clock, guard=Guard(allow_private=True))
            for name, channel in self.settings.channels.items()
        }
        self.channels["slack"].gap = 0.0

    def publish(self, *numbers: int) -> None:
        filings = []
        for number in numbers:
            told = article(url=f"https://paper.example/{number}", title=f"Exercice n° {number}")
            found = (match(), match("another-rule", score=0.6))
            planned = plan(
                told,
                found,
                self.settings.routes,
                now=self.clock(),
                max_age=self.settings.max_age,
            )
            filings.append(Filing(article=told, matches=found, deliveries=planned))
        self.store.file(filings, None, self.clock())

    async def deliver(self, **more: object) -> dict[str, int]:
        """Deliver what is due, as a process that has just started would."""
        outbox = StoredOutbox(self.store)
        sender = Dispatcher(self.channels, outbox, clock=self.clock, rng=Random(1), **more)  # type: ignore[arg-type]
        return await sender.drain_once()

    def states(self) -> list[tuple[object, ...]]:
        counted = (
            "SELECT channel, mode, state, count(*) FROM v_alerts GROUP BY 1, 2, 3 ORDER BY 1, 2"
        )
        return [tuple(row) for row in self.store.query(counted).rows]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/marsad.db") as opened:
        paper = {"id": "paper", "name": "Le Papier", "url": "https://paper.example/"}
        opened.sync_sources([Source(language="fr", country="DZ", **paper)], NOW)
        yield opened


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Desk]:
    async with mail_server() as box, web_hook() as hook:
        yield Desk(store, box, hook)


async def test_a_hit_of_two_rules_is_told_once_a_channel_and_mode(store: Store):
    async with opened(store) as desk:
        desk.publish(1)
        assert await desk.deliver() == {"accepted": 2}
        assert [len(desk.box.mails), len(desk.hook.payloads)] == [1, 1]
        desk.clock.pass_by(timedelta(hours=9))
        assert await desk.deliver() == {"accepted": 2}
        assert await desk.deliver() == {}
        assert len(set(desk.box.ids())) == 2
        assert {state for *_, state, _ in desk.states()} == {"sent"}


async def test_a_crash_between_send_and_mark_repeats_one_mail_under_its_id(store: Store):
    class KilledError(BaseException):
        pass

    def die(step: str) -> None:
        if step == "after-send":
            raise KilledError

    async with opened(store) as desk:
        desk.publish(1)
        with pytest.raises(KilledError):
            await desk.deliver(failpoint=die)
        desk.clock.pass_by(timedelta(seconds=90))
        await desk.deliver()
        await desk.deliver()
        assert len(desk.box.mails) == 2
        assert len(set(desk.box.ids())) == 1
        references = {str(mail["X-Marsad-Reference"]) for mail in desk.box.mails}
        assert len(references) == 1
        said = [str(payload["blocks"]).partition("M-")[2][:10] for payload in desk.hook.payloads]
        assert len(said) == 2
        assert len(set(said)) == 1


async def test_mail_down_for_an_hour_delays_slack_by_nothing_and_loses_nothing(store: Store):
    async with opened(store) as desk:
        desk.publish(*range(1, 8))
        desk.box.after_data = ["421 down"] * 10_000
        tries = 0
        for _ in range(60):
            tries += (await desk.deliver()).get("retry", 0)
            desk.clock.pass_by(timedelta(minutes=1))
        assert len(desk.hook.payloads) == 7
        assert desk.box.mails == []
        desk.box.after_data = []
        for _ in range(20):
            await desk.deliver()
            desk.clock.pass_by(timedelta(minutes=1))
        assert len(desk.box.mails) == len(set(desk.box.ids())) == 7
        assert tries < 7 * 12  # a few tries each in an hour, not one a minute


async def test_more_hits_than_one_claim_takes_are_a_digest_a_channel(store: Store):
    async with opened(store) as desk:
        desk.settings = desk.settings.model_copy(update={"routes": desk.settings.routes[1:]})
        desk.publish(*range(1200))
        desk.clock.pass_by(timedelta(hours=9))
        assert await desk.deliver() == {"accepted": 2400}
        assert [len(desk.box.mails), len(desk.hook.payloads)] == [1, 1]
        assert desk.states() == [
            ("mail", "digest", "sent", 1200),
            ("slack", "digest", "sent", 1200),
        ]
        assert len(desk.box.mails[0].as_bytes()) < 1_000_000
        assert len(desk.hook.payloads[0]["blocks"]) <= 50
        assert "more" in str(desk.hook.payloads[0]["blocks"][-1])


async def test_a_flood_of_single_alerts_becomes_a_message(store: Store):
    async with opened(store) as desk:
        desk.settings = desk.settings.model_copy(update={"routes": desk.settings.routes[:1]})
        desk.publish(*range(400))
        assert await desk.deliver() == {"accepted": 800}
        assert [len(desk.box.mails), len(desk.hook.payloads)] == [25, 25]
        assert desk.box.mails[-1]["Subject"].endswith("376 articles, 376 stories")
