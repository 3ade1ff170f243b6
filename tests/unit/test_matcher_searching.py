"""Searches: what is typed finds what the matcher would take for the same."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.article import Document
from marsad.folding import MatcherFolding
from matcher.reading import Reading
from matcher.searching import find_words, index_form, index_forms, parse_search
from matcher.text import normalise


def found(text: str, query: str) -> list[str]:
    return [text[a:b] for a, b in find_words(text, parse_search(query))]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("L'ÉTAT-MAJOR de l'ANP", "etat-major", ["ÉTAT-MAJOR"]),
        ("L'état major", '"état-major"', ["état major"]),
        ("وبالجزائر العاصمة", "الجزائر", ["وبالجزائر"]),
        ("زار للجزائر وفد", "جزائر", ["للجزائر"]),
        ("التَّعـــاون العسكري", '"تعاون عسكري"', ["التَّعـــاون العسكري"]),
        ("زير النساء", "وزير", []),  # a word's own first letter is never stripped
        ("شنڨريحة", "شنقريحه", ["شنڨريحة"]),
        ("Coopérations et coopérer", "coop*", ["Coopérations", "coopérer"]),
        ("visite et visites", "visite", ["visite"]),
        ("cœur de l'Œuvre", "coeur oeuvre", ["cœur", "Œuvre"]),
        ("exercice ٢٠٢٤", "2024", ["٢٠٢٤"]),
        ("a\u200bb c", "ab", ["a\u200bb"]),
        ("train à Oran", '"oran train"', []),
        ("لجنة واللجنة للجنة", "اللجنة", ["لجنة", "واللجنة", "للجنة"]),
    ],
)
def test_words_are_found_and_their_places_are_exact(
    text: str, query: str, expected: list[str]
) -> None:
    assert found(text, query) == expected


@pytest.mark.parametrize("query", ["", "   ", "-sport", '""', "***", "…!", "a*", "x" * 2000])
def test_a_search_for_nothing_says_so(query: str) -> None:
    with pytest.raises(ValueError, match=r"no word|two letters|characters"):
        parse_search(query)


def test_operators() -> None:
    query = parse_search('visite OR accord "port d\'Alger" -sport AND marine')
    assert [[t.source for t in group] for group in query.groups] == [
        ["visite", "accord"],
        ["port d'Alger"],
        ["marine"],
    ]
    assert [t.source for t in query.without] == ["sport"]


@pytest.mark.parametrize(
    "query", ['"open', "OR", "a OR", "OR b", "- x", 'x"y', "((a", "a AND", "NOT b"]
)
def test_odd_queries_search_or_say_why(query: str) -> None:
    with suppress(ValueError):  # nothing else may leave it
        assert parse_search(query).groups


def test_words_that_stand_in_every_text_are_not_sought() -> None:
    assert parse_search("le chef de la marine") == replace(
        parse_search("chef marine"), source="le chef de la marine"
    )
    phrase = parse_search('"ministre de la défense"').groups[0][0]
    assert phrase.phrases == (("ministre", "defense"),)
    assert found("Le ministre de la Défense, puis la défense", '"ministre de la défense"') == [
        "ministre de la Défense"
    ]
    with pytest.raises(ValueError, match="every text"):
        parse_search("de la")
    assert index_form("S-300 à l'Est de l'Algérie, UN") == "s 300 a l est l algerie un"
    assert parse_search("de*").groups[0][0].phrases == (("de",),)


@given(st.text(), st.text())
@example("Visite à Alger\r", "\nÉtat-\u0301major")
@example("漢字", "漢字 وبالجزائرِ")
def test_a_document_comes_to_the_words_of_its_parts(title: str, text: str) -> None:
    form = normalise(Reading.join(Document(title=title, text=text)))
    assert index_forms(title, form) == (index_form(title), index_form(text))


def test_many_terms_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 40"):
        parse_search(" ".join(f"mot{n}" for n in range(41)))


def test_an_index_made_by_another_folding_is_known_by_its_version() -> None:
    """When this fails, the match form changed: raise MatcherFolding.version with it."""
    sample = "L'État-major وبالجزائرِ شنڨريحة ﻻ ½ Œuvre ٢٠٢٤ 漢字 A.P.S. «x» Ça, naïve"
    digest = hashlib.sha256(index_form(sample).encode()).hexdigest()[:12]
    assert (MatcherFolding.version, digest) == (2, "571b1bac147a")
