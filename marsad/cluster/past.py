"""A source's past, collected by workers: a visit of its host goes back for a while, then ends.

The steps that are done stand in the store, so that the next part goes on where this one was,
in whichever worker; between two parts the host is free for what is new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from crawler.backfilling import NoArchiveError, Span
from domain.backfill import BackfillRun, BackfillStep
from marsad.backfilling import StoredSteps
from marsad.house import House

PART = 60.0  # seconds after which a part ends, with the step that it is at
LEFT_ALONE = "the server asked to be left alone; the same call goes on later"


class PartOverError(Exception):
    """The rest of a backfill is for the next part."""


class _Part:
    """Implements ``crawler.backfilling.StepShelf`` for a while."""

    def __init__(self, steps: StoredSteps, seconds: float) -> None:
        self._steps = steps
        self._end = time.monotonic() + seconds

    async def steps(self) -> Mapping[str, BackfillStep]:
        return await self._steps.steps()

    async def keep(self, step: BackfillStep) -> None:
        await self._steps.keep(step)
        if time.monotonic() >= self._end:
            raise PartOverError


class _Unwatched:
    """Implements ``crawler.backfilling.BackfillWatcher``: what is done is read from the store."""

    def listed(self, url: str, articles: int) -> None:
        """See nothing."""

    def read(self) -> None:
        """See nothing."""

    def done(self, step: BackfillStep, share: float) -> None:
        """See nothing."""


async def go_on(house: House, run: BackfillRun, *, is_telling: bool, seconds: float = PART) -> None:
    """Go on with ``run`` for some ``seconds``; what keeps it from its end is noted."""
    store, source = house.store, house.sources[run.source_id]
    span = Span(since=run.since, until=run.until)
    desk = house.desk.of_the_past(is_telling=is_telling)
    shelf = _Part(StoredSteps(store, run), seconds)
    try:
        tally = await house.collector.backfill(source, span, shelf, _Unwatched(), desk)
    except PartOverError:
        return
    except NoArchiveError as error:
        await asyncio.to_thread(store.backfill_refuse, run, str(error))
        return
    if tally.is_whole:
        await asyncio.to_thread(store.backfill_finish, run, house.clock())
    else:
        await asyncio.to_thread(store.backfill_refuse, run, LEFT_ALONE)
