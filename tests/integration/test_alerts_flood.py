"""Ten thousand hits in a minute: at most thirty messages, and every hit is counted in one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from alerting import NOW, Clock, article, match
from sinks import mail_server, web_hook

from alerts.channels import make_channel
from alerts.dispatcher import Dispatcher
from alerts.guarding import Guard
from alerts.planning import Planner
from alerts.settings import AlertSettings
from domain.asking import OutboxQuery
from domain.filing import Filing
from domain.notice import DeliveryState
from domain.source import Source
from marsad.duty import DutyDesk
from marsad.pipeline import StoredOutbox
from storage.store import Store

HITS, COMMITS = 10_000, 20


@pytest.mark.timeout(300)
async def test_f1_a_flood_of_ten_thousand(tmp_path: Path, seen: Callable[[str], None]) -> None:
    clock = Clock()
    with Store.open(f"sqlite:///{tmp_path}/marsad.db") as store:
        paper = {"id": "paper", "name": "Le Papier", "url": "https://paper.example/"}
        store.sync_sources([Source(language="fr", country="DZ", **paper)], NOW)
        async with mail_server() as box, web_hook() as hook:
            settings = AlertSettings.model_validate(
                {
                    "channels": {
                        "mail": {
                            "type": "email",
                            "host": "127.0.0.1",
                            "port": box.port,
                            "sender": "marsad@desk.example",
                            "recipients": ["analyst@desk.example"],
                        },
                        "slack": {"type": "slack", "webhook_url": hook.url},
                    },
                    "routes": [{"channels": ["mail", "slack"]}],
                }
            )
            guard = Guard(allow_private=True)
            channels = {
                name: make_channel(name, each, clock=clock, guard=guard)
                for name, each in settings.channels.items()
            }
            channels["slack"].gap = 0.0
            planner = Planner(settings)
            sender = Dispatcher(channels, StoredOutbox(store), clock=clock, rng=Random(1))
            duty = DutyDesk(
                store,
                planner,
                settings.channels,
                clock,
                wake=sender.poke,
                troubles=sender.troubles,
                guard_of=lambda _: guard,
            )
            for number in range(COMMITS):
                _publish(store, planner, clock, number)
                clock.pass_by(timedelta(minutes=1) / COMMITS)
                await sender.drain_once()
                await duty.look()
            for _ in range(30):  # half an hour later
                clock.pass_by(timedelta(minutes=1))
                await sender.drain_once()
                await duty.look()
            subjects = [str(mail["Subject"]) for mail in box.mails]
            posts = [payload["text"] for payload in hook.payloads]
    assert len(subjects) <= 30
    seen(f"10,000 hits were {len(subjects)} mails and {len(posts)} posts")
    assert len(posts) <= 30
    for said in (subjects, posts):
        digests = [m for text in said if (m := re.search(r"(\d+) articles", text))]
        singles = sum("naval" in text for text in said)
        assert singles + sum(int(m[1]) for m in digests) == HITS
        assert sum("too many hits" in text for text in said) == 1
        assert sum("flood is over" in text for text in said) == 1


def _publish(store: Store, planner: Planner, clock: Clock, commit: int) -> None:
    filings = []
    for number in range(commit * HITS // COMMITS, (commit + 1) * HITS // COMMITS):
        told = article(
            url=f"https://paper.example/{number}",
            title=f"Manœuvre naval n° {number}",
            first_seen=clock(),
        )
        found = (match(evidence=()),)
        planned = planner.plan(told, found, now=clock())
        filings.append(Filing(article=told, matches=found, deliveries=planned))
    store.file(filings, None, clock())
    dead = OutboxQuery(states=(DeliveryState.FAILED,))
    assert store.deliveries(dead) == []
