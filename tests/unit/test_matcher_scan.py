"""Scanning: word boundaries, clitics, capitals, languages."""

from __future__ import annotations

import pytest

from matcher.lexicon import Form, FormKind
from matcher.scan import Scanner
from matcher.text import match_form, normalise


def form(text: str, concept: str = "@X", *, language: str = "any", capitals: bool = False) -> Form:
    return Form(
        data=match_form(text),
        concept=concept,
        kind=FormKind.NAME,
        language=language,
        capitals=capitals,
    )


def found(forms: list[Form], text: str, language: str = "und") -> list[str]:
    concepts = list(dict.fromkeys(f.concept for f in forms))
    form_of = normalise(text)
    mentions = Scanner(forms, concepts).scan(form_of, language)
    return [text[form_of.start(m.start) : form_of.end(m.end)] for m in mentions]


@pytest.mark.parametrize("prefix", ["", "و", "ف", "ب", "ك", "ل", "وب", "ول", "فب", "وك"])
def test_a_bare_form_takes_conjunctions_and_prepositions(prefix: str) -> None:
    assert found([form("فرنسا")], f"زار {prefix}فرنسا أمس") == [f"{prefix}فرنسا"]


@pytest.mark.parametrize("prefix", ["ال", "وال", "بال", "فال", "كال", "لل", "ولل", "وبال"])
def test_a_definite_form_takes_the_article_and_its_chains(prefix: str) -> None:
    assert found([form("الجيش")], f"قال {prefix}جيش إن") == [f"{prefix}جيش"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("هند", "سافر إلى الهند"),  # a given name is not the country
        ("الهند", "قالت هند إن"),
        ("مالي", "وزارة المالية"),
        ("قطر", "تمرين في القطر الشرقي"),
        ("تركي", "مشتركي"),
        ("فرنسا", "كفرنساوي"),
        ("malien", "le président somalien"),
        ("coréen", "les coréens"),
    ],
)
def test_what_only_looks_alike_is_not_found(pattern: str, text: str) -> None:
    assert found([form(pattern)], text) == []


def test_the_article_merges_into_a_lam() -> None:
    assert found([form("اللجنة")], "قدم للجنة تقريرا") == ["للجنة"]


def test_capitals_only_where_asked() -> None:
    us = [form("US", capitals=True)]
    assert found(us, "L'ambassade US à Alger") == ["US"]
    assert found(us, "tell us more") == []


def test_a_phrase_counts_in_its_language_only() -> None:
    major = [form("major", language="fr")]
    assert found(major, "le major est venu", "fr") == ["major"]
    assert found(major, "a major event", "en") == []
    assert found(major, "major", "und") == ["major"]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("état-major", "L’ÉTAT – MAJOR de l'ANP", "ÉTAT – MAJOR"),
        ("Algérie", "D’ALGÉRIE.", "ALGÉRIE"),
        ("التعاون العسكري", "وبالتَّعاوُنِ العسكريِّ.", "وبالتَّعاوُنِ العسكريِّ"),
        ("coopération militaire", "coopération « militaire »", "coopération « militaire"),
        ("Etats-Unis", "Etats\nUnis", "Etats\nUnis"),
    ],
)
def test_the_span_is_the_printed_words(pattern: str, text: str, expected: str) -> None:
    assert found([form(pattern)], text) == [expected]


def test_no_phrase_crosses_punctuation() -> None:
    assert found([form("défense nationale")], "la défense, nationale") == []
    assert found([form("défense nationale")], "la défense\n\nnationale") == []


def test_overlapping_phrases_are_all_found() -> None:
    forms = [form("coopération militaire", "#a"), form("militaire", "#b")]
    assert found(forms, "la coopération militaire") == ["coopération militaire", "militaire"]


def test_no_forms_find_nothing() -> None:
    assert found([], "texte") == []


def test_hits_inside_words_are_left_out_before_they_are_resolved() -> None:
    scanner = Scanner([form("فرنسا"), form("France", "@F")], ["@X", "@F"])
    text = normalise("وبفرنسا وزفرنسا France, outrefrance")
    hits = scanner.hits(text)
    kept = scanner.whole_words(text.data, hits)
    assert (len(hits), len(kept)) == (3, 2)
    assert scanner.mentions(text, "und", kept) == scanner.mentions(text, "und", hits)
