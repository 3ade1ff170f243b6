"""Who may ask, by what name, and what a browser may do with the answer.

A pure ASGI layer around everything else. Three checks: the ``Host`` is one of ours (else a
page elsewhere could point its own name at this machine and read us), the caller has the token
or a user's password where one is configured, and a change comes from our own page.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marsad.web.settings import WebSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
READING = ("GET", "HEAD")
_OPEN = ("/healthz",)  # a watchdog holds no secret, and it says no more than well or not


class Guard:
    """Lets through who may ask, and puts the headers of a safe page on every answer."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings
        self._names = {n.lower() for n in (*settings.hosts, settings.host, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard_headers(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            return PlainTextResponse(
                "This name is not served here; set web.hosts in the configuration.\n", 421
            )
        if scope["path"] not in _OPEN and not self._is_known(headers.get("authorization", "")):
            wanted = {"WWW-Authenticate": 'Basic realm="marsad", charset="UTF-8"'}
            return PlainTextResponse("A token or a user's password is needed.\n", 401, wanted)
        if scope["method"] not in READING and not is_same_origin(headers):
            return PlainTextResponse("A change must come from this page itself.\n", 403)
        return None

    def _is_ours(self, host: str) -> bool:
        """A number cannot be pointed elsewhere; a name must be one that we were told of."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ip_address(name)
        except ValueError:
            return name in self._names
        return True

    def _is_known(self, authorization: str) -> bool:
        if not self._settings.is_guarded:
            return True
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(value.strip())
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        name, _, password = given.partition(":")
        held = self._settings.users.get(name)
        is_user = held is not None and _same(held.get_secret_value(), password)
        return is_user or self._is_token(password)

    def _is_token(self, given: str) -> bool:
        token = self._settings.token
        return token is not None and _same(token.get_secret_value(), given)


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a request comes from our own page; programs say nothing."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _same(held: str, given: str) -> bool:
    return hmac.compare_digest(held.encode(), given.encode())


def _guard_headers(headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "private, no-cache")
