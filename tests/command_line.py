"""Commands called in this process: what they printed, and the code they left with."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from marsad.cli import main
from matcher.judge import LEXICON, Matcher
from matcher.lexicon import Lexicon, load_lexicon

_load = Matcher.load


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def make_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a call of ``marsad``. The lexicon and the bundled rules are loaded once a session."""

    def load(rules: Sequence[str | Path], lexicon: Lexicon | None = None) -> Matcher:
        if tuple(rules) == ("defence-cooperation",):
            return _bundled()
        return _load(rules, lexicon or _lexicon())

    monkeypatch.setattr(Matcher, "load", load)

    def run(*arguments: str, stdin: bytes | None = None) -> Ran:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        with kept_process(), pytest.raises(SystemExit) as left:
            main(list(arguments))
        caught = capsys.readouterr()
        return Ran(code=int(left.value.code or 0), out=caught.out, err=caught.err)

    return run


@contextmanager
def kept_process() -> Iterator[None]:
    """Leave the process's log and file mode as they were: the next test has them too."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    loggers = [root, *map(logging.getLogger, list(root.manager.loggerDict))]
    levels = [(logger, logger.level) for logger in loggers]
    mask = os.umask(0o077)
    os.umask(mask)
    try:
        yield
    finally:
        os.umask(mask)
        root.handlers[:] = handlers
        for logger, level in levels:
            logger.setLevel(level)


@cache
def _lexicon() -> Lexicon:
    return load_lexicon(LEXICON)


@cache
def _bundled() -> Matcher:
    return _load(["defence-cooperation"], _lexicon())


def one_line(ran: Ran, code: int, *words: str) -> None:
    """Assert that the command said one line on standard error and nothing else."""
    assert ran.code == code, ran
    assert ran.out == ""
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err
