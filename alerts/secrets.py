"""What must never be read in a reason, an error or a log."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from urllib.parse import quote, quote_plus, unquote, urlsplit

from alerts.cleaning import one_line

_SHORTEST = 6  # characters: shorter pieces are words, and words are wanted
# Controls are between pieces too: clients print them as escapes.
_BETWEEN = re.compile(r"[/:@?&=#,;\s\x00-\x1f\x7f-\x9f]+")
_PLAIN = ("services", "workflows", "triggers", "webhook", "webhooks", "notify")


class Redactor:
    """Takes secrets out of foreign words, whole and in the pieces that client libraries print.

    An HTTP client that fails names the path of the address, not the address; a mail server
    may repeat a login in base64.
    """

    def __init__(self, *secrets: str | None, hides_host: bool = False) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if secret:
                forms |= _forms(secret, hides_host=hides_host)
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str, limit: int = 300) -> str:
        """Return ``text`` as one clean line without any secret. What is cut is cut afterwards."""
        for form in self._forms:
            text = text.replace(form, "[secret]")
        return one_line(text, limit)


def login_forms(username: str, password: str) -> tuple[str, ...]:
    """Return what a login looks like on the wire: PLAIN's and LOGIN's base64."""
    plain = f"\0{username}\0{password}".encode()
    return b64encode(plain).decode(), b64encode(password.encode()).decode()


def _forms(secret: str, *, hides_host: bool) -> set[str]:
    found = {secret, secret.strip(), repr(secret)[1:-1], ascii(secret)[1:-1]}
    found |= {quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    if "://" in secret:
        rest = secret.partition("://")[2]
        if not hides_host:
            rest = _after_host(secret)
            found.add(rest)
        pieces = {p for p in _BETWEEN.split(rest) if p not in _PLAIN}
        found |= {p for p in pieces | {unquote(p) for p in pieces} if len(p) >= _SHORTEST}
    return {form for form in found if len(form) > 1}


def _after_host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("://")[2]
    tail = parts.path + (f"?{parts.query}" if parts.query else "")
    login = parts.netloc.rpartition("@")[0]
    return f"{login}@{tail}" if login else tail
