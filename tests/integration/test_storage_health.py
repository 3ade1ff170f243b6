"""Health in the store: state, history, what the operator was told; and telling it for real."""

from __future__ import annotations

from datetime import timedelta

from sinks import mail_server
from storage_promises import MINUTE, NOW, outlet, report, rows

from alerts.settings import AlertSettings
from crawler.rhythm import learn
from domain.health import Health, HealthState, WayHealth
from domain.source import FetchState, VisitOutcome
from marsad.operator import OperatorDesk
from storage import Store

RHYTHM = learn(None, [NOW - timedelta(hours=n) for n in range(20)], NOW)
FEED = "https://tsa.example/feed"


def ends(store: Store, state: HealthState, minutes: int, *, key: str = "tsa", sure: bool = True):
    """File a visit that leaves the source in ``state``, so many minutes after NOW."""
    now = NOW + MINUTE * minutes
    is_well = state in (HealthState.OK, HealthState.QUIET)
    outcome = VisitOutcome.OK if is_well else VisitOutcome.HTTP
    health = Health(state=state, since=now, reason="" if is_well else "HTTP 503", is_sure=sure)
    way = WayHealth(url=FEED, state=state, since=now, failures=2, newest=NOW, moved_to=FEED + "2")
    told = FetchState(
        source_id=key,
        next_due=now + 5 * MINUTE,
        last_visit=now,
        outcome=outcome,
        health=health,
        rhythm=RHYTHM,
        ways=(way,),
    )
    store.file([], report(key, told, outcome=outcome, finished=now), now)
    return told


def test_what_was_judged_comes_back(store: Store) -> None:
    store.sync_sources([outlet("tsa")], NOW)
    [new] = store.fetch_states()
    assert (new.health, new.rhythm, new.ways) == (None, None, ())
    told = ends(store, HealthState.SILENT, 1)
    [held] = store.fetch_states()
    assert held.health == told.health
    assert held.ways == told.ways
    assert held.rhythm is not None
    assert held.rhythm.newest == RHYTHM.newest
    assert max(abs(a - b) for a, b in zip(held.rhythm.hours, RHYTHM.hours, strict=True)) < 0.001
    assert rows(store, "SELECT state FROM v_sources") == [("silent",)]
    view = rows(store, "SELECT state, reason, since FROM v_health")
    assert view == [("silent", "HTTP 503", "2026-01-10T12:01:00Z")]


def test_history_holds_each_change_once(store: Store) -> None:
    store.sync_sources([outlet("tsa")], NOW)
    states = (HealthState.OK, HealthState.OK, HealthState.FAILING, HealthState.FAILING)
    for minute, state in enumerate((*states, HealthState.OK)):
        ends(store, state, minute)
    kept = [(c.before, c.state, c.at - NOW) for c in store.health_history("tsa")]
    assert kept == [
        ("failing", "ok", 4 * MINUTE),
        ("ok", "failing", 2 * MINUTE),
        ("new", "ok", 0 * MINUTE),
    ]
    assert len(rows(store, "SELECT * FROM v_health_changes")) == 3


def test_the_operator_hears_of_each_trouble_and_each_recovery_once(store: Store) -> None:
    store.sync_sources([outlet("tsa"), outlet("elkhabar")], NOW)
    ends(store, HealthState.FAILING, 1, sure=False)
    assert store.untold_health() == []
    ends(store, HealthState.FAILING, 2)
    ends(store, HealthState.QUIET, 2, key="elkhabar")
    [change] = store.untold_health()
    assert (change.source_id, change.state, change.name) == ("tsa", "failing", "Tsa")
    assert change.next_try == NOW + 7 * MINUTE
    store.mark_health_told([change])
    ends(store, HealthState.FAILING, 3)
    assert store.untold_health() == []
    ends(store, HealthState.OK, 4)
    [recovery] = store.untold_health()
    assert (recovery.before, recovery.state, recovery.is_recovery) == ("failing", "ok", True)
    store.mark_health_told([recovery])
    assert store.untold_health() == []


def test_a_source_that_left_the_config_is_told_of_no_more(store: Store) -> None:
    store.sync_sources([outlet("tsa")], NOW)
    ends(store, HealthState.GONE, 1)
    store.sync_sources([], NOW)
    assert store.untold_health() == []


def test_a_clock_set_back_freezes_no_source(store: Store) -> None:
    store.sync_sources([outlet("tsa")], NOW)
    ends(store, HealthState.OK, 24 * 60)
    assert store.due_sources(NOW + 24 * 60 * MINUTE, 9) == []
    assert [s.source_id for s in store.due_sources(NOW, 9)] == ["tsa"]
    ends(store, HealthState.OK, 0)
    assert store.due_sources(NOW + MINUTE, 9) == []


def test_hosts_on_hold_are_kept_until_their_time(store: Store) -> None:
    store.hold("a.example", NOW + MINUTE, NOW)
    store.hold("b.example:8080", NOW + 9 * MINUTE, NOW)
    store.hold("b.example:8080", NOW + 5 * MINUTE, NOW)
    expected = {"a.example": NOW + MINUTE, "b.example:8080": NOW + 5 * MINUTE}
    assert store.holds(NOW) == expected
    assert set(store.holds(NOW + 2 * MINUTE)) == {"b.example:8080"}
    store.hold("c.example", NOW + 90 * MINUTE, NOW + 60 * MINUTE)
    assert rows(store, "SELECT host FROM holds") == [("c.example",)]


async def test_a_grouped_notice_goes_to_the_operators_channel_and_again_until_taken(
    store: Store,
) -> None:
    store.sync_sources([outlet(key) for key in ("tsa", "elkhabar", "aps")], NOW)
    for key in ("tsa", "elkhabar"):
        ends(store, HealthState.FAILING, 0, key=key)
    now = [NOW + 5 * MINUTE]
    async with mail_server() as mailbox:
        mail = {
            "type": "email",
            "host": "127.0.0.1",
            "port": mailbox.port,
            "sender": "m@desk.example",
            "recipients": ["op@desk.example"],
            "operator": True,
        }
        channels = {"console": {"type": "console"}, "ops": mail}
        settings = AlertSettings.model_validate({"channels": channels})
        desk = OperatorDesk(store, settings.channels, 3, lambda: now[0], pace=5 * MINUTE)
        assert await desk.look() == 0  # not for long enough yet
        now[0] = NOW + 31 * MINUTE
        mailbox.after_data.append("451 later")
        assert await desk.look() == 0
        assert await desk.look() == 2
        assert await desk.look() == 0
        ends(store, HealthState.OK, 40)
        assert await desk.look() == 1
    subjects = [str(mail["Subject"]) for mail in mailbox.mails]
    assert subjects == ["[marsad] 2 sources in trouble", "[marsad] 1 recovered"]


def test_a_rhythm_that_cannot_be_read_is_learnt_anew(store: Store) -> None:
    store.sync_sources([outlet("tsa")], NOW)
    told = ends(store, HealthState.OK, 1)
    database = store._database
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE health SET rhythm = '{\"hours\": 3}'")
    [held] = store.fetch_states()
    assert held.rhythm is None
    assert held.health == told.health
