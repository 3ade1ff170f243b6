"""Commands called in the plainest way, told from their signatures without Typer's validation.

Typer asks pydantic to read every option, and to import it takes longer than to judge an
article. A call that names known options with their values needs none of it; any other one
(help, an abbreviation, a mistake) is Typer's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

_READ: dict[object, Callable[[str], object]] = {str: str, str | None: str, Path: Path}


class _NotPlain(Exception):  # noqa: N818 - no error: another reader's turn
    """The call is one for Typer."""


class Signature:
    """The options of a command, and its one argument, by the words that name them."""

    def __init__(self, function: Callable[..., object], environment: Mapping[str, str]) -> None:
        self._options: dict[str, tuple[str, object]] = {}  # word -> parameter, type
        self._argument: tuple[str, object] | None = None
        self.values: dict[str, Any] = {}  # by parameter, its default until the call says else
        hints = get_type_hints(function, include_extras=True)
        for name, parameter in inspect.signature(function).parameters.items():
            known, *described = get_args(hints[name]) or (hints[name],)
            if not described or not isinstance(described[0], (OptionInfo, ArgumentInfo)):
                continue  # the context
            self.values[name] = parameter.default
            if isinstance(described[0], ArgumentInfo):
                self._argument = name, known
                continue
            # Typer has the first of the words as the default where it is no default at all.
            given = (described[0].default, *(described[0].param_decls or ()))
            words = [w for w in given if isinstance(w, str) and w.startswith("-")]
            for word in words or (f"--{name.replace('_', '-')}",):
                self._options[word] = name, known
            variable = described[0].envvar
            if isinstance(variable, str) and environment.get(variable):
                self.values[name] = self._value(known, environment[variable])

    def take(self, words: Iterator[str]) -> str | None:
        """Read ``words`` up to the first that is no option; return it, None at the end.

        Raises _NotPlain for anything but known options with their values.
        """
        for word in words:
            if word == "-" or not word.startswith("-"):
                return word
            spelled, is_joined, value = word.partition("=")
            name, known = self._options.get(spelled, ("", None))
            if known is bool and not is_joined:
                self.values[name] = True
            elif known in _READ:
                self.values[name] = self._value(known, value if is_joined else next(words, ""))
            else:
                raise _NotPlain
        return None

    def take_argument(self, word: str) -> None:
        """Take the one argument. Raises _NotPlain where there is none to take."""
        if self._argument is None:
            raise _NotPlain
        name, known = self._argument
        self.values[name] = self._value(known, word)
        self._argument = None

    @staticmethod
    def _value(known: object, word: str) -> object:
        if (word.startswith("-") and len(word) > 1) or not word or known not in _READ:
            raise _NotPlain
        return _READ[known](word)


def plain_call(
    root: Callable[..., object],
    command: Callable[..., object],
    words: Sequence[str],
    environment: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return what to call ``root`` and ``command`` with; None where the call is not plain."""
    try:
        shared, own = Signature(root, environment), Signature(command, environment)
        rest = iter(words)
        shared.take(rest)  # up to the name of the command
        while (word := own.take(rest)) is not None:
            own.take_argument(word)
    except _NotPlain:
        return None
    return shared.values, own.values
