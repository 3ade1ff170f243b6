"""What runs in a worker process: judging, with a matcher that is loaded once a process."""

from __future__ import annotations

import gc
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.article import Document, Folded, Judged
from domain.errors import MarsadError, MatchError
from domain.match import Verdict
from marsad.folding import MatcherFolding
from marsad.garbage import look_rarely
from marsad.labels import names_of
from marsad.preloaded import load_lasting, preloaded

if TYPE_CHECKING:  # the daemon names these functions, its workers run them
    from matcher.judge import Matcher

# A worker process is one task at a time and has no composition root of its own; this is its
# only state, set by its initializer: the matcher, or why there is none.
_state: list[Matcher | MarsadError] = []


def start_worker(rules: Sequence[str]) -> None:
    """Prepare a worker process: load the matcher, leave signals to the parent.

    A rule that does not load is the answer of every call: an initializer that fails would
    only be started over and over.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    look_rarely()
    try:
        _state[:] = [preloaded(rules) or load_lasting(rules)]
        gc.freeze()  # the matcher stays: collections need not walk it
    except MarsadError as error:
        _state[:] = [error]


def names() -> dict[str, dict[str, str]]:
    """Return the words for the lexicon's ids. Raises ConfigError when the rules do not load."""
    return names_of(loaded().concepts.lexicon)


def versions() -> dict[str, str]:
    """Return each rule's version. Raises ConfigError when the rules do not load."""
    return loaded().versions


def judge(documents: Sequence[Document]) -> list[Verdict]:
    """Judge documents in the order given. Raises ConfigError when the rules do not load."""
    matcher = loaded()
    return [matcher.judge(document) for document in documents]


def judge_one(document: Document) -> Judged:
    """Judge a document, and fold it for the index of words: the judge folds it anyway.

    Raises ConfigError when the rules do not load.
    """
    from matcher.reading import Reading  # noqa: PLC0415
    from matcher.searching import index_forms  # noqa: PLC0415
    from matcher.text import normalise  # noqa: PLC0415

    matcher = loaded()
    form = normalise(Reading.join(document))
    title, text = index_forms(document.title, form)
    folded = Folded(title=title, text=text, version=MatcherFolding.version)
    return Judged(document=document, verdict=matcher.judge(document, form), folded=folded)


def loaded() -> Matcher:
    """Return the process's matcher. Raises why there is none."""
    if not _state:
        raise MatchError("the worker has no matcher")
    matcher = _state[0]
    if isinstance(matcher, MarsadError):
        raise matcher
    return matcher
