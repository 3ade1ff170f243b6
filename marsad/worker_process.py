"""A worker process with a line of its own: calls go in, values come out, one at a time.

Where every process has its own line, nothing is locked, acknowledged or asked for over and over:
a call is one message there and one back, and a line that ends is a process that died.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import socket
import struct
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_LENGTH = struct.Struct("!Q")  # of a message, before it
_AT_ONCE = 2**18  # bytes
_REAPED = 5.0  # seconds until the exit code of a dead process is known


class LineEndedError(Exception):
    """The process is gone; the argument is its exit code."""


def framed(value: object) -> bytes:
    """Return the message that carries ``value``. Raises what pickling it raises."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


class WorkerProcess:
    """One process, which ``prepare(*arguments)`` makes ready. Making it blocks until it runs."""

    def __init__(self, prepare: Callable[..., None], *arguments: object) -> None:
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("forkserver")
        with theirs:
            self._process = context.Process(
                target=_serve, args=(theirs, prepare, arguments), daemon=True
            )
            self._process.start()
        ours.setblocking(False)
        self._line = ours
        self.calls = 0  # asked so far

    async def ready(self) -> None:
        """Wait until it is prepared. Raises LineEndedError when it died of that."""
        await self._received()

    async def ask(self, message: bytes) -> Any:
        """Return the value that the framed call gave, or raise what it raised.

        Raises LineEndedError when the process is gone. One call at a time.
        """
        self.calls += 1
        with suppress(ConnectionError):  # then there is no answer either
            await asyncio.get_running_loop().sock_sendall(self._line, message)
        value, error, trace = pickle.loads(await self._received())  # noqa: S301 - of our own child
        if error is None:
            return value
        error.add_note(trace)
        raise error

    async def _received(self) -> memoryview:
        loop, data = asyncio.get_running_loop(), bytearray()
        while len(data) < _LENGTH.size or len(data) < _LENGTH.size + _LENGTH.unpack_from(data)[0]:
            more = b""
            with suppress(ConnectionError):
                more = await loop.sock_recv(self._line, _AT_ONCE)
            if not more:
                raise LineEndedError(await asyncio.to_thread(self._exit_code))
            data += more
        return memoryview(data)[_LENGTH.size :]

    def is_gone(self) -> bool:
        """Whether it died since its last answer."""
        try:
            return not self._line.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def kill(self) -> None:
        """End it, whatever it does; who waits for its answer hears that it died."""
        if self._process.is_alive():
            self._process.kill()

    def hang_up(self) -> None:
        """End it and close the line, at which nobody may wait."""
        self.kill()
        self._line.close()

    def join(self) -> None:
        """Wait until it ended, a few seconds at most."""
        self._process.join(_REAPED)

    def _exit_code(self) -> int | None:
        self.join()
        return self._process.exitcode


def _serve(
    line: socket.socket, prepare: Callable[..., None], arguments: tuple[object, ...]
) -> None:
    """Answer calls until the parent is gone."""
    prepare(*arguments)
    with line, line.makefile("rb", buffering=_AT_ONCE) as calls:
        line.sendall(framed(None))
        while len(head := calls.read(_LENGTH.size)) == _LENGTH.size:
            line.sendall(_answer(calls.read(_LENGTH.unpack(head)[0])))


def _answer(message: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(message)  # noqa: S301 - of our own parent
        return framed((function(*args, **kwargs), None, ""))
    except BaseException as error:  # noqa: BLE001 - it is the caller's, as itself
        trace = "".join(traceback.format_exception(error))
        try:
            return framed((None, error, trace))
        except Exception:  # noqa: BLE001 - an error that cannot be sent is told in words
            return framed((None, RuntimeError(f"{type(error).__name__}: {error}"), trace))
