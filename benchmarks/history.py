"""What the board saw in earlier runs: a line a run in benchmarks/results/history.jsonl."""

from __future__ import annotations

import json
from pathlib import Path


def before(history: Path, *, full: bool) -> dict[str, float]:
    """Return the last figure of each row by what it is of, from runs of the same sizes."""
    found: dict[str, float] = {}
    if not history.exists():
        return found
    for line in history.read_text(encoding="utf-8").splitlines():
        run = json.loads(line)
        if run.get("full", False) == full:
            rows = (row for row in run["rows"] if row["measured"] is not None)
            found |= {row["what"]: row["measured"] for row in rows}
    return found


def moved(now: float, earlier: float | None, unit: str) -> str:
    """Return what a figure was and how it moved, as a cell; a plain difference has no percent."""
    if earlier is None:
        return "-"
    shown = f"{earlier:.3g}{unit}"
    return f"{shown} ({now / earlier - 1:+.0%})" if unit and earlier else shown
