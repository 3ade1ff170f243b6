"""What ``marsad match`` does. Imports nothing that one verdict can do without."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from marsad.commands.saying import say
from marsad.documents import Line, read_document, read_lines
from marsad.jsontext import json_text
from marsad.verdicts import verdict_json

if TYPE_CHECKING:
    from marsad.commands.context import Context
    from matcher.judge import Matcher

# By any of these, or by being one, standard output is a terminal for Rich.
_COLOURED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


def match_one(
    options: Context,
    target: str,
    *,
    title: str,
    language: str | None,
    published: str | None,
    json_: bool,
    explain: bool,
    jsonl: bool,
) -> int:
    """Judge and print; return the exit code. Raises MarsadError for what cannot be read."""
    if jsonl:
        return _stream(options.judge())
    document = read_document(target, title=title, language=language, published=published)
    matcher = options.judge()
    if explain and not json_:
        from marsad.commands.explaining import show_explanation  # noqa: PLC0415 - imports Rich
        from marsad.commands.formats import console_for_data  # noqa: PLC0415

        show_explanation(console_for_data(), matcher.explain(document))
        return 0
    verdict = matcher.judge(document)
    if json_:
        print(json_text(verdict_json(verdict), indent=1))
    elif not verdict.is_match and not _is_terminal():
        # As marsad.commands.showing prints it where there is no colour, without Rich.
        print(say("no match ({language})", language=verdict.language))
    else:
        from marsad.commands.formats import console_for_data  # noqa: PLC0415
        from marsad.commands.showing import show_verdict  # noqa: PLC0415

        show_verdict(console_for_data(), document, verdict)
    return 0


def _is_terminal() -> bool:
    return sys.stdout.isatty() or any(name in os.environ for name in _COLOURED)


def _stream(matcher: Matcher) -> int:
    """Judge JSON lines in order; a bad line gives an error and the rest goes on."""
    has_bad = False
    sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")  # type: ignore[union-attr]
    for line in read_lines(sys.stdin):
        answer = _answer(matcher, line)
        has_bad |= "error" in answer
        sys.stdout.write(json_text(answer) + "\n")
        sys.stdout.flush()
    return 1 if has_bad else 0


def _answer(matcher: Matcher, line: Line) -> dict[str, Any]:
    error = line.error
    if line.document is not None:
        try:
            return {**verdict_json(matcher.judge(line.document)), "id": line.id}
        except Exception as fault:  # noqa: BLE001 - a text that breaks us must not stop the rest
            error = f"could not be judged: {type(fault).__name__}: {fault}"
    answer: dict[str, Any] = {"line": line.number, "error": error}
    return answer if line.id is None else {"id": line.id, **answer}
