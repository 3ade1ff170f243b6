"""Arabic: paradigms of words, spaces that the press lost, towns and names of two meanings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.article import Document
from matcher.joined import JoinedWords
from matcher.judge import Matcher
from matcher.notation import NotationError, expand
from matcher.paradigm import forms_of
from matcher.text import match_form, normalise


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


@pytest.mark.parametrize(
    ("word", "included", "excluded"),
    [
        ("استقبل/يستقبل", "استقبلته سيستقبلان تستقبله استقبلوا", "استقبلة"),
        ("التقى/يلتقي", "التقيا التقت التقاه يلتقون سيلتقي", "التقىت يلتقيون"),
        ("زيارة", "الزيارة زيارات زيارته زيارتين", "زيارةه"),
        ("لقاء", "لقاؤهما لقائه لقاءات اللقاء", "لقاءة"),
        ("عسكري", "العسكرية عسكريين العسكريتان", "عسكريه"),
    ],
)
def test_forms_of_a_word(word: str, included: str, excluded: str) -> None:
    forms = forms_of(word)
    assert set(included.split()) <= set(forms)
    assert not set(excluded.split()) & set(forms)
    assert len(forms) == len(set(forms))


def test_a_paradigm_stands_inside_a_phrase() -> None:
    assert "اتفاقيات عسكرية" in expand("<اتفاقية> [ال]عسكرية")


@pytest.mark.parametrize("form", ["<", "a>", "<>", "<visite>", "<استقبل", "<ا/ي>"])
def test_broken_paradigms_are_refused(form: str) -> None:
    with pytest.raises(NotationError, match="enclose"):
        expand(form)


NAMES = [
    match_form(n)
    for n in ("الجزائر", "فرنسا", "موسكو", "الولايات المتحدة", "الولايات المتحدة الأمريكية", "مصر")
]
JOINED = JoinedWords(NAMES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("بين فرنساوالجزائر", "بين فرنسا والجزائر"),
        ("جنوبالجزائر", "جنوب الجزائر"),
        ("الجزائروالولاياتالمتحدةالأمريكية", "الجزائر والولايات المتحدة الأمريكية"),
        ("العاصمة الأمريكيةواشنطن", "العاصمة الأمريكية واشنطن"),
        ("وبالجزائر فبالجزائر وللجزائر", "وبالجزائر فبالجزائر وللجزائر"),
        ("مصروفاتها ومستشفياتها", "مصروفاتها ومستشفياتها"),
        ("الجزائرية والجزائريين", "الجزائرية والجزائريين"),
    ],
)
def test_missing_spaces(text: str, words: str) -> None:
    assert JOINED.split(normalise(text)).data == normalise(words).data


@given(st.text(alphabet="الجزئروبةفسنمكتم ْ،ـ\n", max_size=60))
def test_offsets_survive_added_spaces(text: str) -> None:
    plain = normalise(text)
    split = JOINED.split(plain)
    assert split.data.replace(b" ", b"") == plain.data.replace(b" ", b"")
    for start in range(1, len(split.data) - 1):
        if split.data[start] != 0x20:
            index = split.start(start)
            assert match_form(text[index]) == split.data[start : start + 1]
            assert split.end(start + 1) > index
            assert split.position(index) == start


def mentions(matcher: Matcher, text: str) -> set[str]:
    reading = matcher.read(Document(id="x", title="", text=text, published_at=None))
    return {matcher.concepts.names[m.concept] for m in reading.mentions}


@pytest.mark.parametrize(
    ("text", "named", "unnamed"),
    [
        ("اجتمع الوفد بالدوحة وبالرياض", "@doha @riyadh", "@QA @SA"),
        ("والدوحة تدعم الجزائر", "@QA", ""),
        ("قرارات قمة لشبونة وبمؤتمر برلين", "@lisbon", "@PT @DE"),
        ("دعم مالي من المدير المالي", "", "@ML"),
        ("الوضع في مالي", "@ML", ""),
        ("في عمان مطار كبير", "", "@OM @JO"),
        ("زار سلطنة عمان", "@OM", "@JO"),
        ("أحمد ڤايد صالح", "@ahmed-gaid-salah", ""),
        ("وزارة الثقافة تنظم معرضا", "", "#visit #travel #journey"),
    ],
)
def test_names_of_two_meanings(matcher: Matcher, text: str, named: str, unnamed: str) -> None:
    found = mentions(matcher, text)
    assert set(named.split()) <= found
    assert not set(unnamed.split()) & found


def test_a_dateline_is_no_state(matcher: Matcher) -> None:
    document = Document(
        id="x", title="عنوان", text="باريس (وأج) - افتتح المعرض أمس.", published_at=None
    )
    reading = matcher.read(document)
    assert "@FR" not in {matcher.concepts.names[m.concept] for m in reading.mentions}


def test_headlines_set_apart_by_blanks_are_sentences(matcher: Matcher) -> None:
    text = "وزير الدفاع الفرنسي في باريس    الجزائر تفوز بالكأس"
    reading = matcher.read(Document(id="x", title="", text=text, published_at=None))
    assert len(reading.sentence_starts) == 2


@pytest.mark.parametrize(
    "mark", ["", "\u064f", "\u0640", "\u200f", "\ufe0f", "\u0301", "\u08f0", "\u206a", "\ufe20"]
)
def test_a_ta_marbuta_ends_a_word_whatever_unseen_follows(mark: str) -> None:
    split = JOINED.split(normalise(f"الأمريكية{mark}واشنطن"))
    assert split.data == normalise("الأمريكية واشنطن").data
