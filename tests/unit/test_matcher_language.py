"""Languages: the three, the others, and that the quick answer is the careful one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import language
from matcher.language import identify, name_language
from matcher.text import normalise

TEXTS = [
    ("fr", "Le ministre a reçu hier à Alger une délégation qui l'a remercié pour cet accueil."),
    ("en", "The minister said on Monday that the two countries will work for peace with others."),
    ("ar", "أكد الوزير في الاجتماع الذي عقد يوم الثلاثاء أن هذا المشروع سيكتمل خلال السنة الجارية"),
    ("ar", "الجزائر"),
    (
        "und",
        "El ministro de los asuntos exteriores y las delegaciones por una paz del país, con el rey",
    ),
    ("und", "Il ministro della difesa e gli ospiti di Roma per una visita che la stampa del paese"),
    ("und", "Der Minister und die Gäste von der Bundeswehr sind mit den Kollegen und das ist gut"),
    (
        "und",
        "وزیر دفاع که در تهران است با همکاران خود برای این دیدار از کشور های دیگر آماده شده بود",
    ),
    (
        "und",
        "وزیر اعظم نے کہا ہے کہ ملک میں امن کے لیے سب کو مل کر کام کرنا ہوگا اور یہ وقت ہے",
    ),
    ("und", "Министр обороны заявил сегодня, что стороны договорились о новых встречах в Москве."),
    ("und", "国防大臣は火曜日、両国の協力について話し合った。"),
    ("und", "12 345 !"),
    ("und", ""),
]


@pytest.mark.parametrize(("expected", "text"), TEXTS)
def test_the_language_of_a_text(expected: str, text: str) -> None:
    assert name_language(normalise(text), text) == expected
    assert identify(text) == expected


def test_a_text_in_two_languages_is_not_named_by_its_beginning() -> None:
    french, arabic = TEXTS[0][1], TEXTS[2][1]
    text = french + "\n\n" + " ".join([arabic] * 6)
    assert name_language(normalise(text), text) == identify(text) == "ar"


def test_clear_texts_are_named_without_the_guesser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "identify", None)  # would raise when called
    for expected, text in TEXTS[:3]:
        assert name_language(normalise(text * 3), text * 3) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["fr", "ar", "en"]),
    st.lists(st.sampled_from("Boumerdès Tizi-Ouzou 2024 ، , « » وهران".split(" ")), max_size=4),
)
def test_names_and_marks_change_no_language(expected: str, strewn: list[str]) -> None:
    text = next(text for name, text in TEXTS if name == expected) * 2
    words = text.split()
    for place, word in enumerate(strewn):
        words.insert(5 * place + 3, word)
    changed = " ".join(words)
    assert name_language(normalise(changed), changed) == expected
