"""What the crawler needs from outside, declared where it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ParamSpec, Protocol, TypeVar

from domain.article import Article, Document, Judged
from domain.revision import Known
from domain.source import VisitReport

# Judges a document in a worker; importable by name.
Judge = Callable[[Document], Judged]

P = ParamSpec("P")
R = TypeVar("R")


class Desk(Protocol):
    """Where articles are handed in. Every call may wait on a database; none blocks the loop."""

    async def unseen(self, urls: Sequence[str]) -> set[str]:
        """Return those canonical ``urls`` that the store does not hold."""

    async def known(self, urls: Sequence[str]) -> Mapping[str, Known]:
        """Return what the store remembers of those canonical ``urls`` that it holds."""

    async def revise(self, article: Article) -> bool:
        """Look at a stored article that was read again; True when it became a new version.

        A version is judged again in the same commit. The same words, spelt or set otherwise, are
        none, nor is a teaser in place of a whole text.
        """

    async def file(self, articles: Sequence[Article], report: VisitReport | None) -> int:
        """Judge and store ``articles`` in one commit, with the end of the visit if given.

        Returns how many were new. ``report`` carries the source's next state; it comes
        with the last articles of a visit, so that a crash refetches instead of skipping.
        """


class Workers(Protocol):
    """Worker processes for CPU-heavy work on untrusted bytes."""

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in a worker process and return its value.

        ``function`` is importable by name, its arguments and value are picklable. Raises
        ``WorkerTimeoutError`` when it exceeds the hard limit and ``WorkerCrashError`` when its
        process dies; an exception that the function raises comes back as itself.
        """


def no_step(step: str) -> None:
    """Pass a step of the walk at which a crash test would end the process."""
    del step


class WorkerTimeoutError(Exception):
    """A worker ran over its hard time limit and was ended."""


class WorkerCrashError(Exception):
    """A worker process died under the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRecord:
    """A host's robots.txt as last fetched. ``status`` is the HTTP status, 0 when unreachable."""

    origin: str  # scheme://host[:port]
    body: bytes
    status: int
    fetched_at: datetime


class HoldShelf(Protocol):
    """Remembers across restarts which hosts asked to be left alone (Retry-After)."""

    async def holds(self) -> Mapping[str, datetime]:
        """Return the hosts on hold now, and until when."""

    async def hold(self, host: str, until: datetime) -> None:
        """Keep that ``host`` wants no request before ``until``."""


class Turns(Protocol):
    """Keeps one pace at a host that several programs visit."""

    async def wait(self, url: str, gap: timedelta) -> None:
        """Return when a request to ``url`` may go out, ``gap`` after the last one of anyone.

        Raises LeaseLostError when the host was taken over by another program.
        """

    async def done(self, url: str, gap: timedelta) -> None:
        """Say that the answer is here: ``gap`` counts from now."""


class RobotsShelf(Protocol):
    """Remembers robots.txt across restarts, so that it is fetched at most once a day a host."""

    async def get(self, origin: str) -> RobotsRecord | None:
        """Return the record of ``origin``, or None."""

    async def put(self, record: RobotsRecord) -> None:
        """Keep ``record`` in place of an older one."""
