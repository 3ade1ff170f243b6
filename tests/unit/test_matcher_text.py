"""The match form: what is folded together, what is kept apart, and offsets back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.sentences import sentence_of, sentences
from matcher.text import match_form, normalise

SAME = [
    ("ÉTAT-MAJOR", "état major"),
    ("Etat‑major", "État-major"),
    ("l’Algérie", "l'Algerie"),
    ("l' Algérie", "l'Algérie"),
    ("ŒUVRE", "oeuvre"),
    ("cœur", "coeur"),
    ("Türkiye", "turkiye"),
    ("Güler", "guler"),
    ("5 + 5", "5 + 5"),
    ("états\nunis", "etats unis"),
    ("coopé\u00adration", "cooperation"),
    ("التَّعاوُن", "التعاون"),
    ("تعـــاون", "تعاون"),
    ("أمريكا", "امريكا"),
    ("إفريقيا", "افريقيا"),
    ("الآلية", "الالية"),
    ("مصطفى", "مصطفي"),
    ("شنقريحة", "شنقريحه"),
    ("شنڨريحة", "شنقريحة"),
    ("گاز", "كاز"),
    ("ڤيينا", "فيينا"),
    ("ﺍﻟﺠﺰﺍﺋﺮ", "الجزائر"),
    ("ﻻ", "لا"),
    ("ﷲ", "الله"),
    ("٤ ديسمبر", "4 ديسمبر"),
    ("۴", "4"),
    ("الجزائر\u200f", "الجزائر"),
    ("الـجـيـش", "الجيش"),
    ("مسؤول", "مسوول"),
    ("رئيس", "رييس"),
]
DIFFERENT = [
    ("malien", "somalien"),
    ("militaire", "militaires"),
    ("الهند", "هند"),
    ("défense. Nationale", "défense nationale"),
    ("Alger, Paris", "Alger Paris"),
    ("Algérie\n\nParis", "Algérie Paris"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_folds_together(left: str, right: str) -> None:
    assert match_form(left) == match_form(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_keeps_apart(left: str, right: str) -> None:
    assert match_form(left) != match_form(right)


@pytest.mark.parametrize(
    "text", ["cœur d’ŒUVRE", "التَّعاوُنُ العسكريُّ", "ﷲ ﻻ شنڨريحة", "État - major\u200b", "a\n\nb", ""]
)
def test_every_byte_points_into_the_original(text: str) -> None:
    form = normalise(text)
    for i in range(1, len(form.data) - 1):
        assert 0 <= form.start(i) < form.end(i + 1) <= len(text)
    assert form.data[:1] == form.data[-1:] == b" "


def test_the_end_takes_the_marks_of_the_last_letter() -> None:
    text = "التعاونُ قائم"
    form = normalise(text)
    stop = form.data.index(b" ", 1)
    assert text[form.start(1) : form.end(stop)] == "التعاونُ"


@given(st.text(max_size=200))
def test_never_raises_and_offsets_ascend(text: str) -> None:
    form = normalise(text)
    starts = [form.start(i) for i in range(1, len(form.data) - 1)]
    assert starts == sorted(starts)
    assert all(0 <= s < len(text) for s in starts)


@given(st.text(alphabet="abcéàçœ ةأإؤئىشنقريح'-.", max_size=80))
def test_normal_forms_fold_alike(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)
    assert normalise(composed).data == normalise(decomposed).data


@given(st.text(alphabet="الجزائرعسكري تعاون", min_size=1, max_size=60), st.integers(0, 59))
def test_harakat_and_tatweel_change_nothing(text: str, where: int) -> None:
    at = where % (len(text) + 1)
    if at == 0 or text[at - 1] == " ":
        return
    for mark in ("\u064e", "\u0651", "\u0640"):
        assert normalise(text[:at] + mark + text[at:]).data == normalise(text).data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M. Zahi est venu. Il part.", ["M. Zahi est venu. ", "Il part."]),
        ("Le Gén. Langley a dit 3.5 non ! Oui.", ["Le Gén. Langley a dit 3.5 non ! ", "Oui."]),
        ("Titre\n\nTexte", ["Titre\n\n", "Texte"]),
        ("وصل الوفد. ثم غادر؟ نعم", ["وصل الوفد. ", "ثم غادر؟ ", "نعم"]),
        ("The U.S. navy came. It left.", ["The U.S. navy came. ", "It left."]),
        ("« Oui. » Non.", ["« Oui. » ", "Non."]),
        ("J. Zakriski parle.", ["J. Zakriski parle."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    starts = sentences(text)
    assert [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)] == expected
    assert sentence_of(starts, len(text) - 1) == len(starts) - 1


def test_five_megabytes_and_an_endless_word_are_read() -> None:
    assert len(normalise("a" * 5_000_000).data) == 5_000_002
    assert sentences("a." * 100_000)[0] == 0


@given(st.text('abM. \n!?…»")؟', max_size=30))
def test_rare_ends_elsewhere_change_no_other_sentence(text: str) -> None:
    assert sentences(f"{text} a·b") == sentences(f"{text} a.b")


@given(st.text("abé\u0301œ«»’- \r\n\u200b\u0640ال.\u2028", max_size=40), st.sets(st.integers(1, 9)))
def test_a_place_is_told_alike_before_and_after_offsets_are_worked_out(
    text: str, spaces: set[int]
) -> None:
    plain = normalise(text)
    form = plain.with_spaces([place for place in spaces if place < len(plain.data)])
    indexes = range(len(text) + 3)
    soon = [form.position(index) for index in indexes]
    assert form.origin is None or len(form.origin)
    assert [form.position(index) for index in indexes] == soon
