"""The archive judged again by several workers: one chunk, as a worker does it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from domain.errors import LeaseLostError
from domain.rematch import ChangeKind, Rejudged, RematchChunk, StoredText
from marsad.house import House
from marsad.judging import versions
from marsad.rematching import Difference, Example, Rematch, version_of

_log = logging.getLogger(__name__)


class Chunk:
    """Implements ``rematching.Part``: a page is written by whoever is as far as the row says."""

    def __init__(self, house: House, chunk: RematchChunk, *, is_dry: bool) -> None:
        self._house = house
        self._chunk = chunk
        self._is_dry = is_dry
        self.after = chunk.checked_to

    def page(self, after: int) -> list[StoredText]:
        """See ``rematching.Part``."""
        chunk = self._chunk
        return self._house.store.rematch_page(after, chunk.since, chunk.upto)

    def write(self, rejudged: Sequence[Rejudged], upto: int, found: Difference) -> None:
        """See ``rematching.Part``. Raises LeaseLostError when another worker is further."""
        written = () if self._is_dry else rejudged
        store, now = self._house.store, self._house.clock()
        result = as_text(found)
        store.rematch_advance(self._chunk, written, upto, result, now)
        self._chunk = replace(self._chunk, checked_to=upto, result=result)

    def end(self, found: Difference) -> None:
        """Note that all is done, also where the last articles are no more."""
        if not self._chunk.is_done:
            self.write((), self._chunk.upto, found)


async def judge_chunk(
    house: House, rematch_id: int, upto: int, *, is_dry: bool, is_telling: bool
) -> None:
    """Judge one chunk from where it was left. One that is done or gone is passed over."""
    chunk = await asyncio.to_thread(house.store.rematch_chunk, rematch_id, upto)
    if chunk is None or chunk.is_done:
        return
    known: Mapping[str, str] = await house.workers.call(versions)
    if version_of(known) != chunk.version.rpartition(" ")[2]:
        reason = "a worker judges by other rules than these: restart it"
        await asyncio.to_thread(house.store.rematch_refuse, chunk, reason)
        return
    run = Rematch(
        house.config,
        house.store,
        house.workers,
        is_dry=is_dry,
        is_telling=is_telling,
        clock=house.clock,
    )
    found, part = from_text(chunk.result), Chunk(house, chunk, is_dry=is_dry)
    try:
        await run.judge(part, found, sorted(known))
        await asyncio.to_thread(part.end, found)
    except LeaseLostError as error:
        _log.warning("%s", error)


def as_text(found: Difference) -> str:
    """Return a difference as JSON, for another process."""
    values = {
        "articles": found.articles,
        "kinds": found.kinds,
        "examples": {kind: [asdict(e) for e in shown] for kind, shown in found.examples.items()},
        "unjudged": found.unjudged,
    }
    return json.dumps(values, ensure_ascii=False)


def from_text(text: str) -> Difference:
    """Return what ``as_text`` wrote; of an empty text a difference without anything."""
    if not text:
        return Difference()
    values = json.loads(text)
    return Difference(
        articles=values["articles"],
        kinds=Counter({ChangeKind(kind): n for kind, n in values["kinds"].items()}),
        examples={
            ChangeKind(kind): [Example(**e | {"kind": ChangeKind(kind)}) for e in shown]
            for kind, shown in values["examples"].items()
        },
        unjudged=values["unjudged"],
    )
