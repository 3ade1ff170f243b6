"""Where the parts of the benchmark leave their figures for the board."""

from __future__ import annotations

import compileall
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
ROOMS = ("domain", "crawler", "matcher", "storage", "alerts", "marsad")


def compile_rooms() -> None:
    """Leave bytecode beside our sources, as installing leaves it beside the peers'.

    Where PYTHONDONTWRITEBYTECODE is set, a program of a clone compiles all of itself each time.
    """
    for room in ROOMS:
        compileall.compile_dir(ROOT / room, quiet=1)


def keep(part: str, figures: Mapping[str, Sequence[float]]) -> None:
    """Keep what ``part`` measured: a number a round under each figure's name."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({name: list(values) for name, values in figures.items()}, indent=1)
    kept(part).write_text(text, encoding="utf-8")


def kept(part: str) -> Path:
    """Return the file of ``part``."""
    return RESULTS / f"board-{part}.json"


def spread(values: Sequence[float]) -> float:
    """Return (most - least) / median."""
    return (max(values) - min(values)) / abs(statistics.median(values))


def shown(values: Sequence[float], digits: int = 1) -> str:
    """Return the median of ``values``, and their spread in brackets, as a cell of a table."""
    return f"{statistics.median(values):,.{digits}f} ({spread(values):.0%})"
