"""Rule files: what the language means, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.article import Document
from domain.errors import ConfigError
from matcher.judge import LEXICON, Matcher
from matcher.lexicon import Lexicon, load_lexicon

CASES = Path(__file__).parent / "data" / "rules"


def holds(tmp_path: Path, query: str, text: str, *, title: str = "") -> bool:
    rule = tmp_path / "rule.yaml"
    rule.write_text(f"id: r\nrequire: |\n  {query}\n", encoding="utf-8")
    matcher = Matcher.load([rule], lexicon=load_lexicon(tmp_path / "lexicon"))
    return matcher.judge(Document(text=text, title=title, language="fr")).is_match


@pytest.fixture(scope="module")
def bundled() -> Lexicon:
    return load_lexicon(LEXICON)


@pytest.fixture(autouse=True)
def lexicon(tmp_path: Path) -> None:
    folder = tmp_path / "lexicon"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        "entities:\n"
        "- {id: DZ, kind: country, country: DZ, phrases: {fr: [Algérie]}}\n"
        "- {id: US, kind: country, country: US, phrases: {fr: [États-Unis]}, capitals: [US]}\n"
        "- {id: IT, kind: country, country: IT, phrases: {fr: [Italie]}}\n"
        "families:\n"
        "  port: {about: ports, phrases: {fr: ['port[s]']}}\n",
        encoding="utf-8",
    )


def test_a_clause_may_be_fixed(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "id: r\nrequire: '@DZ'\nbias: -1\nclauses:\n"
        "  - {name: a, when: '#port', weight: 2, fixed: true}\n"
        "  - {name: b, when: '@US', weight: 2}\n",
        encoding="utf-8",
    )
    matcher = Matcher.load([rule], lexicon=load_lexicon(tmp_path / "lexicon"))
    assert [c.fixed for c in matcher.rules[0].scored.clauses] == [True, False]
    rule.write_text(
        "id: r\nrequire: '@DZ'\nclauses: [{when: '#port', weight: 2, fixed: perhaps}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="true or false"):
        Matcher.load([rule], lexicon=load_lexicon(tmp_path / "lexicon"))


def test_a_clause_of_weight_nought_is_not_asked(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "id: r\nrequire: '@DZ'\nbias: 1\nclauses:\n"
        "  - {name: port, when: '#port', weight: 0}\n"
        "  - {name: here, when: '@DZ', weight: 1}\n",
        encoding="utf-8",
    )
    matcher = Matcher.load([rule], lexicon=load_lexicon(tmp_path / "lexicon"))
    taken = matcher.explain(Document(text="un port d'Algérie", language="fr")).rules[0]
    assert [c.name for c in taken.held] == ["here"]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("@DZ AND @US", "L'Algérie et les Etats-Unis", True),
        ("@DZ AND @US", "L'Algérie seule", False),
        ("@DZ AND NOT @US", "L'Algérie seule", True),
        ("@foreign", "les Etats-Unis", True),
        ("@foreign", "l'Algérie", False),
        ("@country", "l'Algérie", True),
        ('"dialogue militaire"', "le dialogue militaire", True),
        ('"dialogue militaire"', "le dialogue, militaire", False),
        ("militair*", "les militaires", True),
        ("militair*", "le milieu", False),
        ("#port", "deux ports", True),
        ("(@DZ OR @US) AND #port", "un port des Etats-Unis", True),
        ("@DZ NEAR/2 @US", "Algérie et grands Etats-Unis", True),
        ("@DZ NEAR/1 @US", "Algérie et très grands Etats-Unis", False),
        ("@DZ ONEAR/3 @US", "Etats-Unis et Algérie", False),
        ("SENTENCE(@DZ AND @US)", "L'Algérie. Les Etats-Unis.", False),
        ("SENTENCE(@DZ AND @US)", "Rien. L'Algérie et les Etats-Unis.", True),
        ("PARAGRAPH(@DZ AND @US)", "L'Algérie.\n\nLes Etats-Unis.", False),
        ("PARAGRAPH(@DZ AND @US)", "L'Algérie. Les Etats-Unis.", True),
        ("ATLEAST/2(@DZ)", "Algérie, Algérie", True),
        ("ATLEAST/2(@DZ)", "Algérie", False),
        ("DISTINCT/2(@foreign)", "Italie, Italie", False),
        ("DISTINCT/2(@foreign)", "Italie, Etats-Unis", True),
        ("@US", "tell us", False),
        ("TITLE:@DZ", "Algérie", False),
        ("TEXT:@DZ", "Algérie", True),
    ],
)
def test_queries(tmp_path: Path, query: str, text: str, expected: bool) -> None:
    assert holds(tmp_path, query, text) is expected


def test_scopes_of_title_and_lead(tmp_path: Path) -> None:
    far = "mot " * 200
    assert holds(tmp_path, "TITLE:@DZ", "rien", title="Algérie")
    assert not holds(tmp_path, "LEAD:@DZ", f"{far}. Algérie", title="Algérie")
    assert holds(tmp_path, "HEAD:(@DZ AND @US)", "Etats-Unis", title="Algérie")


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_broken_rule_says_where_and_why(path: Path, bundled: Lexicon) -> None:
    """Each file begins with the expected ``# line:column: words`` of its first fault."""
    wanted = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    place, words = wanted.split(" ", 1)
    with pytest.raises(ConfigError) as raised:
        Matcher.load([path], bundled)
    told = [str(f) for f in raised.value.faults]
    assert any(f"{path}:{place}" in line and words in line for line in told), told


def test_every_fault_is_told_at_once(tmp_path: Path, bundled: Lexicon) -> None:
    rule = tmp_path / "two.yaml"
    rule.write_text("id: r\nrequire: '@dz AND @nosuch'\nclauses:\n- {weight: 1}\n", "utf-8")
    with pytest.raises(ConfigError) as raised:
        Matcher.load([rule], bundled)
    assert len(raised.value.faults) == 2


def test_an_unknown_pack_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'defence-cooperation'"):
        Matcher.load(["defense-cooperation"])
