"""The messages that marsad owes, and what people silenced."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.errors import UsageError
from domain.notice import DeliveryState
from marsad.silences import CHECKED, Wish, keep, read_silence
from marsad.web.desk import Desk
from marsad.web.filters import LARGEST, read_number
from marsad.web.forms import caller, read_form
from marsad.web.keeping import Kept
from marsad.web.rendering import Renderer
from storage.store import Store

MOST = 200  # messages on the page
PERIODS = ("4h", "1d", "2d", "7d", "30d")
_USUAL = {"until": "2d"}
_FIELDS = (*CHECKED, "story", "text", "until", "reason")


class AlertPages:
    """Answers with messages and silences; takes silences and ends them."""

    def __init__(self, desk: Desk, renderer: Renderer) -> None:
        self._desk, self._renderer = desk, renderer
        looks = desk.store.looks
        self._partners = Kept(
            lambda: looks.facet_values(("partner",)), desk.clock, timedelta(minutes=1)
        )

    def alerts(self, request: Request) -> Response:
        """Answer with what waits, what failed, and what is silenced.

        ``?partner=US`` and the like fill in the form for a new silence.
        """
        asked = {name: request.query_params.get(name, "")[:200] for name in _FIELDS}
        return self._page(request, _USUAL | {k: v for k, v in asked.items() if v})

    async def silence(self, request: Request) -> Response:
        """Keep a new silence and lead to it, or say what is wrong with it."""
        writer, form = await read_form(request, self._desk)
        try:
            await asyncio.to_thread(self._keep, writer, form, caller(request))
        except UsageError as error:
            return await asyncio.to_thread(self._page, request, form, str(error))
        return RedirectResponse("/alerts#silences", 303)

    def _keep(self, writer: Store, form: Mapping[str, str], who: str) -> None:
        wish = Wish(
            reason=form.get("reason", ""),
            until=form.get("until", ""),
            by=who,
            rule=form.get("rule"),
            partner=form.get("partner"),
            outlet=form.get("outlet"),
            story=read_number("story", form["story"]) if form.get("story") else None,
            text=form.get("text"),
        )
        now = self._desk.clock()
        keep(writer, read_silence(wish, now, self._desk.known), now)

    async def end(self, request: Request) -> Response:
        """End a silence now and lead back to the others."""
        writer, _ = await read_form(request, self._desk)
        number = min(request.path_params["silence_id"], LARGEST)
        if not await asyncio.to_thread(writer.duty.remove_silence, number, self._desk.clock()):
            raise HTTPException(404)
        return RedirectResponse("/alerts#silences", 303)

    def _page(self, request: Request, typed: Mapping[str, str], fault: str = "") -> Response:
        store, now = self._desk.store, self._desk.clock()
        found = store.deliveries()
        waiting = [row for row in found if row.state is not DeliveryState.FAILED]
        failed = [row for row in found if row.state is DeliveryState.FAILED]
        return self._renderer.page(
            request,
            "alerts.html.j2",
            400 if fault else 200,
            figures=store.looks.figures(now),
            groups=(
                ("waiting", waiting[:MOST], len(waiting)),
                ("failed", failed[-MOST:], len(failed)),
            ),
            silences=[(s, count) for s, count in store.duty.silences() if s.is_active(now)],
            typed={name: typed.get(name, "") for name in _FIELDS},
            fault=fault,
            choices={
                "rule": sorted(self._desk.known("rule")),
                "partner": [value for value, _ in self._partners()["partner"]],
                "outlet": sorted(self._desk.source_names, key=str.casefold),
            },
            periods=PERIODS,
        )
