"""Clean text: what is quickly seen to need little must come out as it would the long way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.blocks import clean

ODD = "\t\x0b\x0c\x1c\x1f\x85\xa0\u2028\u3000\u200c\u202a\ufeff\ud800 "


@given(st.text(st.one_of(st.sampled_from("ab é ب" + ODD), st.characters()), max_size=30))
def test_one_line_comes_out_as_it_does_among_several(text: str):
    assert clean(text) == clean(f"\n{text}\n")  # a line end takes the long way


def test_white_space_is_folded_and_controls_go():
    assert clean(" un\tdeux \xa0 trois\u2028") == "un deux trois"
    assert clean("un\x1cdeux\x0b  trois") == "undeux trois"
    assert clean("un  \n deux\n\n\n\ntrois") == "un\ndeux\n\ntrois"
