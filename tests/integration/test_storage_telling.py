"""One story once: what becomes of planned deliveries in the store, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from storage_stage import article, match, source

from alerts.planning import Planner
from alerts.settings import AlertSettings
from domain.asking import OutboxQuery
from domain.filing import Filing
from domain.notice import DeliveryState, Mode, SendOutcome, SendResult
from domain.reminding import reminders
from domain.silence import Silence
from storage.store import Store

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENT = SendOutcome(result=SendResult.ACCEPTED, receipt="<first@desk>")
ALL = OutboxQuery(states=())


class Desk:
    def __init__(self, store: Store, **alerts: Any) -> None:
        self.store, self.now, self.number = store, NOW, 0
        given = {
            "channels": {"mail": {"type": "console"}, "slack": {"type": "console"}},
            "routes": [{"channels": ["mail"]}],
        }
        self.planner = Planner(AlertSettings.model_validate({**given, **alerts}))

    def publish(self, title: str, outlet: str = "aps", **facts: Any) -> None:
        self.publish_all([title], outlet, **facts)

    def publish_all(self, titles: list[str], outlet: str = "aps", **facts: Any) -> None:
        filings = []
        for title in titles:
            self.number += 1
            url = f"https://{outlet}.example/{self.number}"
            told = article(url=url, title=title, source_id=outlet, first_seen=self.now)
            found = (match(**{"partners": ("IT",), "activities": ("visit",), **facts}),)
            planned = self.planner.plan(told, found, now=self.now)
            filings.append(Filing(article=told, matches=found, deliveries=planned))
        self.store.file(filings, None, self.now)

    def deliver(self, channel: str = "mail", mode: Mode = Mode.IMMEDIATE) -> list[int]:
        """Send what is due, message by message; return how many reports each held."""
        sizes = []
        limit = 1 if mode is Mode.IMMEDIATE else 10_000
        while rows := self.store.claim(channel, mode, self.now, MINUTE, limit):
            self.store.settle(rows, SENT, self.now, None)
            sizes.append(len(rows))
        return sizes

    def rows(self) -> list[tuple[str, str, str]]:
        return [(r.channel, r.kind.value, r.state.value) for r in self.store.deliveries(ALL)]

    def due(self) -> list[datetime]:
        return [r.due_at for r in self.store.deliveries(ALL)]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        official = source("mdn", tags=("dz", "ministry"))
        opened.sync_sources([source("aps"), source("tsa"), source("echo"), official], NOW)
        yield opened


def test_a_story_is_told_once_and_the_rest_goes_into_the_next_digest(store: Store) -> None:
    desk = Desk(store)
    for outlet in ("aps", "tsa", "echo"):
        desk.publish("Visite", outlet)
        assert desk.deliver() == ([1] if outlet == "aps" else [])
        desk.now += MINUTE
    assert desk.rows()[1:] == [("mail", "later", "pending")] * 2
    assert desk.due()[1:] == [datetime(2026, 3, 14, 17, 0, tzinfo=UTC)] * 2  # 18:00 in Algiers
    desk.now += timedelta(hours=9)
    assert desk.deliver(mode=Mode.DIGEST) == [2]


def test_a_digest_that_tells_of_it_anyway_needs_no_row_beside_it(store: Store) -> None:
    digest = {"channels": ["mail"], "mode": "digest", "at": "07:30"}
    desk = Desk(store, routes=[{"channels": ["mail"]}, digest])
    desk.publish("Visite")
    desk.publish("Visite", "tsa")
    assert sorted(desk.rows()) == [
        ("mail", "digest", "pending"),
        ("mail", "digest", "pending"),
        ("mail", "immediate", "pending"),
    ]


@pytest.mark.parametrize(
    ("outlet", "facts"),
    [("tsa", {"partners": ("IT", "US")}), ("tsa", {"activities": ("exercise",)}), ("mdn", {})],
)
def test_what_is_material_is_told_at_once_in_the_thread(
    store: Store, outlet: str, facts: dict[str, Any]
) -> None:
    desk = Desk(store)
    desk.publish("Visite")
    desk.deliver()
    desk.now += MINUTE
    desk.publish("Visite", outlet, **facts)
    (row,) = store.claim("mail", Mode.IMMEDIATE, desk.now, MINUTE, 1)
    assert row.thread == "<first@desk>"
    store.settle([row], SENT, desk.now, None)
    desk.publish("Visite", "echo", **facts)  # known by now
    assert desk.deliver() == []


def test_reports_that_come_while_the_first_waits_are_one_message(store: Store) -> None:
    desk = Desk(store, group_wait="5m")
    for outlet in ("aps", "tsa", "echo"):
        desk.publish("Visite", outlet)
        desk.now += MINUTE
    desk.publish("Autre visite")
    assert desk.deliver() == []
    desk.now = NOW + 5 * MINUTE
    assert desk.deliver() == [3]
    desk.now += 5 * MINUTE
    assert desk.deliver() == [1]


def test_a_story_that_was_refused_for_good_is_told_by_its_next_report(store: Store) -> None:
    desk = Desk(store)
    desk.publish("Visite")
    rows = store.claim("mail", Mode.IMMEDIATE, NOW, MINUTE, 1)
    store.settle(rows, SendOutcome(result=SendResult.REFUSED, reason="550 no"), NOW, None)
    desk.publish("Visite", "tsa")
    assert desk.deliver() == [1]
    assert store.duty.report_failures(NOW) == 1
    assert store.duty.report_failures(NOW) == 0
    (bulletin,) = store.duty.bulletins()
    assert (bulletin.avoid, bulletin.subject) == ("mail", "mail refused 1 alert for good")
    assert "- 550 no" in bulletin.body
    store.duty.mark_told([bulletin.key], NOW)
    assert store.duty.bulletins() == []


def test_quiet_hours_end_in_one_digest_and_the_urgent_pass(store: Store) -> None:
    quiet = {"from": "10:00", "to": "12:00", "days": ["saturday"]}
    urgent = {"channels": ["mail"], "partners": ["US"], "urgent": True}
    desk = Desk(store, routes=[urgent, {"channels": ["mail"], "quiet_hours": quiet}])
    desk.publish_all(["Une", "Deux", "Trois"])
    assert desk.deliver() == []
    desk.publish("Urgent", partners=("US",))
    assert desk.deliver() == [1]
    desk.now = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)
    desk.publish("Quatre")
    assert desk.deliver() == [1]
    assert desk.deliver(mode=Mode.DIGEST) == [3]
    assert {mode for (mode,) in store.query("SELECT DISTINCT mode FROM v_alerts").rows} == {
        "digest",
        "immediate",
    }


def silence(**facts: Any) -> Silence:
    return Silence(id=0, **{"ends": NOW + timedelta(hours=1), "reason": "known", **facts})


@pytest.mark.parametrize(
    ("conditions", "is_muted"),
    [
        ({"rule": "defence-cooperation"}, True),
        ({"rule": "other"}, False),
        ({"partner": "IT"}, True),
        ({"partner": "US"}, False),
        ({"outlet": "aps"}, True),
        ({"outlet": "tsa"}, False),
        ({"text": "Coopération  MILITAIRE"}, True),
        ({"text": "militaire coopération"}, False),
        ({"partner": "IT", "outlet": "tsa"}, False),  # all must hold
        ({"partner": "IT", "ends": NOW}, False),  # expired
    ],
)
def test_a_silence_mutes_what_meets_all_of_it(
    store: Store, conditions: dict[str, Any], is_muted: bool
) -> None:
    desk = Desk(store)
    assert store.duty.silence(silence(**conditions), NOW) is not None
    desk.publish("Visite")
    assert desk.deliver() == ([] if is_muted else [1])
    state = "silenced" if is_muted else "sent"
    assert desk.rows() == [("mail", "immediate", state)]
    assert [muted for _, muted in store.duty.silences()] == [int(is_muted)]
    assert len(list(store.query("SELECT 1 FROM hits").rows)) == 1


def test_a_silence_of_a_story_mutes_what_waits_and_what_comes(store: Store) -> None:
    digest = {"channels": ["mail"], "mode": "digest", "at": "07:30"}
    desk = Desk(store, routes=[{"channels": ["mail"]}, digest])
    desk.publish("Visite")
    assert desk.deliver() == [1]
    (row, *_) = store.deliveries(ALL)
    assert store.duty.silence(silence(story_id=99), NOW) is None
    added = store.duty.silence(silence(story_id=row.story_id, ends=NOW + 60 * MINUTE), NOW)
    assert added == (1, 1)
    desk.publish("Visite", "tsa", partners=("US",))
    desk.publish("Autre visite")
    assert desk.deliver() == [1]
    assert desk.rows().count(("mail", "digest", "silenced")) == 2
    assert store.duty.remove_silence(1, NOW) is True
    assert store.duty.remove_silence(1, NOW) is False
    desk.publish("Visite", "echo", partners=("RU",))
    assert desk.deliver() == [1]


def test_an_urgent_story_climbs_until_somebody_acknowledges_it(store: Store) -> None:
    steps = [{"after": "30m", "channels": ["slack"]}, {"after": "2h", "channels": ["slack"]}]
    desk = Desk(store, routes=[{"channels": ["mail"], "urgent": True}], escalation=steps)

    def climb() -> int:
        told = store.duty.told_stories(NOW - timedelta(days=1))
        due = reminders(told, desk.planner.groupings, desk.planner.escalation, desk.now)
        return store.duty.remind(due, desk.now)

    desk.publish("Visite")
    assert climb() == 0
    desk.deliver()
    desk.now += 31 * MINUTE
    assert [climb(), climb()] == [1, 0]
    assert desk.deliver("slack") == [1]
    (row, *_) = store.deliveries(ALL)
    assert store.duty.acknowledge(row.story_id or 0, "amina", desk.now) is True
    assert store.duty.acknowledge(row.story_id or 0, "ali", desk.now) is False
    assert store.duty.acknowledge(99, "ali", desk.now) is None
    desk.now += timedelta(hours=3)
    assert climb() == 0


def test_a_flood_is_gathered_said_once_and_ends(store: Store) -> None:
    desk = Desk(store)
    desk.publish_all([f"Affaire {n}" for n in range(300)])
    assert desk.deliver() == [1] * 20
    assert desk.deliver(mode=Mode.DIGEST) == []
    (said,) = store.duty.bulletins()
    assert (said.channel, said.subject.partition(":")[0]) == ("mail", "route 1")
    desk.now += MINUTE
    assert desk.deliver(mode=Mode.DIGEST) == [280]
    desk.publish("Encore une")  # still flooded: for the next digest
    assert desk.deliver() == []
    assert store.duty.end_floods(desk.planner.flood, desk.now) == 0
    desk.now += 10 * MINUTE
    assert store.duty.end_floods(desk.planner.flood, desk.now) == 1
    assert "281 hits" in store.duty.bulletins()[1].body
    desk.publish("Calme")
    assert desk.deliver() == [1]


def test_f2_an_outlet_that_floods_starves_no_other(store: Store) -> None:
    store.sync_sources([source(), source("loud")], NOW)
    desk = Desk(store)
    for start in range(0, 1000, 250):
        desk.publish_all([f"Affaire {n}" for n in range(start, start + 250)], "loud")
        desk.publish(f"Visite {start}")
    kinds = {r.kind.value for r in store.deliveries(ALL) if r.title.startswith("Visite")}
    assert kinds == {"immediate"}
    assert desk.deliver() == [1] * 24  # 20 of the loud one before it was a flood, and the others
    assert "Most are of loud" in store.duty.bulletins()[0].body
    desk.now += MINUTE
    assert desk.deliver(mode=Mode.DIGEST) == [980]


def test_only_who_is_alone_frees_what_a_crash_left(store: Store) -> None:
    desk = Desk(store)
    desk.publish("Visite")
    (lost,) = store.claim("mail", Mode.IMMEDIATE, NOW, timedelta(days=1), 1)
    assert store.release_leases(NOW) == 1
    assert store.settle([lost], SENT, NOW, None) == 0  # the dead one's word counts no more
    assert desk.deliver() == [1]


def test_rows_are_found_retried_and_dropped_by_what_they_are(store: Store) -> None:
    desk = Desk(store, routes=[{"name": "all", "channels": ["mail", "slack"]}])
    desk.publish_all(["Une", "Deux"])
    found = store.deliveries(OutboxQuery(channel="slack", route="all"))
    assert len(found) == 2
    assert store.drop_deliveries(OutboxQuery(ids=(found[0].id,))) == 1
    assert store.deliveries(OutboxQuery(states=(DeliveryState.DROPPED,))) != []
    assert desk.deliver("slack") == [1]
    again = OutboxQuery(story_id=found[0].story_id, states=(DeliveryState.DROPPED,))
    assert store.retry_deliveries(again, NOW) == 1
    assert desk.deliver("slack") == [1]
    assert store.drop_deliveries(OutboxQuery(states=())) == 2  # of mail; what is sent stays
