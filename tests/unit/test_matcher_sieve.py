"""The sieve holds back only texts for which no rule can hold, and is left out where it is idle."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.article import Document
from matcher.bits import numbers_of
from matcher.judge import Matcher
from matcher.sieve import sieve_of

RULES = {
    "either": "(frigates OR corvettes OR غواصات) AND (@DZ OR @FR)",
    "both": "submarines AND (alpha OR beta*)",
    "near": '"grand barrage" NEAR/5 @foreign',
}
WORDS = (
    "frigates Frigates, corvettes corvette submarines alpha betas gamma grand barrage «barrage» "
    "Algérie Paris français وغواصات بالغواصات الجزائر فرنسا mot . \n\n"
).split(" ")


def load(folder: Path, requires: dict[str, str]) -> Matcher:
    paths = []
    for name, require in requires.items():
        paths.append(folder / f"{name}.yaml")
        rest = "bias: 1\nclauses: [{when: alpha, weight: 1}]\n"
        paths[-1].write_text(f"id: {name}\nrequire: '{require}'\n{rest}", encoding="utf-8")
    return Matcher.load(paths)


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    return load(tmp_path_factory.mktemp("rules"), RULES)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from(["fr", "ar", "en", "und"]))
def test_what_it_holds_back_matches_no_rule(
    matcher: Matcher, words: list[str], language: str
) -> None:
    document = Document(text=" ".join(words), language=language)
    is_through = matcher._sieve is None or matcher._sieve.lets_through(
        matcher.read(document).text.data
    )
    assert is_through or not any(taken.is_match for taken in matcher.explain(document).rules)
    assert matcher.judge(document) == matcher.explain(document).verdict


@pytest.mark.parametrize(
    ("text", "is_through"),
    [
        ("Deux Frigates, à Alger", True),
        ("les corvettes", True),  # enough for the sieve: what it lacks is told by all the words
        ("وغواصات", True),
        ("وبالغواصات", True),
        ("مغواصات", False),  # inside another word
        ("une corvette, مغواصات", False),
        ("submarines", True),
        ("un grand « barrage »", True),
        ("la France et l’Algérie, alpha et betas", False),
        ("une corvette, un barrage", False),
        ("", False),
    ],
)
def test_it_seeks_what_is_named_least(matcher: Matcher, text: str, *, is_through: bool) -> None:
    assert matcher._sieve is not None
    assert matcher._sieve.lets_through(matcher._folded(Document(text=text))[1].data) is is_through


def test_rules_together_share_what_each_would_not_choose_alone(tmp_path: Path) -> None:
    requires = {f"r{i}": f"longestablished AND word{i}" for i in range(3)}
    sieve = load(tmp_path, requires)._sieve
    assert sieve is not None
    assert sieve.lets_through(b" longestablished ")
    assert not sieve.lets_through(b" word0 word1 word2 ")


def test_a_pickled_matcher_keeps_it(matcher: Matcher) -> None:
    copied = pickle.loads(pickle.dumps(matcher))
    assert copied._sieve.lets_through(b" frigates ")
    assert copied.with_rules(matcher.rules[:1])._sieve.lets_through(b" frigates ")


@pytest.mark.parametrize("require", ["@DZ", "@DZ OR frigates", "@foreign", "NOT frigates"])
def test_what_most_articles_name_makes_none(matcher: Matcher, require: str) -> None:
    masks = {
        "@DZ": [matcher.concepts.mask("@DZ")],
        "@DZ OR frigates": [matcher.concepts.mask("@DZ") | matcher.concepts.mask("frigates")],
        "@foreign": [matcher.concepts.mask("@foreign")],
        "NOT frigates": [],
    }[require]
    assert sieve_of(matcher.concepts, [masks]) is None


def test_one_that_most_articles_pass_spoils_it_for_all(matcher: Matcher) -> None:
    frigates, foreign = matcher.concepts.mask("frigates"), matcher.concepts.mask("@foreign")
    assert sieve_of(matcher.concepts, [[frigates]]) is not None
    assert sieve_of(matcher.concepts, [[frigates], [foreign]]) is None


def test_rules_that_ask_for_much_of_the_lexicon_make_none(matcher: Matcher) -> None:
    every = (1 << len(matcher.concepts.names)) - 1
    rare = every & ~matcher.concepts.mask("@DZ") & ~matcher.concepts.mask("@foreign")
    assert len(numbers_of(rare)) > 100
    assert sieve_of(matcher.concepts, [[rare]]) is None
