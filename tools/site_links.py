"""Whether every link inside the built site leads somewhere: ``python -m tools.site_links FOLDER``.

Sphinx holds links between pages; this also looks at what themes and pictures point to, and at
the place within a page. Addresses elsewhere are left alone: nothing is fetched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

_GENERATED = {"genindex.html", "search.html"}  # a theme's own pages


def dead_links(site: Path) -> Iterator[str]:
    """Yield "page: link" for each that leads to no file, or to no place in its file."""
    for page in sorted(site.rglob("*.html")):
        tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
        for node in tree.css("[href], [src]"):
            link = node.attributes.get("href") or node.attributes.get("src") or ""
            if page.name not in _GENERATED and not _leads_somewhere(page, link):
                yield f"{page.relative_to(site)}: {link}"


def _leads_somewhere(page: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
    if not target.is_file():
        return False
    place = unquote(parts.fragment)
    return not place or target.suffix != ".html" or place in _places(target)


@cache
def _places(page: Path) -> frozenset[str]:
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
    return frozenset(str(node.attributes.get("id")) for node in tree.css("[id]"))


if __name__ == "__main__":
    found = list(dead_links(Path(sys.argv[1])))
    sys.exit("\n".join(found) if found else 0)
