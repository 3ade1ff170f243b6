"""Opening a database whose server restarts at that moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.errors import BusyError, ConnectionLostError, SchemaError, StoreError
from marsad.stores import past_cuts

CUT, REFUSED = ConnectionLostError("ended"), StoreError("connection refused")


def telling(*answers: StoreError | str) -> Callable[[], str]:
    """Return work that raises or returns these one after the other."""
    waiting = list(answers)

    def work() -> str:
        answer = waiting.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    return work


def test_a_server_that_restarts_is_waited_for():
    waits: list[float] = []
    assert past_cuts(telling(CUT, REFUSED, CUT, "open"), sleep=waits.append) == "open"
    assert waits == sorted(waits)
    assert len(waits) == 3


@pytest.mark.parametrize(
    "answers", [[REFUSED], [CUT, BusyError("held")], [CUT, SchemaError("old")]]
)
def test_what_no_waiting_mends_is_told_at_once(answers: list[StoreError]):
    waits: list[float] = []
    with pytest.raises(type(answers[-1])):
        past_cuts(telling(*answers, "open"), sleep=waits.append)
    assert len(waits) == len(answers) - 1


def test_a_server_that_stays_away_is_given_up():
    waits: list[float] = []
    with pytest.raises(StoreError, match="refused"):
        past_cuts(telling(CUT, *[REFUSED] * 9), sleep=waits.append)
    assert 5 <= sum(waits) <= 10
