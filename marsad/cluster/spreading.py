"""``marsad rematch`` and ``backfill`` beside workers: they work, this process hands out and counts.

What is done stands in the store: whoever stops this process, and calls it again, goes on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import datetime

import procrastinate

from crawler.backfilling import Span
from domain.backfill import BackfillRun, BackfillStanding
from domain.errors import StoreError
from domain.rematch import RematchChunk, RematchProgress
from marsad.clock import utc_now
from marsad.cluster.archives import from_text
from marsad.cluster.serving import queue_address
from marsad.cluster.tasks import (
    BACKFILL,
    REMATCH,
    connector,
    hand_out_backfill,
    hand_out_chunk,
    lock_of,
)
from marsad.cluster.worker import by_host
from marsad.compiled import load_compiled
from marsad.config import Config
from marsad.rematching import EXAMPLES, Difference, version_of
from storage.store import Store

AHEAD = 64  # chunks that wait for a worker: enough for all of them, and soon taken back
LOOK = 0.5  # seconds between two looks at how far the workers are
_NOBODY = "no worker is left: start one, and the same call goes on"


def has_workers(store: Store, config: Config) -> bool:
    """Whether there are any who take jobs."""
    if config.cluster is None or not config.database.startswith("postgresql"):
        return False
    silent = config.cluster.stalled_after.total_seconds()
    return any(w.silent < silent for w in store.cluster_state(utc_now()).workers)


async def spread_rematch(
    config: Config,
    store: Store,
    since: datetime | None,
    *,
    is_dry: bool,
    is_telling: bool,
    started: Callable[[int], None],
    advance: Callable[[int], None],
) -> Difference:
    """Have the archive judged again by the workers; see ``rematching.rematch``.

    Raises StoreError when a worker judges by other rules, and when none is left.
    """
    matcher = await asyncio.to_thread(load_compiled, config.rules, os.environ)
    version = version_of(matcher.versions)
    if is_dry:  # never gone on with: what it counted may have changed since
        version = f"dry {utc_now():%Y-%m-%dT%H:%M:%S} {version}"
    progress = await asyncio.to_thread(store.rematch_begin, version, since, utc_now())
    await asyncio.to_thread(store.rematch_plan, progress)
    app = procrastinate.App(connector=connector(queue_address(config), connections=4))
    async with app.open_async():
        run = _Spread(config, store, app, progress, is_dry=is_dry, is_telling=is_telling)
        await run.follow(started, advance)
        found = together(await run.chunks(), is_resumed=progress.is_resumed)
    await asyncio.to_thread(store.rematch_finish, progress, utc_now())
    return found


class _Spread:
    """Hands out what nobody has, until all is done."""

    def __init__(
        self,
        config: Config,
        store: Store,
        app: procrastinate.App,
        progress: RematchProgress,
        *,
        is_dry: bool,
        is_telling: bool,
    ) -> None:
        self._config = config
        self._store = store
        self._app = app
        self._progress = progress
        self._is_dry = is_dry
        self._is_telling = is_telling

    async def chunks(self) -> list[RematchChunk]:
        """Return every chunk as it stands."""
        ident = self._progress.rematch_id
        return await asyncio.to_thread(self._store.rematch_chunks, ident)

    async def follow(self, started: Callable[[int], None], advance: Callable[[int], None]) -> None:
        """Hand out and tell of what is done."""
        chunks, told = await self.chunks(), 0
        started(sum(chunk.articles for chunk in chunks))
        while True:
            done = sum(from_text(chunk.result).articles for chunk in chunks)
            advance(done - told)
            told = done
            left = [chunk for chunk in chunks if not chunk.is_done]
            if not left:
                return
            await self._hand_out(left)
            await asyncio.sleep(LOOK)
            chunks = await self.chunks()

    async def _hand_out(self, left: Sequence[RematchChunk]) -> None:
        for chunk in left:
            if chunk.refusal:
                raise StoreError(chunk.refusal)
        if not await asyncio.to_thread(has_workers, self._store, self._config):
            raise StoreError(_NOBODY)
        busy = await asyncio.to_thread(self._store.job_locks)
        ident = self._progress.rematch_id
        for chunk in left[:AHEAD]:
            if lock_of(REMATCH, f"{ident}:{chunk.upto}") not in busy:
                await hand_out_chunk(
                    self._app,
                    ident,
                    chunk.upto,
                    is_dry=self._is_dry,
                    is_telling=self._is_telling,
                )


async def spread_backfill(
    config: Config,
    store: Store,
    sources: Sequence[str],
    since: datetime,
    until: datetime | None,
    *,
    is_telling: bool,
    watch: Callable[[float, int], None],
) -> list[tuple[BackfillRun, BackfillStanding]]:
    """Have the past of ``sources`` collected by the workers; return what it came to.

    ``watch`` is told which share of the whole is done, 0 to 1, and how many articles are new.
    Raises StoreError when no worker is left.
    """
    begin = store.backfill_begin
    runs = [await asyncio.to_thread(begin, s, since, until, utc_now()) for s in sources]
    hosts = {s: host for host, many in by_host(config.sources).items() for s in many}
    ids = [run.backfill_id for run in runs]
    app = procrastinate.App(connector=connector(queue_address(config), connections=4))
    async with app.open_async():
        while True:
            found = {
                s.backfill_id: s for s in await asyncio.to_thread(store.backfill_standings, ids)
            }
            shares = [share_of(run, found[run.backfill_id]) for run in runs]
            watch(sum(shares) / len(shares), sum(s.new for s in found.values()))
            left = [r for r in runs if not _is_over(found[r.backfill_id])]
            if not left:
                return [(run, found[run.backfill_id]) for run in runs]
            if not await asyncio.to_thread(has_workers, store, config):
                raise StoreError(_NOBODY)
            busy = await asyncio.to_thread(store.job_locks)
            for run in left:
                if lock_of(BACKFILL, str(run.backfill_id)) not in busy:
                    host = hosts[run.source_id]
                    await hand_out_backfill(app, run.backfill_id, host, is_telling=is_telling)
            await asyncio.sleep(LOOK)


def share_of(run: BackfillRun, standing: BackfillStanding) -> float:
    """Return how much of the way back is done, by the oldest article listed."""
    if _is_over(standing):
        return 1.0
    if standing.oldest is None:
        return 0.0
    return Span(since=run.since, until=run.until).share(standing.oldest)


def _is_over(standing: BackfillStanding) -> bool:
    return standing.is_finished or bool(standing.refusal)


def together(chunks: Sequence[RematchChunk], *, is_resumed: bool) -> Difference:
    """Return what the chunks came to, those included that an earlier call had judged."""
    whole = Difference(is_resumed=is_resumed)
    for part in (from_text(chunk.result) for chunk in chunks):
        whole.articles += part.articles
        whole.kinds += part.kinds
        whole.unjudged += part.unjudged
        for kind, examples in part.examples.items():
            shown = whole.examples.setdefault(kind, [])
            shown += examples[: EXAMPLES - len(shown)]
    return whole
