"""When a message goes again, when a channel rests, when a flood is gathered: values in and out."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random

import pytest
from alerting import ACCEPTED, DOWN, NOW, REFUSED, RETRY
from hypothesis import given
from hypothesis import strategies as st

from alerts.pace import FloodGate, FloodPolicy
from alerts.retry import RetryPolicy, next_try, rest_until
from domain.notice import SendOutcome, SendResult

POLICY = RetryPolicy()
EXACT = RetryPolicy(jitter=0.0)


def asked(seconds: float) -> SendOutcome:
    return SendOutcome(result=SendResult.RETRY, reason="429", retry_after=seconds)


def wait(outcome: SendOutcome, attempts: int, policy: RetryPolicy = EXACT) -> timedelta:
    again = next_try(outcome, attempts, NOW, Random(1), policy)
    assert again is not None
    return again - NOW


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED])
def test_what_is_sent_or_refused_is_done_with(outcome: SendOutcome):
    assert next_try(outcome, 3, NOW, Random(1), POLICY) is None


def test_waits_double_up_to_a_quarter_of_an_hour():
    waits = [wait(RETRY, n).total_seconds() for n in range(10)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert wait(RETRY, 10**6) == timedelta(minutes=15)


@given(st.integers(0, 10**9), st.integers())
def test_jitter_only_lengthens_and_by_a_fifth_at_most(attempts: int, seed: int):
    again = next_try(RETRY, attempts, NOW, Random(seed), POLICY)
    assert again is not None
    plain = wait(RETRY, attempts)
    assert plain <= again - NOW <= plain * 1.2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(30, 30), (0.5, 0.5), (10**9, 86400), (math.inf, 86400), (0, 5), (-7, 5), (math.nan, 5)],
)
def test_what_the_far_side_asks_for_is_honoured_within_reason(said: float, seconds: float):
    assert wait(asked(said), 0).total_seconds() == seconds


def rest(outcome: SendOutcome, failures: int, attempts: int = 0) -> float | None:
    again = next_try(outcome, attempts, NOW, Random(1), EXACT)
    until = rest_until(outcome, failures, again, now=NOW, rng=Random(1), policy=EXACT)
    return None if until is None else (until - NOW).total_seconds()


def test_a_channel_at_fault_or_asking_for_peace_rests_at_once():
    assert rest(DOWN, 1) == 5
    assert rest(asked(30), 1) == 30


def test_a_channel_rests_after_some_failures_however_often_this_message_failed():
    assert [rest(RETRY, n, attempts=20) for n in (1, 2, 3, 4, 5)] == [None, None, 5, 10, 20]
    assert rest(ACCEPTED, 0) is None
    assert rest(REFUSED, 9) is None


class TestFlood:
    POLICY = FloodPolicy(burst=10, every=20.0)

    def messages(self, gate: FloodGate, at: float, count: int) -> int:
        """Offer ``count`` articles one after the other; return the messages they make."""
        sent = 0
        while count > 0:
            count -= count if gate.is_flooded(at) else 1
            gate.count(at)
            sent += 1
        return sent

    def test_a_burst_passes_singly_and_a_flood_is_one_message_more(self) -> None:
        assert self.messages(FloodGate(self.POLICY), 0.0, 10) == 10
        assert self.messages(FloodGate(self.POLICY), 0.0, 10_000) == 11

    def test_gathered_messages_keep_a_distance(self) -> None:
        gate = FloodGate(self.POLICY)
        self.messages(gate, 0.0, 100)
        assert gate.wait(1.0) == 19.0
        assert gate.wait(20.0) == 0.0

    def test_a_flood_that_goes_on_stays_gathered(self) -> None:
        gate = FloodGate(self.POLICY)
        self.messages(gate, 0.0, 100)
        for minute in range(1, 10):
            assert self.messages(gate, 60.0 * minute / 3, 500) == 1

    def test_peace_brings_single_messages_back(self) -> None:
        gate = FloodGate(self.POLICY)
        self.messages(gate, 0.0, 100)
        assert gate.is_flooded(60.0)
        assert not gate.is_flooded(120.0)
        assert gate.wait(120.0) == 0.0

    @given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 300)), max_size=40))
    def test_no_hour_brings_more_than_the_burst_and_its_growth(
        self, arrivals: list[tuple[float, int]]
    ) -> None:
        gate, now, sent = FloodGate(self.POLICY), 0.0, 0
        for pause, count in arrivals:
            now += pause
            if not gate.wait(now):
                sent += self.messages(gate, now, count)
        assert sent <= 10 + now / 20.0 + len(arrivals)
