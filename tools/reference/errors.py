"""Exit codes, and the tree of errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from domain import errors
from domain.errors import ConfigError, MarsadError, UsageError
from tools.reference.tables import code, table

_HEAD = """\
# Errors and exit codes

Written from `domain/errors.py` by `make docs`. An error is one line on standard error that says
what, where and what to do; `-v` before the command also shows where in the program.

## Exit codes

| code | meaning |
|---|---|
| 0 | done; also when the reader of the output went away, as `head` does |
| 1 | the work failed in part or whole: a bad line, a store that said no |
| 2 | wrong usage, or a configuration, rule, lexicon or catalogue that is wrong |
| 130 | stopped from the keyboard (Ctrl-C) |

`marsad run` and `marsad worker` end with 0 after SIGTERM or SIGINT. A second one ends them at
once, by that signal (143 or 130 in a shell).

## The tree

Programs that import marsad can catch any of these; `MarsadError` catches all.

"""


def page() -> str:
    """Return the page."""
    rows = [
        [
            f"{'– ' * depth}{code(error.__name__)}",
            inspect.cleandoc(error.__doc__ or "").split("\n\n")[0].replace("``", "`"),
            "2" if issubclass(error, ConfigError | UsageError) else "1",
        ]
        for depth, error in _tree(MarsadError, 0)
    ]
    return _HEAD + table(("error", "meaning", "exit code"), rows)


def _tree(error: type[MarsadError], depth: int) -> Iterator[tuple[int, type[MarsadError]]]:
    yield depth, error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child, depth + 1)
