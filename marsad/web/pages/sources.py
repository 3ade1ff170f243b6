"""How the sources fare."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from domain.health import HealthState
from marsad.web.desk import Desk
from marsad.web.rendering import Renderer

_ORDER = [
    *(HealthState.FAILING, HealthState.GONE, HealthState.REFUSED, HealthState.SILENT),
    *(HealthState.MOVED, HealthState.QUIET, HealthState.NEW, HealthState.OK),
]


class SourcePages:
    """Answers whoever keeps marsad running."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk, self._renderer = desk, renderer

    def sources(self, request: Request) -> Response:
        """Answer with every source and how it fares, troubles first."""
        store = self._desk.store
        rows = {row.source_id: row for row in store.looks.sources(self._desk.clock())}
        states = [s for s in store.fetch_states() if s.source_id in rows]
        fares = [(s, s.health.state if s.health else HealthState.NEW) for s in states]
        fares.sort(key=lambda fare: (_ORDER.index(fare[1]), fare[0].source_id))
        counts = {state: sum(1 for _, s in fares if s is state) for state in _ORDER}
        return self._renderer.page(
            request,
            "sources.html.j2",
            fares=[(rows[state.source_id], state, health) for state, health in fares],
            counts={state: count for state, count in counts.items() if count},
            tallest=max((max(row.daily) for row in rows.values()), default=0),
        )
