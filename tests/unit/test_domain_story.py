"""What is new in an article of a story: a pure question, asked before anybody is told."""

from __future__ import annotations

from domain.match import Match
from domain.material import Facts
from domain.story import StorySoFar, update_of


def said(*, partners: tuple[str, ...] = (), activities: tuple[str, ...] = ()) -> list[Match]:
    return [Match(rule="r", score=1, threshold=0.5, partners=partners, activities=activities)]


KNOWN = StorySoFar(
    story_id=7, articles=2, facts=Facts(partners=frozenset({"US"}), activities=frozenset({"visit"}))
)


def test_the_first_article_is_material_whatever_it_says() -> None:
    update = update_of(StorySoFar(story_id=7, articles=0), said(), ())
    assert (update.is_first, update.is_material, update.articles) == (True, True, 1)


def test_an_article_that_says_the_same_is_not() -> None:
    update = update_of(KNOWN, said(partners=("US",), activities=("visit",)), ())
    assert (update.articles, update.is_first, update.is_material) == (3, False, False)


def test_a_new_partner_or_activity_is_material_and_named() -> None:
    update = update_of(KNOWN, said(partners=("RU", "US"), activities=("agreement", "visit")), ())
    assert (update.partners, update.activities) == (("RU",), ("agreement",))
    assert update.is_material


def test_facts_of_several_rules_count_together_in_their_order() -> None:
    held = [*said(activities=("training",)), *said(activities=("dialogue", "training"))]
    assert update_of(KNOWN, held, ()).activities == ("dialogue", "training")


def test_the_first_official_source_is_material_the_second_is_not() -> None:
    assert update_of(KNOWN, (), ("aps",)).officials == ("aps",)
    told = StorySoFar(story_id=7, articles=3, facts=Facts(officials=frozenset({"aps"})))
    assert not update_of(told, (), ("dz-mdn",)).is_material
