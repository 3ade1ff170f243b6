from __future__ import annotations

from datetime import timedelta

import pytest
from crawler_stage import NOW

from domain.revision import Known, is_edited

TEXT = (
    "Le général a reçu mardi une délégation militaire italienne au siège du ministère. "
    "Les deux parties ont examiné l'état de la coopération. " * 3
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("délégation militaire", "Délégation  militaire :"),
        ("ministère. Les", "ministère.\n\nLes"),
        ("italienne", "italiene"),
        ("général", "general"),
        ("l'état", "l’état"),
    ],
)
def test_marks_and_misspellings_are_no_edit(old: str, new: str):
    assert not is_edited(TEXT, TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("italienne", "russe"),
        ("mardi", "lundi"),
        ("deux", "trois"),
        ("coopération.", "coopération. Un accord a été signé."),
        ("Les deux parties ont examiné l'état de la coopération. ", ""),
        ("reçu mardi", "pas reçu mardi"),
    ],
)
def test_other_words_are_an_edit(old: str, new: str):
    assert is_edited(TEXT, TEXT.replace(old, new, 1))


def test_arabic_signs_are_no_edit():
    assert not is_edited("استقبل الفريق أول وفدا عسكريا", "استقبل الفريق أوّل وفدًا عسكـــريا")
    assert is_edited("استقبل الفريق أول وفدا إيطاليا", "استقبل الفريق أول وفدا روسيا")
    assert is_edited("12 avions achetés", "13 avions achetés")


def test_a_page_is_not_read_again_and_again():
    known = Known(listed="a", checked_at=NOW, checks=0)
    assert known.is_worth_a_look("b", NOW)
    assert not known.is_worth_a_look("a", NOW)
    often = Known(listed="a", checked_at=NOW, checks=3)
    assert not often.is_worth_a_look("b", NOW + timedelta(hours=5))
    assert often.is_worth_a_look("b", NOW + timedelta(hours=6))
    assert not Known(listed="", checked_at=NOW, checks=0).is_worth_a_look("b", NOW)
