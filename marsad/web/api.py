"""``/api/hits``: the hits for programs, as an answer and as a file."""

from __future__ import annotations

from dataclasses import astuple, fields
from io import StringIO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.asking import HitRow
from marsad.commands.formats import plain, write_csv
from marsad.jsontext import json_text
from marsad.web.description import description
from marsad.web.desk import Desk
from marsad.web.filters import MOST, read_filters

COLUMNS = tuple(f.name for f in fields(HitRow))


class Api:
    """Answers programs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def hits(self, request: Request) -> Response:
        """Answer with the hits asked for, newest first, as a JSON array."""
        filters = read_filters(request.query_params.multi_items(), self._desk.clock())
        rows = list(self._desk.store.hits(filters.query))
        answer = Response(hits_json(rows), media_type="application/json")
        if rows and len(rows) == filters.query.limit:
            more = filters.address("/api/hits", before=rows[-1].hit_id)
            answer.headers["Link"] = f'<{more}>; rel="next"'
        return answer

    def download(self, request: Request) -> Response:
        """Answer with the hits asked for as a file, CSV or JSON, for a spreadsheet or a script."""
        pairs = request.query_params.multi_items()
        filters = read_filters(pairs, self._desk.clock(), usual=MOST)
        rows = self._desk.store.hits(filters.query)
        form = request.url.path.rpartition(".")[2]
        if form == "csv":
            out = StringIO()
            out.write("\ufeff")  # by which spreadsheets know UTF-8
            write_csv(out, COLUMNS, map(astuple, rows), is_guarded=True)
            answer = Response(out.getvalue(), media_type="text/csv")
        else:
            answer = Response(hits_json(list(rows)), media_type="application/json")
        answer.headers["Content-Disposition"] = f'attachment; filename="marsad-hits.{form}"'
        return answer

    def openapi(self, request: Request) -> Response:
        """Answer with the description of what programs may ask."""
        del request
        return JSONResponse(description(self._desk.settings))


def hits_json(rows: list[HitRow]) -> str:
    """Return rows as ``marsad hits --format json`` writes them."""
    records = (dict(zip(COLUMNS, map(plain, astuple(row)), strict=True)) for row in rows)
    return f"[{','.join(map(json_text, records))}]"
