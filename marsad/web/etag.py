"""ETags: an answer that did not change is not sent again."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAMS = "text/event-stream"


class Tagged:
    """Gives every whole answer an ETag of its bytes, and 304 to who has them already.

    Answers are pages of bounded size, so their bytes can be held; streams pass untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Sender(Headers(scope=scope), send))


class _Sender:
    """Holds one answer until its last byte is there."""

    def __init__(self, asked: Headers, send: Send) -> None:
        self._known = asked.get("if-none-match", "")
        self._send = send
        self._start: Message = {}
        self._body = bytearray()
        self._is_stream = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            kind = Headers(scope=message).get("content-type", "")
            self._is_stream = message["status"] != 200 or kind.startswith(_STREAMS)
        if self._is_stream or message["type"] != "http.response.body":
            if self._is_stream:
                await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._finish()

    async def _finish(self) -> None:
        headers = MutableHeaders(scope=self._start)
        tag = headers.get("etag") or f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
        headers["etag"] = tag
        body = bytes(self._body)
        if is_known(tag, self._known):
            self._start["status"], body = 304, b""
            for name in ("content-length", "content-type"):
                del headers[name]
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether the answer tagged ``tag`` is among those that the header says are held."""
    known = (given.strip().removeprefix("W/") for given in if_none_match.split(","))
    return any(given in ("*", tag.removeprefix("W/")) for given in known)
