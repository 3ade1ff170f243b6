"""What a worker is told of a document beforehand is what the article turns out to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.articles import Candidate, completed, from_page, outline
from crawler.entries import Entry
from crawler.extraction import PageText
from domain.source import Source
from marsad.pages import document_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAPER = Source(id="tell", name="Tell", url="https://tell.example/", language="fr", country="DZ")
DATES = (None, NOW - timedelta(hours=3), NOW - timedelta(days=1))
AHEAD = NOW + timedelta(days=9)


def documents(entry_date, page_date, *, title="", is_dated_by_change=False, summary=""):
    entry = Entry(
        link="https://tell.example/1",
        title=title,
        summary=summary,
        published_at=entry_date,
        is_dated_by_change=is_dated_by_change,
    )
    candidate = Candidate(url="https://tell.example/1", entry=entry)
    page = PageText(title="De la page", text="Le texte.", published_at=page_date)
    told = completed(outline(candidate, NOW), page)
    return told, document_of(from_page(candidate, page, PAPER, NOW))


@pytest.mark.parametrize("title", ["", "De la liste"])
@pytest.mark.parametrize("entry_date", [*DATES, AHEAD])
@pytest.mark.parametrize("page_date", DATES)
def test_the_document_is_foretold(entry_date, page_date, title):
    told, found = documents(entry_date, page_date, title=title)
    assert told == found


def test_a_date_of_change_gives_way_to_the_page_s():
    told, found = documents(DATES[1], DATES[2], is_dated_by_change=True)
    assert told == found


def test_what_turns_out_otherwise_is_another_document():
    assert len({*documents(None, AHEAD)}) == 2  # a date that nobody believes
    assert len({*documents(None, None, summary="Un long résumé. " * 9)}) == 2  # the teaser is taken
    assert len({*documents(DATES[1], None, is_dated_by_change=True)}) == 2
