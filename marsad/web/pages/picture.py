"""The picture: how hits spread over months, partners, activities and outlets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.looking import Count, Picture
from marsad.web import charts
from marsad.web.desk import Desk
from marsad.web.rendering import Renderer
from marsad.web.wording import Wording

SPANS = {"30d": 30, "90d": 90, "1y": 365, "5y": 1826}
_USUAL = "1y"
_FRESH = timedelta(minutes=1)  # how long counts are kept
_MOST = 7  # series of a chart; the rest is one
_MOST_ROWS = 15  # rows of a chart or table
CHARTS = ("months", "activities", "outlets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table of counts, ready to be drawn or written."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]

    def count(self, row: str, column: str) -> int:
        """Return a cell."""
        return self.counts.get((row, column), 0)

    def total(self, row: str) -> int:
        """Return the sum of a row."""
        return sum(self.count(row, column) for column in self.columns)

    def heat(self, row: str, column: str) -> int:
        """Return how full a cell is, 0 to 4."""
        most = max(self.counts.values(), default=0)
        count = self.count(row, column)
        return min(4, 1 + count * 4 // (most + 1)) if count else 0


class PicturePages:
    """Answers with counts and charts."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk, self._renderer = desk, renderer
        self._kept: dict[str, tuple[datetime, Picture]] = {}
        self._lock = Lock()

    def picture(self, request: Request) -> Response:
        """Answer with the charts, and with a table of what each one draws."""
        span = _span(request)
        found = self._counted(span)
        return self._renderer.page(
            request,
            "picture.html.j2",
            picture=found,
            span=span,
            days=SPANS[span],
            spans=tuple(SPANS),
            grids={name: _grid(name, found) for name in CHARTS},
            matrix=_matrix(found),
            most_rows=_MOST_ROWS,
        )

    def chart(self, request: Request) -> Response:
        """Answer with one chart as an image."""
        name = request.path_params["name"]
        if name not in CHARTS:
            raise HTTPException(404)
        words = self._renderer.wording(request)
        grid = _grid(name, self._counted(_span(request)))
        is_narrow = "narrow" in request.query_params
        drawn = _draw(name, grid, words, self._outlet, is_narrow=is_narrow)
        answer = Response(drawn, media_type="image/svg+xml")
        answer.headers["Content-Security-Policy"] = charts.POLICY
        answer.headers["Vary"] = "Accept-Language, Cookie"
        return answer

    def _outlet(self, ident: str) -> str:
        return self._desk.source_names.get(ident, ident)

    def _counted(self, span: str) -> Picture:
        """Count, or return counts that are fresh: a page and its charts ask four times."""
        now = self._desk.clock()
        with self._lock:
            at, kept = self._kept.get(span, (now - 2 * _FRESH, None))
            if kept is None or now - at >= _FRESH:
                kept = self._desk.store.looks.picture(now - timedelta(days=SPANS[span]), now)
                self._kept[span] = (now, kept)
        return kept


def _span(request: Request) -> str:
    asked = request.query_params.get("span", _USUAL)
    return asked if asked in SPANS else _USUAL


def _draw(
    name: str, grid: Grid, words: Wording, outlet: Callable[[str], str], *, is_narrow: bool
) -> bytes:
    is_rtl = words.direction == "rtl"
    if name == "months":
        labels = [words.month(date.fromisoformat(f"{month}-01")) for month in grid.rows]
        named = {c: words("others") if c == "" else words.name("partner", c) for c in grid.columns}
        series = {named[c]: [grid.count(row, c) for row in grid.rows] for c in grid.columns}
        return charts.stacked(labels, series, is_rtl=is_rtl, is_narrow=is_narrow)
    rows = grid.rows[:_MOST_ROWS]
    say = outlet if name == "outlets" else (lambda value: words.known("activity", value))
    series = {
        words.known("language", c): [grid.count(row, c) for row in rows] for c in grid.columns
    }
    return charts.bars([say(row) for row in rows], series, is_rtl=is_rtl, is_narrow=is_narrow)


def _grid(name: str, picture: Picture) -> Grid:
    if name == "months":
        return by_month(picture.months, picture.since, picture.until)
    return ranked(picture.activities if name == "activities" else picture.outlets)


def by_month(counts: Sequence[Count], since: datetime, until: datetime) -> Grid:
    """Return every month of the span as rows, the partners of most hits as columns, "" the rest."""
    total: Counter[str] = Counter()
    for count in counts:
        total[count.column] += count.hits
    first = [partner for partner, _ in total.most_common(_MOST)]
    cells: Counter[tuple[str, str]] = Counter()
    for count in counts:
        cells[count.row, count.column if count.column in first else ""] += count.hits
    columns = (*first, "") if len(total) > len(first) else tuple(first)
    return Grid(rows=_months(since, until), columns=columns, counts=cells)


def _months(since: datetime, until: datetime) -> tuple[str, ...]:
    year, month, last = since.year, since.month, f"{until:%Y-%m}"
    months = []
    while (name := f"{year:04d}-{month:02d}") <= last:
        months.append(name)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return tuple(months)


def ranked(counts: Sequence[Count]) -> Grid:
    """Return rows and columns by their number of hits, most first."""
    cells = {(c.row, c.column): c.hits for c in counts}
    rows: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for count in counts:
        rows[count.row] += count.hits
        columns[count.column] += count.hits
    return Grid(rows=_first(rows), columns=_first(columns), counts=cells)


def _matrix(picture: Picture) -> Grid:
    grid = ranked(picture.matrix)
    return Grid(rows=grid.rows[:_MOST_ROWS], columns=grid.columns, counts=grid.counts)


def _first(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda value: (-counts[value], value)))
