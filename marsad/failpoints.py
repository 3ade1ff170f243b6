"""Failpoints: a named step at which this process kills itself, for crash tests.

``MARSAD_FAILPOINT=after-send`` ends the process with SIGKILL the first time the step is
passed; ``after-send:3`` the third time. Without the variable a step costs one call.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping


def make_failpoint(environment: Mapping[str, str]) -> Callable[[str], None]:
    """Return the callable that is handed to whoever has steps."""
    wanted, _, count = environment.get("MARSAD_FAILPOINT", "").partition(":")
    if not wanted:
        return _pass
    left = [int(count or 1)]

    def reach(step: str) -> None:
        if step == wanted:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach


def _pass(step: str) -> None:
    del step
