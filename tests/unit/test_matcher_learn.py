"""Learning weights: signs are kept, splits follow stories, too little teaches nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from domain.article import Document
from matcher.judge import Matcher
from matcher.learn import (
    FOLDS,
    Example,
    Labelled,
    examples,
    fit,
    fold_of,
    is_kept_aside,
    relearn,
    relearn_part,
)

RULE = """
id: boats
require: 'boat OR harbour OR rain'
bias: 0
clauses:
  - {name: boat, when: 'boat', weight: 1}
  - {name: harbour, when: 'harbour', weight: 1}
  - {name: rain, when: 'rain', weight: -1}
"""
GOOD = ("a boat in the harbour", "the boat sails", "a boat, and rain")
BAD = ("rain on the harbour", "rain again", "the harbour is empty")


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    path = tmp_path / "boats.yaml"
    path.write_text(RULE, "utf-8")
    return Matcher.load([path])


def corpus(times: int) -> list[Labelled]:
    return [
        Labelled(document=Document(id=None, text=text), is_match=is_match, story=f"{text}{number}")
        for number in range(times)
        for texts, is_match in ((GOOD, True), (BAD, False))
        for text in texts
    ]


def test_weights_learnt_tell_the_two_apart(matcher: Matcher) -> None:
    found = examples(matcher, matcher.rules[0], corpus(10))
    taught = matcher.with_rules([relearn(matcher.rules[0], found)])
    assert all(taught.judge(Document(id=None, text=t)).is_match for t in GOOD)
    assert not any(taught.judge(Document(id=None, text=t)).is_match for t in BAD)


def test_a_clause_keeps_the_sign_its_author_gave_it(matcher: Matcher) -> None:
    turned = [
        Labelled(document=i.document, is_match=not i.is_match, story=i.story) for i in corpus(10)
    ]
    taught = relearn(matcher.rules[0], examples(matcher, matcher.rules[0], turned))
    signs = [math.copysign(1, c.weight) for c in taught.scored.clauses]
    assert signs == [1, 1, -1]
    assert taught.scored.clauses[0].weight == 0  # speaks the other way: it falls silent


def test_too_few_examples_leave_the_weights_as_written(matcher: Matcher) -> None:
    rule = matcher.rules[0]
    assert relearn(rule, examples(matcher, rule, corpus(2))).scored == rule.scored


def test_one_answer_only_teaches_nothing(matcher: Matcher) -> None:
    rule = matcher.rules[0]
    rows = [Example(features=(1.0, 0.0, 0.0), is_right=True, weight=1.0, story="s")] * 40
    assert relearn_part(rule.scored, rows, 0.5) is rule.scored


def test_the_fit_is_a_logistic_regression() -> None:
    """One feature that holds in half: the maximum is known in closed form as ridge vanishes."""
    rows = [
        Example(features=(x,), is_right=y, weight=1.0, story="s")
        for x, y, times in ((1.0, True, 30), (1.0, False, 10), (0.0, True, 10), (0.0, False, 30))
        for _ in range(times)
    ]
    bias, weights = fit(rows, np.array([1.0]), 1e-9)
    assert bias == pytest.approx(math.log(1 / 3), abs=1e-3)
    assert weights[0] == pytest.approx(math.log(3) - math.log(1 / 3), abs=1e-3)


def test_a_story_stands_on_one_side_of_every_split() -> None:
    stories = [f"s{n}" for n in range(1000)]
    assert {fold_of(s) for s in stories} == set(range(FOLDS))
    assert [fold_of(s) for s in stories] == [fold_of(s) for s in stories]
    assert 0.25 < sum(map(is_kept_aside, stories)) / 1000 < 0.35


def test_borderline_examples_weigh_less_and_unlabelled_facets_ask_nothing(
    matcher: Matcher,
) -> None:
    item = Labelled(
        document=Document(id=None, text=GOOD[0]), is_match=True, story="s", is_borderline=True
    )
    found = examples(matcher, matcher.rules[0], [item])
    assert [e.weight for e in found["detection"]] == [0.4]
    assert set(found) == {"detection"}
