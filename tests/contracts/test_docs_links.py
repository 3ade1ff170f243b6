"""Links of the Markdown pages, as a repository shows them: files and headings that are there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tools.site_links import dead_links

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NAMED = re.compile(
    r"`((?:docs|deploy|tests|crawler|matcher|storage|alerts|marsad|domain)/[\w./@-]+)`"
)


@cache
def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    for link in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, place = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not place or place in headings(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_that_are_named_are_there(page: Path):
    named = [name for name in _NAMED.findall(prose(page)) if "NAME" not in name]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_dead_link_of_the_site_is_found(tmp_path: Path):
    (tmp_path / "a.html").write_text(
        '<h1 id="here">a</h1><a href="#here">1</a><a href="b.html#there">2</a>'
        '<a href="b.html#nowhere">3</a><a href="c.html">4</a><a href="https://far.example/">5</a>'
        '<img src="gone.png">',
        encoding="utf-8",
    )
    (tmp_path / "b.html").write_text('<p id="there">b</p>', encoding="utf-8")
    found = list(dead_links(tmp_path))
    assert found == ["a.html: b.html#nowhere", "a.html: c.html", "a.html: gone.png"]
