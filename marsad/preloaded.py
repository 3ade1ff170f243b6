"""Rules that the fork server holds before it forks: workers share them instead of loading each.

The one module that does something when it is imported: the fork server (see
``marsad/workers.py``) imports it before it serves, and takes no other orders. The rules come
in its environment; anywhere else there are none, and nothing is loaded.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from domain.errors import MarsadError

if TYPE_CHECKING:
    from matcher.judge import Matcher

VARIABLE = "MARSAD_PRELOADED_RULES"

_held: dict[str, Matcher] = {}  # by what it was made from: an edit of a rule makes another key


def preloaded(rules: Sequence[str]) -> Matcher | None:
    """Return the matcher of ``rules`` as they are now, where this process was born with it."""
    from marsad.compiled import rules_key  # noqa: PLC0415 - hashing for nothing where none is held

    return _held.get(rules_key(rules)) if _held else None


def load_lasting(rules: Sequence[str]) -> Matcher:
    """Return the matcher of ``rules`` for a process that stays. Raises as ``load_compiled``.

    With all that is otherwise put together when the first text needs it.
    """
    from marsad.compiled import is_compiled, load_compiled  # noqa: PLC0415

    if not is_compiled(rules, os.environ):
        _elsewhere(lambda: load_compiled(rules, os.environ))
    return load_compiled(rules, os.environ).unpacked()


def _preload() -> None:
    from marsad.compiled import rules_key  # noqa: PLC0415

    try:
        rules = json.loads(os.environ.pop(VARIABLE))
        _held[rules_key(rules)] = load_lasting(rules)
    except (MarsadError, OSError):
        return  # the workers try again, and say what is wrong
    gc.collect()
    gc.freeze()  # a collection in a worker would write to, and so copy, all that is shared


def _elsewhere(work: Callable[[], object]) -> None:
    """Do ``work`` in a process that ends: compiling leaves twice the memory that rules need."""
    process = os.fork()
    if not process:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(process, 0)


if VARIABLE in os.environ:
    _preload()
