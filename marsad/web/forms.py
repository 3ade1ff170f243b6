"""Forms of our own pages: who sends one, and whether it came from a page of ours."""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from marsad.web.desk import Desk
from storage.store import Store

_LONGEST = 4096  # bytes


async def read_form(request: Request, desk: Desk) -> tuple[Store, dict[str, str]]:
    """Return the store that may be written, and the fields that are filled in.

    Raises HTTPException: 403 where nothing may be changed or the form is not ours, 413.
    """
    if desk.writer is None:
        raise HTTPException(403)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise HTTPException(413)
    form = dict(parse_qsl(body.decode(errors="replace")))
    if not hmac.compare_digest(form.get("csrf", "").encode(), desk.csrf.encode()):
        raise HTTPException(403)
    return desk.writer, form


def caller(request: Request) -> str:
    """Return the user's name as the browser gave it; the guard has checked it."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "token"
    try:
        return base64.b64decode(value).decode().partition(":")[0][:80] or "token"
    except (binascii.Error, ValueError):
        return "token"
