"""What of docs/ comes from the code itself: the reference, the outlets, the picture of the rooms.

``make docs`` writes the pages; a test holds them to the code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from crawler import sources_page
from crawler.catalogue import load_outlets
from tools import architecture_picture
from tools.reference import commands, config, errors, metrics, verdict

DOCS = Path(__file__).resolve().parents[2] / "docs"

PAGES: Mapping[str, Callable[[], str]] = {
    "architecture.svg": architecture_picture.picture,
    "reference/commands.md": commands.page,
    "reference/config.md": config.page,
    "reference/errors.md": errors.page,
    "reference/metrics.md": metrics.page,
    "reference/verdict.md": verdict.page,
    "sources.md": lambda: sources_page.page(load_outlets()),
}


def write_all(docs: Path = DOCS) -> None:
    """Write every page under ``docs``."""
    for name, page in PAGES.items():
        (docs / name).write_text(page(), encoding="utf-8")
