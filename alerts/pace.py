"""A flood becomes one message: how many single messages a channel gets before they are gathered."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodPolicy:
    """``burst`` messages may come at once, and one more every ``every`` seconds.

    Beyond that everything due goes out as one message, at most one in ``every`` seconds,
    until half the burst has grown back.
    """

    burst: int = 24
    every: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPace:
    """How a channel fares, for whoever serves it next. Moments are seconds since 1970."""

    rests_from: float = 0.0  # it asked for peace then
    rests_until: float = 0.0
    failures: int = 0  # in a row
    free_at: float = 0.0  # when its next message may go
    left: float | None = None  # of the burst, at ``counted_at``; None: nothing was sent yet
    counted_at: float | None = None
    gathered_at: float | None = None
    is_flooded: bool = False


class FloodGate:
    """Counts the messages of one channel. Times are seconds of a clock that never jumps."""

    def __init__(self, policy: FloodPolicy) -> None:
        self._policy = policy
        self._left = float(policy.burst)
        self._counted_at: float | None = None
        self._gathered_at: float | None = None
        self._is_flooded = False

    def is_flooded(self, now: float) -> bool:
        """Whether what is due goes out as one message."""
        if self._counted_at is not None:
            grown = max(0.0, now - self._counted_at) / self._policy.every
            self._left = min(self._left + grown, float(self._policy.burst))
        self._counted_at = now
        if self._left < 1:
            self._is_flooded = True
        elif self._left >= self._policy.burst / 2:
            self._is_flooded = False
        return self._is_flooded

    def count(self, now: float) -> None:
        """Note a message that was sent."""
        if self.is_flooded(now):
            self._gathered_at = now
        self._left = max(0.0, self._left - 1)

    def note(self, pace: ChannelPace, ahead: float) -> ChannelPace:
        """Return ``pace`` with what the gate knows; ``ahead`` makes its times those of 1970."""
        return replace(
            pace,
            left=self._left,
            counted_at=_plus(self._counted_at, ahead),
            gathered_at=_plus(self._gathered_at, ahead),
            is_flooded=self._is_flooded,
        )

    def recall(self, pace: ChannelPace, ahead: float) -> None:
        """Go on from what another gate noted."""
        if pace.left is None:
            return
        self._left = min(max(0.0, pace.left), float(self._policy.burst))
        self._counted_at = _plus(pace.counted_at, -ahead)
        self._gathered_at = _plus(pace.gathered_at, -ahead)
        self._is_flooded = pace.is_flooded

    def wait(self, now: float) -> float:
        """Return the seconds until the next gathered message; 0 when there is no flood."""
        if not self.is_flooded(now) or self._gathered_at is None:
            return 0.0
        return max(0.0, self._gathered_at + self._policy.every - now)


def _plus(moment: float | None, shift: float) -> float | None:
    return None if moment is None else moment + shift
