"""Rule packs of other topics: nothing in the matcher is wired to one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from domain.article import Document
from matcher.judge import LEXICON, RULES, Matcher
from matcher.lexicon import Lexicon, load_lexicon
from matcher.rules import Example

FISHERIES = Path(__file__).parents[1] / "cases" / "fisheries"
ENERGY = RULES / "energy_diplomacy.yaml"
_ARABIC = range(0x600, 0x700)


@pytest.fixture(scope="module")
def bundled() -> Lexicon:
    return load_lexicon(LEXICON)


@pytest.fixture(scope="module")
def fisheries() -> Matcher:
    return Matcher.load([FISHERIES / "rule.yaml"], load_lexicon(FISHERIES / "lexicon"))


@pytest.fixture(scope="module")
def both(bundled: Lexicon) -> Matcher:
    return Matcher.load(["defence-cooperation", "energy-diplomacy"], bundled)


def examples(path: Path) -> list[tuple[bool, str]]:
    """The texts of a rule file's examples: read here by themselves, to name the tests."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["examples"]
    return [
        (name == "must", item if isinstance(item, str) else item["text"])
        for name in ("must", "must_not")
        for item in groups[name]
    ]


def holds_as_said(matcher: Matcher, rule: str, example: Example) -> None:
    document = Document(text=example.text, title=example.title, language=example.language)
    found = [m for m in matcher.judge(document).matches if m.rule == rule]
    assert bool(found) == example.matches, example.text
    if found and example.partners is not None:
        assert set(found[0].partners) == set(example.partners), example.text
    if found and example.activities is not None:
        assert set(found[0].activities) == set(example.activities), example.text
    for e in (e for m in found for e in m.evidence):
        field = document.title if e.field == "title" else document.text
        assert field[e.start : e.end] == e.text


def example_of(matcher: Matcher, rule: str, text: str) -> Example:
    (found,) = [r for r in matcher.rules if r.id == rule]
    (example,) = [e for e in found.examples if e.text == text]
    return example


@pytest.mark.parametrize(("matches", "text"), examples(FISHERIES / "rule.yaml"))
def test_a_pack_on_fisheries_with_a_lexicon_of_its_own(
    fisheries: Matcher, matches: bool, text: str
) -> None:
    example = example_of(fisheries, "fisheries", text)
    assert example.matches == matches
    holds_as_said(fisheries, "fisheries", example)


@pytest.mark.parametrize(("matches", "text"), examples(ENERGY))
def test_the_energy_pack_beside_the_defence_pack(both: Matcher, matches: bool, text: str) -> None:
    example = example_of(both, "energy-diplomacy", text)
    assert example.matches == matches
    holds_as_said(both, "energy-diplomacy", example)


def test_the_energy_pack_has_examples_of_every_kind() -> None:
    found = examples(ENERGY)
    arabic = [text for _, text in found if sum(ord(c) in _ARABIC for c in text) > len(text) / 2]
    assert len(found) >= 24
    assert len(arabic) * 3 >= len(found)
    assert 10 <= sum(matches for matches, _ in found) <= len(found) - 10


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("L'Algérie et l'Italie ont signé un accord de coopération militaire.", {"defence"}),
        ("وقعت الجزائر وإيطاليا اتفاقية للتعاون العسكري بين جيشي البلدين.", {"defence"}),
        ("Sonatrach et Eni ont signé à Alger un contrat de gaz naturel.", {"energy"}),
        ("Il fait beau à Alger, et les Italiens sont à la plage.", set()),
        (
            "Le général d'armée Saïd Chanegriha a reçu à Alger le chef d'état-major italien. "
            "L'Algérie et l'Italie ont signé un accord d'approvisionnement en gaz naturel.",
            {"defence", "energy"},
        ),
    ],
)
def test_each_pack_finds_its_own(both: Matcher, text: str, rules: set[str]) -> None:
    found = both.judge(Document(text=text)).matches
    assert {m.rule.split("-")[0] for m in found} == rules


def test_a_pack_judges_the_same_alone_and_beside_another(both: Matcher, bundled: Lexicon) -> None:
    alone = Matcher.load(["energy-diplomacy"], bundled)
    for matches, text in examples(ENERGY):
        document = Document(text=text)
        (account,) = alone.explain(document).rules
        (beside,) = [r for r in both.explain(document).rules if r.rule.id == "energy-diplomacy"]
        assert account.score == beside.score
        assert account.is_match == beside.is_match
        del matches


def test_no_code_names_a_pack_or_its_families() -> None:
    """What decides stands in data: the matcher's code knows no topic."""
    # people.py lists words of offices that are no part of a name, whatever the topic.
    paths = [p for p in RULES.parent.glob("*.py") if p.name != "people.py"]
    code = {p: p.read_text(encoding="utf-8") for p in paths}
    topical = ("military", "defence", "energy", "fisher", "coop_", "exercise_strong")
    assert code
    for path, text in code.items():
        statements = "\n".join(
            line.split("#")[0] for line in text.split('"""')[::2] for line in line.splitlines()
        )
        named = [word for word in topical if word in statements.lower()]
        assert not named, (path.name, named)
