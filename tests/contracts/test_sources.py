"""Every outlet of the catalogue: its entry is sound, and a page of its system is read whole."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.archives import address
from crawler.catalogue import Outlet, load_outlets
from crawler.dates import local_day
from crawler.extraction import PageText
from crawler.families import FAMILIES, selectors_of
from crawler.jobs import read_page
from crawler.sources_page import page
from crawler.ways import ways_of
from domain.source import Confidence

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "tests/cases/pages"
OUTLETS = load_outlets()
READ = [o for o in OUTLETS if o.source.confidence is not Confidence.NONE]
WORDS = {
    "fr": "Le ministre a inauguré mardi, au point {n}, une école et deux routes de la wilaya, où"
    " les habitants l'attendaient depuis le matin avec les élus de la commune.",
    "ar": "دشن الوزير يوم الثلاثاء مدرسة وطريقين في الولاية رقم {n} حيث كان السكان في انتظاره منذ"
    " الصباح برفقة منتخبي البلدية وأعيان المنطقة وعدد من المسؤولين المحليين.",
    "en": "The minister opened a school and two roads of the province on Tuesday, at stop {n}, "
    "where people had waited for him since morning with the elected of the town.",
}
TITLES = {
    "fr": "Le ministre inaugure une école",
    "ar": "الوزير يدشن مدرسة جديدة",
    "en": "The minister opens a school",
}


def by_id(outlet: Outlet) -> str:
    return outlet.source.id


def test_the_page_of_sources_is_that_of_the_catalogue():
    written = (ROOT / "docs/sources.md").read_text("utf-8")
    assert written == page(OUTLETS), "run make docs"


def test_the_catalogue_is_as_wide_as_it_says():
    assert len(OUTLETS) >= 60
    assert {o.source.language for o in READ} == {"fr", "ar", "en"}
    assert sum(o.source.country == "DZ" for o in READ) >= 40


@pytest.mark.parametrize("outlet", READ, ids=by_id)
def test_an_outlet_has_ways_in_and_its_pattern_finds_its_articles(outlet: Outlet):
    source = outlet.source
    day = local_day(datetime(2026, 11, 25, tzinfo=UTC))
    assert any(ways_of(source, day)) or outlet.note, "no way in, and nobody says why"
    assert all(address(template, day).startswith("http") for template in source.archives)
    pattern = re.compile(source.article_url or "")
    for example in outlet.examples:
        assert pattern.search(example), example
    for section in source.sections:
        assert not source.article_url or not pattern.search(section), section


@pytest.mark.parametrize("outlet", READ, ids=by_id)
def test_a_page_of_its_system_is_read_whole_and_alone(outlet: Outlet):
    source = outlet.source
    paragraphs = [WORDS[source.language].format(n=n) for n in range(6)]
    template = (PAGES / f"{source.family or 'other'}.html").read_text("utf-8")
    facts = {
        "language": source.language,
        "title": TITLES[source.language],
        "outlet": source.name,
        "section": "Nation",
        "author": "Nadia B.",
        "date": "2026-11-24T10:15:00+01:00",
        "day": "24-11-2026 10:15",
        "paragraphs": "\n".join(f"<p>{p}</p>" for p in paragraphs),
    }
    found = read_page(
        template.format(**facts).encode(), f"{source.url}x", "text/html", selectors_of(source)
    )
    assert isinstance(found, PageText), found
    assert found.text.split("\n\n") == paragraphs
    assert found.title == facts["title"]
    assert found.published_at == datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
    if source.family in FAMILIES:
        assert found.section == "Nation"
