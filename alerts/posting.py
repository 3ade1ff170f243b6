"""One post to one web address: guarded, bounded in time and size, never led elsewhere.

Proxies are those of the environment, ``NO_PROXY`` included. A name that only the proxy can
resolve is the proxy's to judge; what can be resolved here is judged here.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    InvalidURL,
)
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from alerts.guarding import Guard, RefusedAddressError
from alerts.threads import in_thread

TIMEOUT = 20.0  # seconds for a whole post, however slowly the far side speaks
_MOST_BYTES = 64 * 1024  # of an answer; what we read of one is a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said. ``headers`` have names in lower case."""

    status: int
    body: str
    headers: Mapping[str, str]


class PostError(Exception):
    """No answer came. The text is not redacted yet: an HTTP client quotes addresses."""

    def __init__(self, reason: str, *, is_wide: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_wide = is_wide  # nothing was sent, nor would another message be


class Poster:
    """Posts for one channel. ``tls`` decides which certificates are believed."""

    def __init__(
        self, guard: Guard, *, timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None
    ) -> None:
        self._guard = guard
        self._timeout = timeout
        self._tls = tls

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer, whatever its status. Raises PostError when none came."""
        return await self._ask(url, body, headers, "POST")

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a question without words, as ``post`` does."""
        return await self._ask(url, None, headers, "GET")

    async def _ask(
        self, url: str, body: bytes | None, headers: Mapping[str, str], method: str
    ) -> Answer:
        try:
            request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
            return await in_thread(self._post, request)
        except InvalidURL as error:
            raise PostError(f"no address to post to: {error}", is_wide=True) from None
        except RefusedAddressError as error:
            raise PostError(str(error), is_wide=True) from None
        except URLError as error:  # nothing was sent: refused here, not reached, or not trusted
            is_ours = isinstance(error.reason, RefusedAddressError)
            reason = str(error.reason) if is_ours else f"not reached: {error.reason}"
            raise PostError(reason, is_wide=True) from None
        except TimeoutError:
            # Nobody knows whether it arrived: the reference line tells the two apart.
            raise PostError("timed out; possibly sent", is_wide=False) from None
        except (HTTPException, OSError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}; possibly sent"
            raise PostError(reason, is_wide=False) from None

    def _post(self, request: Request) -> Answer:
        target = urlsplit(request.full_url)
        if target.scheme not in ("http", "https"):
            raise InvalidURL(f"no web address: {target.scheme}")
        with _Deadline(self._timeout) as deadline:
            lines = _Lines(self._guard, deadline, request.host)
            tls = self._tls or ssl.create_default_context()
            opener = build_opener(_NoRedirect, _Plain(lines), _Encrypted(lines, tls))
            try:
                with opener.open(request, timeout=self._timeout) as answer:
                    return _read(answer.status, answer, answer.headers)
            except HTTPError as error:
                with error:
                    return _read(error.code, error, error.headers)
            except (OSError, HTTPException):
                if deadline.is_over:
                    raise TimeoutError from None
                raise


def _read(status: int, answer: HTTPResponse | HTTPError, headers: Message) -> Answer:
    body = answer.read(_MOST_BYTES).decode("utf-8", "replace")
    return Answer(
        status=status, body=body, headers={name.lower(): value for name, value in headers.items()}
    )


class _Deadline:
    """Cuts a connection when its time is over, even in the middle of an endless answer.

    A socket's own time-out begins anew at every byte.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._line: socket | None = None
        self.is_over = False

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._line is not None:
            self._line.close()

    def watch(self, line: socket) -> socket:
        """Take a line under watch and return it."""
        self._line = line.dup()  # TLS takes the socket itself over
        if self.is_over:
            self._cut()
        return line

    def _cut(self) -> None:
        self.is_over = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(SHUT_RDWR)


class _Lines:
    """Makes the connections of one post. ``direct`` is the host as it stands in the address."""

    def __init__(self, guard: Guard, deadline: _Deadline, direct: str) -> None:
        self._guard = guard
        self._deadline = deadline
        self._direct = direct

    def guard_for(self, request: Request) -> Guard:
        """Return the guard of who is dialled: the target itself, or the operator's own proxy.

        Raises RefusedAddressError when a proxy would dial a private target for us.
        """
        if request.host == self._direct:
            return self._guard
        target = urlsplit(request.full_url)
        try:
            self._guard.addresses(target.hostname or "", target.port or 443)
        except RefusedAddressError:
            raise
        except (OSError, UnicodeError):
            pass  # a name that only the proxy knows
        return Guard(allow_private=True)

    def watched(self, connection: HTTPConnection, guard: Guard) -> HTTPConnection:
        """Return ``connection``, which will dial by ``guard`` and end at the deadline."""

        def dial(address: tuple[str, int], timeout: float, *_: Any) -> socket:
            return self._deadline.watch(guard.dial(address, timeout))

        connection._create_connection = dial  # type: ignore[attr-defined]
        return connection


class _Plain(HTTPHandler):
    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self._lines = lines

    def http_open(self, req: Request) -> HTTPResponse:
        guard = self._lines.guard_for(req)

        def connection(host: str, **given: Any) -> HTTPConnection:
            return self._lines.watched(HTTPConnection(host, **given), guard)

        return self.do_open(connection, req)


class _Encrypted(HTTPSHandler):
    def __init__(self, lines: _Lines, tls: ssl.SSLContext) -> None:
        super().__init__(context=tls)
        self._lines = lines
        self._tls = tls

    def https_open(self, req: Request) -> HTTPResponse:
        guard = self._lines.guard_for(req)

        def connection(host: str, **given: Any) -> HTTPConnection:
            return self._lines.watched(HTTPSConnection(host, **given), guard)

        return self.do_open(connection, req, context=self._tls)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow nothing: a redirect of a webhook would carry the alert to somebody else."""
