"""The ASGI application: addresses, and what answers at them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from domain.errors import MarsadError, SearchError, TimeLimitError, UsageError
from marsad.web.api import Api
from marsad.web.desk import Desk
from marsad.web.etag import Tagged
from marsad.web.feed import FeedPage
from marsad.web.guard import Guard
from marsad.web.health import HealthPages
from marsad.web.pages.alerts import AlertPages
from marsad.web.pages.hits import HitPages
from marsad.web.pages.judging import JudgingPages
from marsad.web.pages.picture import PicturePages
from marsad.web.pages.sources import SourcePages
from marsad.web.pages.stories import StoryPages
from marsad.web.rendering import STATIC, Renderer

_log = logging.getLogger(__name__)
_FOR_PROGRAMS = (
    "/api/",
    "/download.",
    "/judgements.",
    "/feed.",
    "/metrics",
    "/healthz",
    "/openapi.",
)


def make_app(desk: Desk) -> ASGIApp:
    """Return the application around ``desk``."""
    renderer = Renderer(desk)
    faults = _Faults(renderer)
    app = Starlette(
        routes=[*_for_programs(desk), *_for_people(desk, renderer)],
        exception_handlers={
            HTTPException: faults.refused,
            UsageError: faults.senseless,
            MarsadError: faults.failed,
            Exception: faults.broken,
        },
    )
    return Guard(Tagged(app), desk.settings)


def _for_programs(desk: Desk) -> list[Route]:
    api, feed, health = Api(desk), FeedPage(desk), HealthPages(desk)
    return [
        Route("/api/hits", api.hits),
        *(Route(f"/download.{form}", api.download, name=form) for form in ("csv", "json")),
        Route("/openapi.json", api.openapi),
        Route("/feed.xml", feed.feed),
        Route("/metrics", health.metrics),
        Route("/healthz", health.healthz),
    ]


def _for_people(desk: Desk, renderer: Renderer) -> list[Route | Mount]:
    hits, stories = HitPages(desk, renderer), StoryPages(desk, renderer)
    alerts, picture = AlertPages(desk, renderer), PicturePages(desk, renderer)
    judging, sources = JudgingPages(desk), SourcePages(desk, renderer)
    return [
        Route("/", stories.today),
        Route("/live", stories.live),
        Route("/stories/{story_id:int}", stories.story),
        Route("/hits", hits.explore),
        Route("/hits/{hit_id:int}", hits.hit),
        Route("/hits/{hit_id:int}/why", hits.why),
        Route("/hits/{hit_id:int}/archived", hits.archived),
        Route("/hits/{hit_id:int}/judgement", judging.judge, methods=["POST"]),
        Route("/stories/{story_id:int}/acknowledge", judging.acknowledge, methods=["POST"]),
        Route("/judgements.jsonl", judging.export),
        Route("/sources", sources.sources),
        Route("/alerts", alerts.alerts),
        Route("/silences", alerts.silence, methods=["POST"]),
        Route("/silences/{silence_id:int}/end", alerts.end, methods=["POST"]),
        Route("/picture", picture.picture),
        Route("/picture/{name}.svg", picture.chart),
        Mount("/static", _Static(directory=STATIC)),
    ]


class _Static(StaticFiles):
    """Files that carry their version in their address, so that browsers need not ask again."""

    def file_response(self, *args: object, **more: object) -> Response:
        answer = super().file_response(*args, **more)  # type: ignore[arg-type]
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


class _Faults:
    """What is answered when there is no answer."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def refused(self, request: Request, error: Exception) -> Response:
        """Say that there is no such page, or that it takes no such question."""
        assert isinstance(error, HTTPException)
        return self._say(request, error.status_code, error.detail, error.headers)

    def senseless(self, request: Request, error: Exception) -> Response:
        """Say what is wrong with a question; 422 where it is well formed and asks for nothing."""
        return self._say(request, 422 if isinstance(error, SearchError) else 400, str(error), None)

    def failed(self, request: Request, error: Exception) -> Response:
        """Say what the store or the rules could not do."""
        if not isinstance(error, TimeLimitError):
            _log.warning("%s: %s", request.url.path, error)
        return self._say(request, 503, str(error), {"Retry-After": "10"})

    def broken(self, request: Request, error: Exception) -> Response:
        """Admit a fault of our own; the log has it whole."""
        _log.error("%s failed", request.url.path, exc_info=error)
        return self._say(request, 500, "an error of marsad itself; its log says more", None)

    def _say(
        self, request: Request, status: int, words: str, headers: Mapping[str, str] | None
    ) -> Response:
        if request.url.path.startswith(_FOR_PROGRAMS):
            return JSONResponse({"error": words}, status, headers=headers)
        answer = self._renderer.page(request, "fault.html.j2", status, number=status, detail=words)
        answer.headers.update(headers or {})
        return answer
