"""What runs in a worker process: judging, with a matcher that is loaded once a process."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from domain.article import Document
from domain.errors import MatchError
from domain.match import Verdict
from matcher.judge import Matcher

# A worker process is one task at a time and has no composition root of its own; this is its
# only state, set by its initializer.
_matcher: list[Matcher] = []


def start_worker(rules: Sequence[str]) -> None:
    """Prepare a worker process: load the matcher, leave signals to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _matcher[:] = [Matcher.load(rules)]


def judge(documents: Sequence[Document]) -> list[Verdict]:
    """Judge documents in the order given."""
    if not _matcher:
        raise MatchError("the worker has no matcher")
    return [_matcher[0].judge(document) for document in documents]
