"""The error tree. One root, so that a caller can catch all of marsad.

::

    MarsadError
    ├── ConfigError          a config, rule, lexicon or catalogue file is wrong (exit 2)
    ├── UsageError           the call itself makes no sense (exit 2)
    │   └── SearchError      words of a full-text search that leave nothing to seek
    ├── CrawlError           an article or feed could not be had
    │   ├── FetchError       the network or the server refused
    │   ├── FeedError        what came is not a feed
    │   └── ExtractionError  no article text in the page
    ├── MatchError           a document could not be judged
    ├── StoreError           the database said no
    │   ├── SchemaError      the schema is older or newer than this program
    │   ├── BusyError        another daemon holds the database
    │   ├── ConnectionLostError  the server ended a session: it goes down or restarts
    │   ├── TimeLimitError   a question took longer than its asker allows
    │   └── QueryError       an analyst's SQL failed or was refused
    ├── LeaseLostError       another worker took the host over; nothing is stored
    ├── AlertError           a notice could not be delivered
    └── WebError             the page could not be served

Messages are one line that a person can act on: what, where, what to do.
They never hold a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any


class MarsadError(Exception):
    """Root of every error that marsad raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake in a file that a person wrote.

    ``line`` and ``column`` count from 1; None when the fault has no place
    (a missing file). ``path`` is the dotted key path, e.g. ``alerts.routes[0].channels``.
    """

    file: str
    line: int | None
    column: int | None
    path: str
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        # A key of the file may hold whatever a file can: it forges no line.
        path = self.path if self.path.isprintable() else repr(self.path)[1:-1]
        return f"{place}: {path}: {self.message}" if path else f"{place}: {self.message}"


class ConfigError(MarsadError):
    """A file is wrong; ``faults`` holds every mistake found, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(f) for f in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.faults,)


class UsageError(MarsadError):
    """The command was called in a way that makes no sense."""


class SearchError(UsageError):
    """Words of a full-text search that leave nothing to seek, or too much."""


class CrawlError(MarsadError):
    """An article or feed could not be had; ``url`` says which."""

    def __init__(self, message: str, *, url: str) -> None:
        self.url = url
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders, and exceptions pickle their positional arguments only.
        return partial(type(self), url=self.url), self.args


class FetchError(CrawlError):
    """The network or the server refused."""


class FeedError(CrawlError):
    """What came is not a feed."""


class ExtractionError(CrawlError):
    """A page has no article text that could be found."""


class MatchError(MarsadError):
    """A document could not be judged."""


class StoreError(MarsadError):
    """The database said no."""


class SchemaError(StoreError):
    """The schema is older or newer than this program knows."""


class BusyError(StoreError):
    """Another daemon holds this database."""


class ConnectionLostError(StoreError):
    """The server ended a session that was open, as it does when it restarts: try again."""


class TimeLimitError(StoreError):
    """A question took longer than its asker allows."""


class QueryError(StoreError):
    """An analyst's SQL failed or was refused by the database."""


class LeaseLostError(MarsadError):
    """Another worker took over what this one was at: it stops, and stores nothing."""


class AlertError(MarsadError):
    """A notice could not be delivered; ``channel`` says where."""

    def __init__(self, message: str, *, channel: str) -> None:
        self.channel = channel
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), channel=self.channel), self.args


class WebError(MarsadError):
    """The page could not be served."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'X'?" for the nearest of ``known``, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
