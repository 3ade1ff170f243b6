"""Snippets and story keys: pure functions of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.match import Evidence
from storage.columns import clean
from storage.snippets import REACH, WIDTH, snippet
from storage.stories import KEY_LENGTH, title_key


def proof(text: str, words: str, field: str = "text") -> Evidence:
    start = text.index(words)
    return Evidence(start=start, end=start + len(words), text=words, field=field, concept="#c")


def test_a_snippet_holds_the_proving_words_between_whole_words() -> None:
    text = "avant " * 80 + "la coopération militaire avance " + "après " * 80
    found = snippet("Titre", text, [proof(text, "coopération militaire")])
    assert "coopération militaire" in found
    assert found.startswith("… avant ")
    assert found.endswith(" après …")
    assert len(found) <= WIDTH + 2 * REACH


def test_a_snippet_is_where_most_proofs_stand() -> None:
    text = "visite. " + "mot " * 200 + "accord et exercice " + "mot " * 200
    proofs = [proof(text, word) for word in ("visite", "accord", "exercice")]
    assert "accord et exercice" in snippet("", text, proofs)


def test_a_proof_in_the_title_only_gives_the_title() -> None:
    assert snippet("Accord\n signé", "Texte", [proof("Accord", "Accord", "title")]) == (
        "Accord signé"
    )


def test_without_proof_a_snippet_is_the_beginning() -> None:
    assert snippet("T", "un\n\ndeux", []) == "un deux"
    assert snippet("T", "", []) == ""


words = st.text(st.characters(codec="utf-8"), max_size=600)


@given(words, st.lists(st.tuples(st.integers(0, 700), st.integers(0, 300)), max_size=8))
def test_no_text_and_no_proofs_make_a_snippet_long_or_fail(
    text: str, spans: list[tuple[int, int]]
) -> None:
    proofs = [
        Evidence(start=start, end=start + length, text="", field="text", concept="#c")
        for start, length in spans
    ]
    found = snippet("T", text, proofs)
    assert len(found) <= WIDTH + 2 * REACH + 4
    assert "\n" not in found


def test_titles_of_one_story_have_one_key() -> None:
    assert title_key("  «Visite» à ALGER, hier!") == title_key("Visite à Alger - hier")
    assert title_key("وزير الدفاع") == title_key("وزير  الدفاع!")
    assert title_key("…!?") == ""
    assert len(title_key("mot " * 500)) <= KEY_LENGTH


@given(st.text())
def test_cleaning_keeps_every_offset_and_can_be_stored(text: str) -> None:
    cleaned = clean(text + "\x00\ud800")
    assert len(cleaned) == len(text) + 2
    assert "\x00" not in cleaned
    cleaned.encode()
