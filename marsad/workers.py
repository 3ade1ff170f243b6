"""Worker processes under a hard time limit: a parser that hangs costs one document."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as PebbleTimeoutError
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.ports import WorkerCrashError, WorkerTimeoutError
from marsad.judging import names, start_worker

P = ParamSpec("P")
R = TypeVar("R")

# Imported once in the fork server, so that a worker that replaces a dead one starts quickly.
_PRELOAD = ["marsad.judging", "crawler.jobs"]
_TASKS_PER_PROCESS = 5000  # then it is replaced: parsers leak


class WorkerPool:
    """Runs functions in worker processes. Implements ``crawler.ports.Workers``.

    ``limit`` is the wall clock that one call may take, in seconds, once a worker took it up.
    """

    def __init__(self, rules: Sequence[str], *, limit: float, size: int | None = None) -> None:
        # The daemon has threads, so a plain fork could inherit a held lock.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOAD)
        self._limit = limit
        self._pool = ProcessPool(
            max_workers=size or max(1, min(4, os.cpu_count() or 1)),
            max_tasks=_TASKS_PER_PROCESS,
            initializer=start_worker,
            initargs=(tuple(rules),),
            context=context,
        )

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a worker; see ``crawler.ports.Workers``."""
        future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._limit)
        try:
            result: R = await asyncio.wrap_future(future)
        except PebbleTimeoutError:
            raise WorkerTimeoutError(
                f"{function.__name__} ran over {self._limit:g} s and was ended"
            ) from None
        except ProcessExpired as error:
            raise WorkerCrashError(
                f"the process of {function.__name__} died (exit code {error.exitcode})"
            ) from None
        return result

    async def ready(self) -> dict[str, str]:
        """Wait until the rules are loaded; return the words for the lexicon's ids.

        Raises ConfigError when the rules are wrong.
        """
        return await self.call(names)

    def close(self) -> None:
        """End the worker processes; what they were doing is dropped."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
