"""marsad with a clock that runs faster: ``python fast.py run``, as ``python -m marsad.cli run``.

``SOAK_BEGIN`` is the moment (seconds since 1970) from which time runs ``SOAK_SPEED`` times as fast;
``SOAK_TASKS`` a file into which the number of asyncio's tasks is written every second.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from marsad import clock  # noqa: E402 - the clock first: the others take theirs from it

BEGIN, SPEED = float(os.environ["SOAK_BEGIN"]), float(os.environ["SOAK_SPEED"])
_run = asyncio.run


def fast_now() -> datetime:
    """Return the time that it would be."""
    return datetime.fromtimestamp(BEGIN + (time.time() - BEGIN) * SPEED, UTC)


def run(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
    """Run as asyncio does, and count its tasks meanwhile."""

    async def watched() -> Any:
        loop = asyncio.get_running_loop()
        threading.Thread(target=_count, args=(loop,), daemon=True).start()
        return await main

    return _run(watched(), **options)


def _count(loop: asyncio.AbstractEventLoop) -> None:
    path = Path(os.environ["SOAK_TASKS"])
    while True:
        path.write_text(str(len(asyncio.all_tasks(loop))))
        time.sleep(1)


class Scheduler(AsyncIOScheduler):  # type: ignore[misc]
    """The daemon's, which lives by the real clock: a first look of the fast one is one of now."""

    def add_job(self, *arguments: Any, **options: Any) -> Any:
        """Add a job as the daemon does."""
        if "next_run_time" in options:
            options["next_run_time"] = datetime.now(UTC)
        return super().add_job(*arguments, **options)


if __name__ == "__main__":
    clock.utc_now = fast_now
    asyncio.run = run
    from marsad import daemon, operator
    from marsad.cli import main

    daemon.AsyncIOScheduler = Scheduler
    operator._LONGEST_ROUND = timedelta(seconds=5)  # of real time: minutes of the other
    main()
