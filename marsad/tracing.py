"""What places a hit among the stories, worked out in a worker process as judging is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crawler.ports import WorkerCrashError, Workers, WorkerTimeoutError
from domain.article import Document
from domain.errors import MarsadError
from domain.filing import Filing
from domain.match import Match
from domain.source import Source
from domain.story import Trace
from marsad.judging import loaded
from marsad.pages import document_of
from marsad.placing import official

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Traced:
    """The trace of a hit, and the bodies of state whose own words it reports."""

    trace: Trace
    officials: tuple[str, ...]


def trace(document: Document, matches: Sequence[Match]) -> Traced:
    """Trace one hit, in a worker. Raises ConfigError when the rules do not load."""
    from matcher.stories.trace import Tracer  # noqa: PLC0415 - numpy, which the daemon does without

    tracer = Tracer(loaded())
    return Traced(tracer.trace(document, matches), tracer.officials(document))


async def traced_hit(
    workers: Workers, document: Document, matches: Sequence[Match]
) -> Traced | None:
    """Return the trace of a hit; None: its text breaks the tracer, and its title must serve."""
    try:
        return await workers.call(trace, document, matches)
    except (WorkerTimeoutError, WorkerCrashError, MarsadError) as error:
        _log.error("%s: placed by its title alone: %s", document.id, error)
        return None


async def traced(workers: Workers, filing: Filing, source: Source | None) -> Filing:
    """Return a filing with what places it among the stories, if it is a hit."""
    if not filing.matches:
        return filing
    found = await traced_hit(workers, document_of(filing.article), filing.matches)
    said = found.officials if found else ()
    officials = tuple(dict.fromkeys((*official(source), *said)))
    return replace(filing, officials=officials, trace=found.trace if found else None)
