"""Worker processes under a hard time limit: a parser that hangs costs one document."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from collections.abc import Callable, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from crawler.ports import WorkerCrashError, WorkerTimeoutError
from marsad.garbage import look_rarely
from marsad.preloaded import VARIABLE
from marsad.worker_process import LineEndedError, WorkerProcess, framed

P = ParamSpec("P")
R = TypeVar("R")

# Imported once in the fork server, so that a worker that replaces a dead one starts quickly;
# the last one loads the rules.
_PRELOAD = [
    *("marsad.judging", "matcher.judge", "matcher.stories.trace", "crawler.jobs"),
    *("trafilatura", "feedparser", "marsad.preloaded"),
]
_CALLS_PER_PROCESS = 5000  # then it is replaced: parsers leak


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
        start_fork_server(rules)
        self._limit = limit
        self._memory = memory
        self._prepare = (_start, tuple(rules), memory)
        self._places = asyncio.Semaphore(size or max(1, min(4, os.cpu_count() or 1)))
        self._workers: set[WorkerProcess] = set()
        self._free: list[WorkerProcess] = []
        self._is_closed = False

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a worker; see ``crawler.ports.Workers``."""
        message = framed((function, args, kwargs))
        try:
            async with self._places:
                run, has_slept = await self._run(message)
                if run is None and has_slept:
                    run, _ = await self._run(message)
            if run is None:
                raise WorkerTimeoutError(
                    f"{function.__name__} ran over {self._limit:g} s and was ended"
                )
            result: R = run.result()
        except LineEndedError as error:
            if self._is_closed:
                raise asyncio.CancelledError from None
            raise WorkerCrashError(
                f"the process of {function.__name__} died (exit code {error})"
            ) from None
        except MemoryError:
            raise WorkerCrashError(
                f"{function.__name__} asked for more than {self._memory // 2**20} MB of memory"
            ) from None
        return result

    async def _run(self, message: bytes) -> tuple[asyncio.Task[Any] | None, bool]:
        """Return the call once it is over, None when it ran over the limit, and whether time
        went by in which nobody could work.

        The limit is of the wall clock: what a process that was suspended found begun is ended,
        however little of it was done.
        """
        worker = await self._taken()
        run = asyncio.create_task(worker.ask(message))
        run.add_done_callback(lambda done: self._settle(worker, done))
        step, has_slept = self._limit / 4, False
        ends = time.monotonic() + self._limit
        try:
            while not run.done() and (left := ends - time.monotonic()) > 0:
                looked = time.time()
                await asyncio.wait({run}, timeout=min(step, left))
                has_slept |= time.time() - looked > 2 * step
        finally:
            is_over = not run.done()
            run.cancel()
        if is_over:
            await asyncio.wait({run})
        return (None if is_over else run), has_slept

    async def _taken(self) -> WorkerProcess:
        """Return a worker that is free, or a new one."""
        while self._free:
            worker = self._free.pop()
            if not worker.is_gone():
                return worker
            self._drop(worker)
        starting = asyncio.create_task(self._started())
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._keep)
            raise

    async def _started(self) -> WorkerProcess:
        if self._is_closed:
            raise RuntimeError("the workers were ended")
        worker = await asyncio.to_thread(WorkerProcess, *self._prepare)
        self._workers.add(worker)
        try:
            await worker.ready()
        except BaseException:
            self._drop(worker)
            raise
        return worker

    def _keep(self, starting: asyncio.Task[WorkerProcess]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            self._free.append(starting.result())

    def _settle(self, worker: WorkerProcess, run: asyncio.Task[Any]) -> None:
        """Free the worker of a call that is over, or end it with a call that nobody waits for."""
        is_lost = run.cancelled() or isinstance(run.exception(), LineEndedError)
        if is_lost or worker.calls >= _CALLS_PER_PROCESS or self._is_closed:
            self._drop(worker)
        else:
            self._free.append(worker)

    def _drop(self, worker: WorkerProcess) -> None:
        worker.hang_up()
        self._workers.discard(worker)

    async def ready(self) -> dict[str, dict[str, str]]:
        """Wait until the rules are loaded; return the words for the lexicon's ids.

        Raises ConfigError when the rules are wrong.
        """
        return await self.call(_names)

    def close(self) -> None:
        """End the worker processes; what they were doing is dropped."""
        self._is_closed = True
        ended = list(self._workers)
        for worker in ended:
            worker.kill()
        for worker in ended:
            worker.join()
        while self._free:
            self._drop(self._free.pop())


def import_ahead(rules: Sequence[str] = ()) -> None:
    """Begin to import what a daemon takes, on two processors; for a command that starts one.

    ``rules`` are those that workers will most likely be asked for, where this is known.
    """
    look_rarely()
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
