"""How alike two texts of a page are, and that the short way to tell is never wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import agreement as module
from crawler.agreement import agreement, is_agreed

WORDS = st.lists(st.sampled_from([*"abcdefghij", "l'eau", "3,5", "—", "وزير"]), max_size=40)
JOINED = st.sampled_from([" ", "\n", "\n\n", "  "])


def test_agreement_is_that_of_word_sequences():
    assert agreement("a b c d e", "a b c d e") == 1
    assert agreement("a b c d e", "e d c b a") == 0
    assert agreement("", "") == 0


@given(
    words=WORDS,
    before=WORDS,
    after=WORDS,
    joined=JOINED,
    least=st.sampled_from([0.1, 0.5, 0.75, 0.9, 1.0]),
)
def test_the_short_way_tells_what_counting_tells(
    words: list[str], before: list[str], after: list[str], joined: str, least: float
):
    narrow, wide = joined.join(words), " ".join([*before, *words, *after])
    for one, other in ((narrow, wide), (wide, narrow), (narrow, " ".join(after))):
        assert is_agreed(one, other, least) == (agreement(one, other) >= least)


def test_a_text_with_little_around_it_is_not_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(module, "agreement")
    words = [f"mot{n}" for n in range(40)]
    assert is_agreed("\n\n".join(words), f"Un titre {' '.join(words)} et une fin", 0.75)
