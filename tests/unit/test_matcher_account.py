"""Accounts of queries: what held where, and what was missing."""

from __future__ import annotations

import pytest

from domain.article import Document
from matcher.account import Account, Accountant, missing
from matcher.judge import Matcher, RuleReading
from matcher.lexicon import load_lexicon
from matcher.reading import Reading
from matcher.shortfall import Shortfall, shortfall

LEXICON = """
entities:
- {id: DZ, kind: country, country: DZ, phrases: {fr: [Algérie], ar: [الجزائر]}}
- {id: IT, kind: country, country: IT, phrases: {fr: [Italie], ar: [إيطاليا]}}
families:
  port: {about: ports, phrases: {fr: ['port[s]'], ar: [ميناء]}}
  sport: {about: sport, phrases: {fr: [football]}}
"""
RULE = """
id: r
define: {both: '@DZ AND @IT', any: '@DZ OR @IT'}
require: '$any'
bias: -2
clauses:
- {name: together, when: 'SENTENCE($both)', weight: 1.5}
- {name: near a port, when: '$any NEAR/3 #port', weight: 1}
- {name: ports, when: 'ATLEAST/3(#port)', weight: 2.5}
- {name: no sport, when: 'NOT #sport', weight: 0.2}
- {name: sport, when: '#sport', weight: -2.5}
"""


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder = tmp_path_factory.mktemp("account")
    (folder / "lexicon").mkdir()
    (folder / "lexicon" / "a.yaml").write_text(LEXICON, "utf-8")
    (folder / "r.yaml").write_text(RULE, "utf-8")
    return Matcher.load([folder / "r.yaml"], load_lexicon(folder / "lexicon"))


def taken(matcher: Matcher, text: str, title: str = "") -> tuple[RuleReading, Reading]:
    explanation = matcher.explain(Document(text=text, title=title, language="fr"))
    return explanation.rules[0], explanation.reading


def account(matcher: Matcher, name: str, text: str) -> tuple[Account, Reading]:
    found, reading = taken(matcher, text)
    (clause,) = [c for c in found.rule.scored.clauses if c.name == name]
    return Accountant(found.rule.definitions).account(clause.when, reading.whole), reading


def lacks(account: Account) -> list[str]:
    return [("not " if lack.is_unwanted else "") + lack.account.text for lack in missing(account)]


def test_a_scope_tells_of_the_sentence_that_came_furthest(matcher: Matcher) -> None:
    text = "Le port. L'Algérie attend. Le port attend."
    found, _ = account(matcher, "together", text)
    assert not found.is_held
    assert found.text == "SENTENCE"
    assert lacks(found) == ["@IT"]
    assert lacks(account(matcher, "together", "Le port.")[0]) == ["@DZ", "@IT"]


def test_what_held_has_its_words(matcher: Matcher) -> None:
    found, reading = account(matcher, "together", "Rien. L'Algérie et l'Italie.")
    assert found.is_held
    text = reading.text
    words = [text.original[text.start(m.start) : text.end(m.end)] for m in found.mentions]
    assert words == ["Algérie", "Italie"]
    assert found.parts[0].text == "$both"
    assert [part.is_held for part in found.parts[0].parts] == [True, True]


def test_a_definition_of_terms_stays_one_part(matcher: Matcher) -> None:
    found, _ = account(matcher, "near a port", "L'Algérie et le port.")
    assert [part.text for part in found.parts] == ["$any", "#port"]
    assert not found.parts[0].parts


def test_near_says_when_both_stand_too_far_apart(matcher: Matcher) -> None:
    found, _ = account(matcher, "near a port", "L'Algérie a un bien très beau grand port.")
    assert "not within 3 words" in found.note
    assert lacks(found) == ["NEAR/3"]
    assert lacks(account(matcher, "near a port", "L'Algérie.")[0]) == ["#port"]


def test_counts_and_negations(matcher: Matcher) -> None:
    found, _ = account(matcher, "ports", "Un port, deux ports.")
    assert (found.is_held, found.note) == (False, "2 found")
    assert lacks(found) == ["ATLEAST/3"]
    assert lacks(account(matcher, "no sport", "Du football.")[0]) == ["not #sport"]


def fall(matcher: Matcher, text: str) -> Shortfall:
    found, reading = taken(matcher, text)
    assert not found.is_match
    return shortfall(found, reading.whole)


def test_a_near_miss_names_what_would_have_carried_it(matcher: Matcher) -> None:
    near = fall(matcher, "L'Algérie et l'Italie.")
    assert near.total == pytest.approx(-0.3)
    assert near.is_close
    assert [s.clause.name for s in near.steps] == ["ports", "near a port"]
    assert not near.together
    for step in near.steps:
        assert near.total + step.gain >= near.needed


def test_a_far_miss_needs_several(matcher: Matcher) -> None:
    far = fall(matcher, "L'Algérie et le football.")
    assert not far.is_close
    assert not far.steps
    assert [s.clause.name for s in far.together] == ["ports", "together", "near a port"]
    assert not far.against


def test_what_counted_against_it_is_named(matcher: Matcher) -> None:
    """1.5 and 1 for it, 2 and 2.5 against: without the sport it would hold."""
    found = fall(matcher, "L'Algérie, l'Italie au port: football.")
    assert [c.name for c in found.against] == ["sport"]


def test_a_requirement_that_is_missing(matcher: Matcher) -> None:
    assert [lack.account.text for lack in missing(fall(matcher, "Un port.").require)] == ["$any"]
