"""Serving the page: a socket, uvicorn on the running loop, an end within seconds."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial

import uvicorn
from anyio import to_thread

from domain.errors import MarsadError, WebError
from marsad.clock import utc_now
from marsad.config import Config
from marsad.folding import MatcherFolding
from marsad.silences import known_ids
from marsad.web.app import make_app
from marsad.web.desk import Desk
from marsad.web.settings import WebSettings
from marsad.web.why import Rules
from marsad.workers import WorkerPool
from storage import Migrate, Store

_log = logging.getLogger(__name__)
QUESTION = 5.0  # seconds that the store is given for one question of a page
_STOP_WITHIN = 3  # seconds for answers under way
_THREADS = 6  # questions at once: more would wait for the two databases anyway
_EXPLAIN = 30.0  # seconds for one explanation, the loading of the rules aside


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: ours stop the whole program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    config: Config, settings: WebSettings, *, is_collecting: bool
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the page of ``config``'s store until left; yields the task that does it.

    The store must be there, its schema current. Raises WebError when the address is taken.
    """
    listening = _listen(settings)
    rules = Rules(lambda: WorkerPool(config.rules, limit=_EXPLAIN, size=1))
    store = _open(config.database, QUESTION)
    writer = _open_writer(config.database) if settings.is_guarded else None
    desk = make_desk(
        config, settings, store, rules, writer=writer, clock=utc_now, is_collecting=is_collecting
    )
    server = _Server(
        uvicorn.Config(
            make_app(desk),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_STOP_WITHIN,
        )
    )
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    task = asyncio.create_task(server.serve(sockets=[listening]), name="web")
    naming = asyncio.create_task(_learn_names(desk, rules), name="names")
    _log.info("the page is at %s", address(settings))
    try:
        yield task
    finally:
        naming.cancel()
        desk.stopping.set()
        server.should_exit = True
        await asyncio.wait({task}, timeout=2 * _STOP_WITHIN)
        await rules.close()
        for opened in (store, writer):
            if opened is not None:
                opened.close()
        listening.close()


def make_desk(
    config: Config,
    settings: WebSettings,
    store: Store,
    rules: Rules,
    *,
    writer: Store | None,
    clock: Callable[[], datetime],
    is_collecting: bool,
) -> Desk:
    """Return what the pages work with."""
    return Desk(
        store=store,
        settings=settings,
        clock=clock,
        judge=rules,
        csrf=secrets.token_urlsafe(24),
        known=partial(known_ids, config),
        writer=writer,
        archive=config.archive,
        is_collecting=is_collecting,
        source_names={source.id: source.name for source in config.sources},
    )


def address(settings: WebSettings) -> str:
    """Return where the page is, for people."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/"


def _open(database: str, seconds: float) -> Store:
    return Store.open(database, read_only=True, seconds=seconds, folding=MatcherFolding())


def _open_writer(database: str) -> Store:
    """Words of a silence are held against those of articles: both are folded alike."""
    return Store.open(database, migrate=Migrate.NEVER, folding=MatcherFolding())


def _listen(settings: WebSettings) -> socket.socket:
    """Take the address before anything else is opened."""
    place = (settings.host.strip("[]"), settings.port)
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    try:
        return socket.create_server(place, family=family, backlog=128)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise WebError(
            f"web: {place[0]} port {place[1]} cannot be used: {why}; set web.port to another"
        ) from None


async def _learn_names(desk: Desk, rules: Rules) -> None:
    """Ask the lexicon what things are called; until then the store's own labels serve."""
    try:
        desk.names.fill(await rules.labels())
    except MarsadError as error:
        _log.warning("names stay as the store has them: %s", error)
