"""What ``marsad crawl`` shows while it works, on a terminal and in a log."""

from __future__ import annotations

import io
from datetime import timedelta

from crawler_stage import NOW
from rich.console import Console

from domain.source import VisitOutcome, VisitReport
from marsad.commands.collect import _Progress


def report(ident: str, outcome: VisitOutcome = VisitOutcome.OK, reason: str = "") -> VisitReport:
    return VisitReport(
        source_id=ident,
        outcome=outcome,
        reason=reason,
        started=NOW,
        finished=NOW + timedelta(seconds=1),
        new_articles=3,
    )


def shown(*, is_terminal: bool) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=is_terminal, width=140)
    with _Progress(console) as progress:
        progress.start(8)
        progress.advance(report("tsa"), 2)
        progress.advance(report("awras", VisitOutcome.HTTP, "HTTP 503 \x1b[31m"), 0)
        progress.look({f"source-{n}" for n in range(6)} | {"[red]"}, 7, 2)
        if progress._bar is not None:
            progress._bar.refresh()
    return stream.getvalue()


def test_a_log_has_a_plain_line_a_source():
    text = shown(is_terminal=False)
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines == ["tsa: ok, 3 new, 2 hits", "awras: http, 3 new (HTTP 503  [31m)"]
    assert "\x1b" not in text


def test_a_terminal_shows_what_is_under_way():
    text = shown(is_terminal=True)
    assert "2/8" in text
    assert "7 new, 2 hits, 1 failed" in text
    assert "[red], source-0, source-1, source-2 and 3 more" in text
