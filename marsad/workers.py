"""Worker processes under a hard time limit: a parser that hangs costs one document."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as PebbleTimeoutError
from multiprocessing import forkserver
from pathlib import Path
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.ports import WorkerCrashError, WorkerTimeoutError
from marsad.preloaded import VARIABLE

P = ParamSpec("P")
R = TypeVar("R")

# Imported once in the fork server, so that a worker that replaces a dead one starts quickly;
# the last one loads the rules.
_PRELOAD = [
    *("marsad.judging", "matcher.judge", "matcher.searching", "matcher.stories.trace"),
    *("crawler.jobs", "trafilatura", "feedparser", "marsad.preloaded"),
]
_TASKS_PER_PROCESS = 5000  # then it is replaced: parsers leak


class WorkerPool:
    """Runs functions in worker processes. Implements ``crawler.ports.Workers``.

    ``limit`` is the wall clock that one call may take, in seconds, once a worker took it up;
    ``memory`` what its process may take in addition to the loaded rules, in bytes.
    """

    def __init__(
        self,
        rules: Sequence[str],
        *,
        limit: float,
        memory: int = 512 * 2**20,
        size: int | None = None,
    ) -> None:
        # The daemon has threads, so a plain fork could inherit a held lock.
        context = multiprocessing.get_context("forkserver")
        start_fork_server(rules)
        self._limit = limit
        self._memory = memory
        self._pool = ProcessPool(
            max_workers=size or max(1, min(4, os.cpu_count() or 1)),
            max_tasks=_TASKS_PER_PROCESS,
            initializer=_start,
            initargs=(tuple(rules), memory),
            context=context,
        )

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a worker; see ``crawler.ports.Workers``."""
        try:
            run, has_slept = await self._run(function, *args, **kwargs)
            if has_slept and isinstance(run.exception(), PebbleTimeoutError):
                run, _ = await self._run(function, *args, **kwargs)
            result: R = run.result()
        except PebbleTimeoutError:
            raise WorkerTimeoutError(
                f"{function.__name__} ran over {self._limit:g} s and was ended"
            ) from None
        except ProcessExpired as error:
            raise WorkerCrashError(
                f"the process of {function.__name__} died (exit code {error.exitcode})"
            ) from None
        except MemoryError:
            raise WorkerCrashError(
                f"{function.__name__} asked for more than {self._memory // 2**20} MB of memory"
            ) from None
        return result

    async def _run(
        self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> tuple[asyncio.Future[R], bool]:
        """Return the call once it is over, and whether time went by in which nobody could work.

        The pool's limit is of the wall clock: what a process that was suspended, a machine that
        slept or a clock put forward found begun is ended, however little of it was done.
        """
        future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._limit)
        run: asyncio.Future[R] = asyncio.wrap_future(future)
        step, has_slept = self._limit / 4, False
        try:
            while not run.done():
                looked = time.time()
                await asyncio.wait({run}, timeout=step)
                has_slept |= time.time() - looked > 2 * step
        except asyncio.CancelledError:
            run.cancel()
            raise
        return run, has_slept

    async def ready(self) -> dict[str, dict[str, str]]:
        """Wait until the rules are loaded; return the words for the lexicon's ids.

        Raises ConfigError when the rules are wrong.
        """
        return await self.call(_names)

    def close(self) -> None:
        """End the worker processes; what they were doing is dropped."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def import_ahead(rules: Sequence[str] = ()) -> None:
    """Begin to import what a daemon takes, on two processors; for a command that starts one.

    ``rules`` are those that workers will most likely be asked for, where this is known.
    """
    start_fork_server(rules)
    # Scrapy's handler walks the stack and all that is imported, over and over: early there is
    # little of either.
    import crawler.handler  # noqa: PLC0415, F401


def start_fork_server(rules: Sequence[str]) -> None:
    """Start what worker processes are forked from, unless it runs; it imports by itself."""
    forkserver.set_forkserver_preload(_PRELOAD)
    if rules:
        os.environ[VARIABLE] = json.dumps(list(rules))
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop(VARIABLE, None)


# Imported in the worker: a process that only asks need not hold what judging takes.


def _start(rules: tuple[str, ...], memory: int) -> None:
    from marsad.judging import start_worker  # noqa: PLC0415

    start_worker(rules)
    _bound(memory)


def _bound(memory: int) -> None:
    """Let this process take ``memory`` bytes more than it has, and leave no core behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    status = Path("/proc/self/status")
    if not status.exists():  # macOS: the wall clock alone bounds a call
        return
    words = status.read_text().split()
    held = 1024 * int(words[words.index("VmData:") + 1])
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + memory
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def _names() -> dict[str, dict[str, str]]:
    from marsad.judging import names  # noqa: PLC0415

    return names()
