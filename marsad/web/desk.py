"""What every page works with, handed in once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from domain.article import Document
from marsad.silences import Known
from marsad.web.names import Names
from marsad.web.settings import WebSettings
from marsad.web.why import Explained
from storage.store import Store


class Judge(Protocol):
    """Somebody who holds the rules, in another process."""

    async def explain(self, document: Document) -> Explained:
        """Return how each rule reads ``document``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The store, read-only and under a time limit, and what stands around it."""

    store: Store
    settings: WebSettings
    clock: Callable[[], datetime]
    judge: Judge
    csrf: str  # in every form of ours; a page elsewhere cannot read it
    known: Known  # what a silence may name
    names: Names = field(default_factory=Names)
    writer: Store | None = None  # for what an analyst notes; None: the page only reads
    archive: Path | None = None  # where pages of hits are kept
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # ends what streams
    is_collecting: bool = False  # whether a daemon runs around this page
    source_names: Mapping[str, str] = field(default_factory=dict)


def program_version() -> str:
    """Return marsad's version as it was installed."""
    return version("marsad")
