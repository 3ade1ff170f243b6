"""Blocking clients in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

R = TypeVar("R")


async def in_thread(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Run a blocking call in a daemon thread.

    Unlike ``asyncio.to_thread``, a call that hangs does not hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()

    def settle(result: R | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, error = None, None
        try:
            result = function(*args, **kwargs)
        except BaseException as caught:  # noqa: BLE001 - handed to whoever awaits
            error = caught
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=work, name=f"blocking {getattr(function, '__name__', '')}", daemon=True).start()
    return await future
