"""How Sphinx builds the site: ``make docs-site``. Warnings are errors; nothing is fetched."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "marsad"
author = "the marsad contributors"
release = metadata.version("marsad")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["words"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"marsad {release}"
html_copy_source = False
html_show_copyright = False
html_last_updated_fmt = None  # the same sources give the same site


def setup(app: Sphinx) -> None:
    """Show the language of rules, and lines of JSON that are cut short, as plain text."""
    for name in ("query", "jsonc"):
        app.add_lexer(name, TextLexer)
