"""Where the parts of the benchmark leave their figures for the board."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def keep(part: str, figures: Mapping[str, Sequence[float]]) -> None:
    """Keep what ``part`` measured: a number a round under each figure's name."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({name: list(values) for name, values in figures.items()}, indent=1)
    kept(part).write_text(text, encoding="utf-8")


def kept(part: str) -> Path:
    """Return the file of ``part``."""
    return RESULTS / f"board-{part}.json"
