"""Failpoints: a named step at which this process kills itself, for crash tests.

``MARSAD_FAILPOINT=after-send`` ends the process with SIGKILL the first time the step is
passed; ``after-send:3`` the third time. Without the variable a step costs one call.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from crawler.ports import Workers
from domain.errors import UsageError, nearest

Failpoint = Callable[[str], None]
P = ParamSpec("P")
R = TypeVar("R")

# Every step of the walk, in its order. Between before-commit and after-commit lies each
# transaction that writes: of an article, of a claim, of a mark.
STEPS = (
    "before-fetch after-fetch before-parse after-parse before-extract after-extract "
    "before-judge after-judge before-place after-place before-file before-commit after-commit "
    "after-file after-claim before-send after-send after-settle"
).split()
_JOBS = {  # what a call does, one after another
    "read_feed": ("parse",),
    "read_sitemap": ("parse",),
    "read_section": ("parse",),
    "read_page": ("extract",),
    "read_and_judge": ("extract", "judge"),
    "judge": ("judge",),
    "trace": ("place",),
}


def make_failpoint(environment: Mapping[str, str]) -> Failpoint:
    """Return the callable that is handed to whoever has steps. Raises UsageError: no such step."""
    wanted, _, count = environment.get("MARSAD_FAILPOINT", "").partition(":")
    if not wanted:
        return _pass
    if wanted not in STEPS or not (count or "1").isdecimal():
        raise UsageError(f"MARSAD_FAILPOINT: no step {wanted!r}{nearest(wanted, STEPS)}")
    left = [int(count or 1)]

    def reach(step: str) -> None:
        if step == wanted:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach


class SteppedWorkers:
    """Implements ``crawler.ports.Workers``: other workers, with a step on each side of a call."""

    def __init__(self, workers: Workers, failpoint: Failpoint) -> None:
        self._workers = workers
        self._failpoint = failpoint

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """See ``crawler.ports.Workers``."""
        first, *others = _JOBS.get(function.__name__, ("",))
        if first:
            self._failpoint(f"before-{first}")
        result = await self._workers.call(function, *args, **kwargs)
        if first:
            self._failpoint(f"after-{first}")
        for job in others:
            self._failpoint(f"before-{job}")
            self._failpoint(f"after-{job}")
        return result


def _pass(step: str) -> None:
    del step
