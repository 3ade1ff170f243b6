"""Templates: HTML with everything escaped, in the language of whoever looks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.cleaning import clean, is_rtl, one_line, safe_link
from marsad.web.desk import Desk
from marsad.web.names import flag, is_country
from marsad.web.wording import LANGUAGES, OWN_NAMES, Wording, chosen_language

STATIC = Path(__file__).parent / "static"
COOKIE = "marsad-language"
_TABS = (
    ("today", "/"),
    ("explore", "/hits"),
    ("picture", "/picture"),
    ("sources", "/sources"),
    ("alerts", "/alerts"),
)


class Renderer:
    """Turns a template and its facts into an answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._environment = Environment(
            loader=PackageLoader("marsad.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"clean": clean, "line": one_line, "link": safe_link}
        self._environment.globals |= {
            "asset": _asset,
            "direction": direction,
            "flag": flag,
            "is_country": is_country,
            "languages": [(code, OWN_NAMES[code]) for code in LANGUAGES],
            "tabs": _TABS,
        }

    def wording(self, request: Request) -> Wording:
        """Return the interface language of a request."""
        asked, kept = request.query_params.get("lang"), request.cookies.get(COOKIE)
        accepted = request.headers.get("accept-language", "")
        return Wording(chosen_language(asked, kept, accepted), self._desk.names)

    def page(self, request: Request, template: str, /, status: int = 200, **facts: Any) -> Response:
        """Answer with a page; ``?lang=`` is kept for the next one."""
        answer = HTMLResponse(self.text(request, template, facts), status)
        answer.headers["Vary"] = "Accept-Language, Cookie"
        asked = request.query_params.get("lang")
        if asked in LANGUAGES:
            answer.set_cookie(COOKIE, asked, max_age=365 * 86400, httponly=True, samesite="lax")
        return answer

    def text(self, request: Request, template: str, facts: Mapping[str, Any]) -> str:
        """Return a template's text."""
        words = self.wording(request)
        given = {
            "words": words,
            "now": self._desk.clock(),
            "here": request.url.path,
            "csrf": self._desk.csrf,
            "is_guarded": self._desk.writer is not None,
            "outlet_names": self._desk.source_names,
            "switch": {code: _switched(request, code) for code in LANGUAGES},
        }
        return self._environment.get_template(template).render(given | dict(facts))


def _switched(request: Request, language: str) -> str:
    return str(request.url.include_query_params(lang=language).replace(scheme="", netloc=""))


def direction(language: str, text: str = "") -> str:
    """Return the direction of an article's text: by its language, else by its first letter."""
    if language in ("fr", "en"):
        return "ltr"
    return "rtl" if language == "ar" or is_rtl(text) else "ltr"


@cache
def _asset(name: str) -> str:
    """Return a static file's address, another one when its bytes are others."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
