"""Rule files: what the language means, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.article import Document
from domain.errors import ConfigError
from matcher.judge import LEXICON, Matcher
from matcher.lexicon import Lexicon, load_lexicon

CASES = Path(__file__).parents[1] / "cases" / "broken_rules"


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
    assert [c.is_fixed for c in matcher.rules[0].scored.clauses] == [True, False]
    rule.write_text(
        "id: r\nrequire: '@DZ'\nclauses: [{when: '#port', weight: 2, fixed: perhaps}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="true or false"):
        Matcher.load([rule], lexicon=load_lexicon(tmp_path / "lexicon"))


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
        ("@DZ BEFORE/3 @US", "Etats-Unis et Algérie", False),
        ("@DZ BEFORE/3 @US", "Algérie et Etats-Unis", True),
        ("@US NEAR/1 @DZ", "Algérie et Etats-Unis", True),
        ("@US NEAR/1 @US", "Etats-Unis", False),
        ("@DZ NEAR/2 @US NEAR/2 @IT", "Algérie, Etats-Unis, Italie", True),
        ("@DZ NEAR/2 (@US OR @IT)", "Algérie et l'Italie", True),
        ("organi?ation", "une organisation", True),
        ("organi?ation", "organization", True),
        ("organi?ation", "organiation", False),
        ("fr?gat*", "trois frégates", True),
        ("منظم?", "المنظمة", True),
        ("منظم?", "منظم", False),
        ("عسكري*", "والعسكريين", True),
        ("تعاون", "وبالتعاون", True),
        ("التعاون", "للتعاون", True),
        ("التعاون", "تعاون", False),
        ('"تعاون عسكري"', "التعاون العسكري", True),
        ('"وزير دفاع"', "مع وزير الدفاع", True),
        ('"coop* milit*"', "la coopération militaire", True),
        ('"coop* milit*"', "la coopération, militaire", False),
        ('"coop* milit*"', "militaire coopération", False),
        ('"accord* de coop* signé"', "les accords de coopération signés", False),
        ('"accord* de coop* signé"', "un accord de coopération signé", True),
        ("NOT @US AND @DZ", "L'Algérie", True),
        ("@DZ OR @US AND @IT", "L'Algérie", True),
        ("@DZ // a remark\n  AND @US", "Algérie, Etats-Unis", True),
        ("SENTENCE(@DZ AND NOT @US)", "L'Algérie. L'Algérie et les Etats-Unis.", True),
        ("DISTINCT/2(SENTENCE(@DZ AND @US))", "Algérie et Etats-Unis", True),
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
    wanted = path.read_text("utf-8", errors="replace").splitlines()[0].removeprefix("# ")
    place, words = wanted.split(" ", 1)
    with pytest.raises(ConfigError) as raised:
        Matcher.load([path], bundled)
    told = [str(f) for f in raised.value.faults]
    assert any(f"{path}:{place}" in line and words in line for line in told), told


def faults_of(path: Path, lexicon: Lexicon) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        Matcher.load([path], lexicon)
    return [str(f).removeprefix(f"{path}:") for f in raised.value.faults]


def test_broken_rules_are_many_and_each_tells_its_place() -> None:
    assert len(list(CASES.glob("*.yaml"))) >= 100


def test_every_fault_is_told_at_once(tmp_path: Path, bundled: Lexicon) -> None:
    rule = tmp_path / "two.yaml"
    rule.write_text("id: r\nrequire: '@dz AND @nosuch'\nclauses:\n- {weight: 1}\n", "utf-8")
    with pytest.raises(ConfigError) as raised:
        Matcher.load([rule], bundled)
    assert len(raised.value.faults) == 2


def test_faults_of_syntax_hide_no_fault_of_names(tmp_path: Path, bundled: Lexicon) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "id: r\n"
        "define: {a: '@nosuch1 OR @US AND #nosuch2', b: '@dz)'}\n"
        "require: '($a) AND \"\" AND x*'\n"
        "bias: high\n"
        "clauses:\n"
        "- {when: '$b', weight: 1}\n"
        "- {when: '$c', weight: none, wieght: 1}\n",
        "utf-8",
    )
    told = faults_of(rule, bundled)
    places = {line.split(" ")[0].rstrip(":") for line in told}
    assert places == {"2:14", "2:34", "2:52", "3:20", "3:27", "4:7", "7:11", "7:24", "7:30"}, told


def test_a_folder_of_rules_is_told_whole(bundled: Lexicon) -> None:
    """As `rules check FOLDER` asks: every file of the folder has its say."""
    paths = sorted(CASES.glob("*.yaml"))
    with pytest.raises(ConfigError) as raised:
        Matcher.load(paths, bundled)
    assert {f.file for f in raised.value.faults} == set(map(str, paths))
    assert all(f.line and f.column for f in raised.value.faults)


def test_an_id_stands_in_one_file(tmp_path: Path, bundled: Lexicon) -> None:
    paths = [tmp_path / name for name in ("a.yaml", "b.yaml")]
    for path in paths:
        path.write_text("id: r\nrequire: '@dz'\n", "utf-8")
    with pytest.raises(ConfigError, match=r"b\.yaml:1:5: id: rule 'r' stands in .*a\.yaml already"):
        Matcher.load(paths, bundled)


@pytest.mark.parametrize(
    ("count", "words"),
    [(3_000, "has 3000 clauses: at most 2000"), (100_000, "MB: a rule file has at most 2 MB")],
)
def test_a_pack_too_large_is_one_line(
    tmp_path: Path, bundled: Lexicon, count: int, words: str
) -> None:
    rule = tmp_path / "large.yaml"
    clauses = "".join(f"- {{name: c{i}, when: '@US', weight: 1}}\n" for i in range(count))
    rule.write_text(f"id: r\nrequire: '@dz'\nclauses:\n{clauses}", "utf-8")
    (told,) = faults_of(rule, bundled)
    assert words in told


def test_definitions_without_end_are_refused_in_time(tmp_path: Path, bundled: Lexicon) -> None:
    """Five hundred names in one circle, and one more than may be."""
    rule = tmp_path / "rule.yaml"
    for count, words in ((500, "go in a circle"), (501, "has 501 names: at most 500")):
        names = "".join(f"  d{i}: '$d{(i + 1) % count}'\n" for i in range(count))
        rule.write_text(f"id: r\ndefine:\n{names}require: '@dz'\n", "utf-8")
        (told,) = faults_of(rule, bundled)
        assert words in told


def test_examples_stand_under_what_they_show(tmp_path: Path, bundled: Lexicon) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "id: r\nrequire: '@dz'\nexamples:\n  must:\n  - L'Algérie\n"
        "  - {text: x, title: Algérie, language: fr, partners: [US], activities: [visit]}\n"
        "  must_not: [Rien]\n",
        "utf-8",
    )
    (compiled,) = Matcher.load([rule], bundled).rules
    assert [(e.text, e.matches, e.line) for e in compiled.examples] == [
        ("L'Algérie", True, 5),
        ("x", True, 6),
        ("Rien", False, 7),
    ]
    assert compiled.examples[1].partners == ("US",)


def test_near_costs_no_product(tmp_path: Path) -> None:
    """Ten thousand of each: every pair would be a hundred million."""
    text = "Algérie Italie " * 10_000 + "mot " * 50 + "port"
    assert not holds(tmp_path, "(@DZ OR @IT) NEAR/20 #port", text)
    assert holds(tmp_path, "ATLEAST/50(@DZ NEAR/200 @IT)", text)


def test_an_unknown_pack_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'defence-cooperation'"):
        Matcher.load(["defense-cooperation"])
