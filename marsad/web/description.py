"""The description in OpenAPI of what programs may ask, and of every answer that they may get."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from domain.asking import HitRow
from marsad.web.desk import program_version
from marsad.web.filters import parameters
from marsad.web.settings import WebSettings

Described = dict[str, Any]
_STRING: Described = {"type": "string"}
_ETAG: Described = {"ETag": {"description": "of the answer's bytes", "schema": _STRING}}
_NEXT: Described = {"Link": {"description": 'what comes after, rel="next"', "schema": _STRING}}
_ERROR: Described = {"type": "object", "required": ["error"], "properties": {"error": _STRING}}
_HEALTH: Described = {
    "type": "object",
    "required": ["status", "problems"],
    "properties": {
        "status": {"enum": ["ok", "failing"]},
        "problems": {"type": "array", "items": _STRING},
    },
}
_ROWS: Described = {"type": "array", "items": {"$ref": "#/components/schemas/Hit"}}


def description(settings: WebSettings) -> Described:
    """Return the OpenAPI description of a page with ``settings``: guarded or open."""
    row = TypeAdapter(HitRow).json_schema(mode="serialization")
    components: Described = {"schemas": {"Hit": row}}
    if settings.is_guarded:
        components["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "user": {"type": "http", "scheme": "basic"},
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "marsad", "version": program_version(), "license": {"name": "MIT"}},
        "paths": {
            path: {"get": get} for path, get in _paths(is_guarded=settings.is_guarded).items()
        },
        "components": components,
    }


def _paths(*, is_guarded: bool) -> dict[str, Described]:
    hits = "The hits that filters ask for"
    csv, jsonl = _typed("text/csv", _STRING), _typed("application/jsonl", _STRING)
    told = _typed("application/atom+xml", _STRING)
    asked: dict[str, tuple[str, Described]] = {
        "/api/hits": (f"{hits}, newest first", _answer(_json(_ROWS), _NEXT)),
        "/download.json": (f"{hits}, as a file", _answer(_json(_ROWS))),
        "/download.csv": (f"{hits}, as a table for a spreadsheet", _answer(csv)),
        "/feed.xml": (f"{hits}, as an Atom feed", _answer(told)),
    }
    plain: dict[str, tuple[str, Described]] = {
        "/judgements.jsonl": ("What analysts judged, as rows of a corpus", _answer(jsonl)),
        "/metrics": ("Figures for Prometheus", _answer(_typed("text/plain", _STRING))),
        "/openapi.json": ("This description", _answer(_json({"type": "object"}))),
    }
    paths = {
        path: _operation(summary, {"200": answer} | _REFUSED, is_guarded=is_guarded, is_asked=True)
        for path, (summary, answer) in asked.items()
    }
    paths |= {
        path: _operation(summary, {"200": answer}, is_guarded=is_guarded)
        for path, (summary, answer) in plain.items()
    }
    well: Described = {"200": _answer(_json(_HEALTH))}
    ill = {"503": {"description": "what is wrong", "content": _json(_HEALTH)}}
    paths["/healthz"] = _operation("Whether all is well", well, is_guarded=False) | {"security": []}
    paths["/healthz"]["responses"] |= ill
    return paths


def _operation(
    summary: str, answers: Described, *, is_guarded: bool, is_asked: bool = False
) -> Described:
    found: Described = {"summary": summary, "responses": answers | _ALWAYS}
    if is_asked:
        found["parameters"] = parameters()
    if is_guarded:
        found["security"] = [{"token": []}, {"user": []}]
        found["responses"] |= _UNKNOWN
    return found


def _answer(content: Described, headers: Described | None = None) -> Described:
    return {"description": "the answer", "content": content, "headers": _ETAG | (headers or {})}


def _typed(media_type: str, schema: Described) -> Described:
    return {media_type: {"schema": schema}}


def _json(schema: Described) -> Described:
    return _typed("application/json", schema)


def _fault(words: str) -> Described:
    return {"description": words, "content": _json(_ERROR)}


def _refusal(words: str) -> Described:
    return {"description": words, "content": _typed("text/plain", _STRING)}


_REFUSED: Described = {
    "400": _fault("a parameter that is unknown or makes no sense, in one line"),
    "422": _fault("a search whose words leave nothing to seek, or too many of them"),
}
_UNKNOWN: Described = {"401": _refusal("a token or a user's password is needed")}
_ALWAYS: Described = {
    "304": {"description": "the answer with the ETag of If-None-Match still holds"},
    "421": _refusal("the page is not served under this name"),
    "503": _fault("the store did not answer in time"),
}
