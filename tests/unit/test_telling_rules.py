"""Grouping, quiet hours, floods, reminders: pure functions of values and a time that is given."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.flood import FloodPolicy, gathering, is_spared, loud
from domain.grouping import Group, Grouping, Kind, place
from domain.material import Facts, is_official
from domain.quiet import DAYS, QuietHours, quiet_until
from domain.reminding import EscalationStep, ToldStory, reminders

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)  # a Saturday
MINUTE = timedelta(minutes=1)
ITALY = Facts(partners=frozenset({"IT"}), activities=frozenset({"visit"}))
MORE = Facts(partners=frozenset({"IT", "US"}))
OFFICIAL = Facts(partners=frozenset({"IT"}), officials=frozenset({"aps"}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestGrouping:
    def test_the_first_of_a_story_waits_for_company_only_when_told_to(self) -> None:
        alone = place(None, ITALY, Grouping(), NOW)
        assert (alone.kind, alone.due_at) == (Kind.IMMEDIATE, NOW)
        assert place(None, ITALY, Grouping(wait=MINUTE), NOW).due_at == NOW + MINUTE

    def test_what_comes_while_the_first_waits_goes_along(self) -> None:
        group = Group(facts=ITALY, waiting=NOW + MINUTE)
        placed = place(group, ITALY, Grouping(wait=MINUTE), NOW + MINUTE / 2)
        assert (placed.kind, placed.due_at) == (Kind.IMMEDIATE, NOW + MINUTE)

    @pytest.mark.parametrize("facts", [MORE, OFFICIAL, Facts(activities=frozenset({"exercise"}))])
    def test_what_is_material_is_told_at_once_or_after_the_interval(self, facts: Facts) -> None:
        group = Group(facts=ITALY, told_at=NOW)
        later = NOW + timedelta(seconds=10)
        assert place(group, facts, Grouping(), later).due_at == later
        slow = place(group, facts, Grouping(interval=5 * MINUTE), later)
        assert (slow.kind, slow.due_at) == (Kind.IMMEDIATE, NOW + 5 * MINUTE)
        assert place(group, facts, Grouping(interval=5 * MINUTE), NOW + 9 * MINUTE).due_at == (
            NOW + 9 * MINUTE
        )

    def test_two_material_reports_within_an_interval_share_a_notice(self) -> None:
        group = Group(facts=ITALY, told_at=NOW, waiting=NOW + 5 * MINUTE)
        assert place(group, MORE, Grouping(interval=5 * MINUTE), NOW + MINUTE).due_at == (
            NOW + 5 * MINUTE
        )

    def test_a_report_with_nothing_new_is_for_the_next_digest(self) -> None:
        group = Group(facts=ITALY | OFFICIAL, told_at=NOW)
        for facts in (ITALY, OFFICIAL, Facts()):
            placed = place(group, facts, Grouping(wait=MINUTE), NOW + MINUTE)
            assert (placed.kind, placed.due_at) == (Kind.LATER, None)
        # nor does it hurry along with a notice that waits for no company
        waiting = Group(facts=ITALY, waiting=NOW)
        assert place(waiting, ITALY, Grouping(), NOW).kind is Kind.LATER

    @pytest.mark.parametrize(
        ("tags", "is_so"),
        [
            ("dz agency state", True),
            ("dz ministry", True),
            ("us embassy", True),
            ("dz daily state", False),
            ("", False),
        ],
    )
    def test_official_is_a_ministry_an_embassy_or_the_states_agency(
        self, tags: str, is_so: bool
    ) -> None:
        assert is_official(tags.split()) is is_so

    def test_f3_forty_papers_of_one_event_are_one_notice(self) -> None:
        group, told = None, []
        for number in range(40):
            placed = place(group, ITALY, Grouping(), NOW + number * MINUTE)
            told.append(placed.kind)
            group = Group(facts=ITALY, told_at=NOW)
        assert told == [Kind.IMMEDIATE] + [Kind.LATER] * 39


NIGHT = QuietHours(start=time(22), end=time(6), timezone="Africa/Algiers")
FRIDAY = QuietHours(start=time(0), end=time(0), timezone="Africa/Algiers", days=("fri",))


class TestQuietHours:
    @pytest.mark.parametrize(
        ("moment", "end"),
        [
            ("2026-03-14T20:59:59", None),
            ("2026-03-14T21:00", "2026-03-15T05:00"),  # 22:00 in Algiers
            ("2026-03-15T00:30", "2026-03-15T05:00"),  # after midnight
            ("2026-03-15T05:00", None),
        ],
    )
    def test_over_midnight(self, moment: str, end: str | None) -> None:
        assert NIGHT.until(at(moment)) == (at(end) if end else None)

    def test_days_are_those_on_which_they_begin(self) -> None:
        weekend = QuietHours(
            start=time(22), end=time(6), timezone="Africa/Algiers", days=("fri", "sat")
        )
        assert weekend.until(at("2026-03-15T03:00")) == at("2026-03-15T05:00")  # since Saturday
        assert weekend.until(at("2026-03-15T22:00")) is None  # Sunday
        assert FRIDAY.until(at("2026-03-13T12:00")) == at("2026-03-13T23:00")

    def test_one_that_begins_as_another_ends_goes_on(self) -> None:
        thursday_night = QuietHours(
            start=time(22), end=time(0), timezone="Africa/Algiers", days=("thu",)
        )
        hours = (NIGHT, FRIDAY, thursday_night)
        assert quiet_until(hours, at("2026-03-12T22:00")) == at("2026-03-14T05:00")
        assert quiet_until((), NOW) is None

    def test_a_clock_that_is_set_forward_shortens_the_night(self) -> None:
        paris = QuietHours(start=time(22), end=time(6), timezone="Europe/Paris")
        assert paris.until(at("2026-03-28T22:00")) == at("2026-03-29T04:00")

    @given(
        st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
        st.times(),
        st.times(),
        st.sets(st.sampled_from(DAYS), min_size=1),
        st.sampled_from(["Africa/Algiers", "Europe/Paris", "Pacific/Auckland"]),
    )
    def test_the_end_is_ahead_and_loud(
        self, moment: datetime, start: time, end: time, days: set[str], zone: str
    ) -> None:
        now = moment.replace(tzinfo=UTC)
        hours = (QuietHours(start=start, end=end, timezone=zone, days=tuple(days)),)
        until = quiet_until(hours, now)
        assert until is None or until > now
        if start != end and until is not None:
            assert quiet_until(hours, until) is None


class TestFlood:
    def test_a_rate_begins_it_and_half_of_it_ends_it(self) -> None:
        policy = FloodPolicy(alerts=20, hits=300)
        assert not policy.begins(20, 300)
        assert policy.begins(21, 21)
        assert policy.begins(1, 301)
        assert not policy.ends(10, 100)
        assert not policy.ends(3, 150)
        assert policy.ends(9, 149)

    def test_a_loud_outlet_is_gathered_alone(self) -> None:
        policy = FloodPolicy(alerts=20, hits=300)
        rates = {"loud": (500, 5000), "tsa": (3, 3), "aps": (2, 9)}
        assert loud(rates, policy) == ("loud",)
        assert [is_spared(each, rates, policy) for each in rates] == [False, True, True]
        # until the others are many themselves
        crowd = rates | {f"paper{n}": (1, 1) for n in range(5)}
        assert not any(is_spared(each, crowd, policy) for each in crowd)

    def test_a_flood_of_many_spares_nobody(self) -> None:
        rates = {f"paper{n}": (1, 1) for n in range(21)}
        assert not any(is_spared(each, rates, FloodPolicy()) for each in rates)

    def test_no_limit_is_no_flood(self) -> None:
        assert not FloodPolicy(alerts=0, hits=0).begins(10**6, 10**6)

    def test_digests_come_ever_more_seldom(self) -> None:
        digests, now = [], NOW
        for _ in range(9):
            now = gathering(NOW, now)
            digests.append(int((now - NOW) / MINUTE))
        assert digests == [1, 2, 4, 8, 16, 32, 62, 92, 122]

    def test_a_single_pass_gathers_at_its_end(self) -> None:
        assert gathering(NOW, NOW + MINUTE, timedelta(0)) == NOW + MINUTE

    def test_ten_thousand_in_a_minute_are_thirty_messages_at_most(self) -> None:
        policy, since, singles, digests = FloodPolicy(), None, 0, set()
        for number in range(1, 10_001):
            now = NOW + number * MINUTE / 10_000
            if since is None and policy.begins(number, number):
                since = now
            if since is None:
                singles += 1
            else:
                digests.add(gathering(since, now))
        assert singles + len(digests) + 2 <= 30  # two bulletins: it begins, it ends


def told(**facts: Any) -> ToldStory:
    given_ = {
        "story_id": 1,
        "article_id": 1,
        "url": "https://x.example/",
        "channel": "desk",
        "route": "urgent",
        "is_urgent": True,
        "first_told": NOW,
        "last_told": NOW,
        "last_seen": NOW,
        "repeats": 0,
        "is_waiting": False,
    }
    return ToldStory(**{**given_, **facts})


class TestReminders:
    STEPS = (
        EscalationStep(after=30 * MINUTE, channels=("chief",)),
        EscalationStep(after=120 * MINUTE, channels=("chief", "minister")),
    )

    def due(self, *stories: ToldStory, after: timedelta, repeat: timedelta = 0 * MINUTE) -> list:
        groupings = {"urgent": Grouping(repeat=repeat)}
        found = reminders(stories, groupings, self.STEPS, NOW + after)
        return [(r.kind.value, r.number, r.channel) for r in found]

    def test_nobody_answers_and_the_chief_hears_of_it_once(self) -> None:
        assert self.due(told(), after=29 * MINUTE) == []
        assert self.due(told(), after=30 * MINUTE) == [("escalation", 1, "chief")]
        assert self.due(told(steps=(1,)), after=60 * MINUTE) == []
        assert self.due(told(steps=(1,)), after=121 * MINUTE) == [
            ("escalation", 2, "chief"),
            ("escalation", 2, "minister"),
        ]

    def test_two_channels_that_were_told_are_one_step(self) -> None:
        stories = (told(), told(channel="other"))
        assert self.due(*stories, after=40 * MINUTE) == [("escalation", 1, "chief")]

    def test_what_is_not_urgent_stays_on_its_desk(self) -> None:
        assert self.due(told(is_urgent=False), after=500 * MINUTE) == []

    def test_a_story_repeats_until_it_is_over(self) -> None:
        story, hour = told(is_urgent=False), 60 * MINUTE
        assert self.due(story, after=59 * MINUTE, repeat=hour) == []
        assert self.due(story, after=hour, repeat=hour) == [("repeat", 1, "desk")]
        again = told(is_urgent=False, repeats=3, last_told=NOW + 3 * hour)
        assert self.due(again, after=4 * hour, repeat=hour) == [("repeat", 4, "desk")]
        assert self.due(story, after=25 * hour, repeat=hour) == []  # nobody writes of it any more
        assert self.due(told(is_urgent=False, is_waiting=True), after=hour, repeat=hour) == []
