"""Facts of a match, case by case: partners, activities, persons. Cases are files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.article import Document
from matcher import people
from matcher.judge import Explanation, Matcher
from matcher.people import nearest_known, slug_of, titled_names

CASES = Path(__file__).parents[1] / "cases" / "facts"


def cases(name: str) -> list[Any]:
    found = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=f"{name}-{n:02d}") for n, case in enumerate(found)]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def explained(matcher: Matcher, case: dict[str, Any]) -> Explanation:
    document = Document(text=case["text"], title=case.get("title", ""), language=case["language"])
    return matcher.explain(document)


@pytest.mark.parametrize("case", cases("partners"))
def test_partners(matcher: Matcher, case: dict[str, Any]) -> None:
    (found,) = explained(matcher, case).partners.values()
    assert set(case["has"]) <= set(found)
    assert not set(case["hasnot"]) & set(found)


@pytest.mark.parametrize("case", cases("activities"))
def test_activities(matcher: Matcher, case: dict[str, Any]) -> None:
    (found,) = explained(matcher, case).activities.values()
    assert set(case["has"]) <= set(found)
    assert not set(case["hasnot"]) & set(found)


@pytest.mark.parametrize("case", cases("persons"))
def test_persons(matcher: Matcher, case: dict[str, Any]) -> None:
    reading = explained(matcher, case).reading
    assert matcher.facts.persons(reading) == case["persons"]


def test_a_name_that_means_something_else_is_left() -> None:
    text = "le général Karim Belhadj"
    assert titled_names(text, ()) == [(11, "karim-belhadj")]
    assert titled_names(text, [(17, 24)]) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Khalid bin Mohammed Al-Attiyah", "khalid-al-attiyah"),
        ("Li Wenliang", "wenliang-li"),
        ("Mme Élodie Marchand", "elodie-marchand"),
        ("Ministre Délégué", ""),
        ("Belhadj", ""),
    ],
)
def test_slugs_are_given_and_family_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_one_letter_is_a_spelling_and_two_names_are_two_people() -> None:
    known = ("said-chanegriha", "ali-akroum")
    assert nearest_known("said-chanegrihaa", known) == "said-chanegriha"
    assert nearest_known("said-chanfari", known) is None


@pytest.mark.parametrize("text", ["Aa-" * 300_000, "Aa " * 300_000, "A" * 1_000_000])
def test_odd_text_names_nobody_and_ends(text: str) -> None:
    assert titled_names(text, ()) == []


RULE = """
id: words
require: '@foreign'
partners:
  bias: -3
  clauses:
    - {when: '%s', weight: 6}
"""


@pytest.mark.parametrize(
    ("query", "text", "partners"),
    [
        ("@actor", "L'armée turque vend des drones qui ont servi en Syrie.", ["TR"]),
        ("@actor", "الجيش التركي يبيع طائرات استعملت في ليبيا", ["TR"]),
        ("@it AND NOT @other", "L'armée turque est là.", ["TR"]),
        ("@it AND NOT @other", "Les armées turque et syrienne sont là.", []),
        (
            "OPENING:@it",
            "La délégation de l'armée turque a quitté Alger dimanche après "
            "quatre jours de travail et de visites. La Syrie suivra.",
            ["TR"],
        ),
        (
            "OPENING:@it",
            "Alger. L'armée turque est là, et elle y reste quatre jours au moins.",
            ["TR"],
        ),
        ("@it", "Selon un quotidien russe, l'armée turque est là.", ["TR"]),
        ("@it", "Un navire à l'est du détroit de Gibraltar suit la marine turque.", ["TR"]),
        ("@it", "L'accord suit la conférence de Berlin. L'armée turque est là.", ["TR"]),
        ("@its", "L'amiral Rob Bauer est à Alger. Israël et la Syrie aussi.", ["nato"]),
    ],
)
def test_words_of_the_query_language(
    tmp_path: Path, query: str, text: str, partners: list[str]
) -> None:
    path = tmp_path / "words.yaml"
    path.write_text(RULE % query, encoding="utf-8")
    language = "ar" if "ا" in text else "fr"
    explanation = Matcher.load([path]).explain(Document(text=text, language=language))
    assert sorted(explanation.partners["words"]) == partners


def test_places_are_those_of_title_and_lead(matcher: Matcher) -> None:
    far = "Il a été question de la coopération entre les deux armées. " * 9
    text = (
        "Le chef d'état-major des armées turques a été reçu à Oran par le général d'armée Saïd "
        f"Chanegriha. {far}Une usine de l'armée algérienne et de la Turquie est prévue à Batna."
    )
    (match,) = matcher.judge(Document(text=text, language="fr")).matches
    assert match.places == ("oran",)


def test_rules_that_hold_together_tell_what_each_tells_alone() -> None:
    ids = ["defence-cooperation", "energy-diplomacy"]
    document = Document(
        title="Visite du ministre italien de la Défense à Alger",
        text=(
            "Le ministre italien de la Défense, M. Guido Crosetto, a signé mardi 5 mars 2024 à "
            "Alger un accord de coopération militaire avec le général d'armée Saïd Chanegriha.\n\n"
            "Le PDG de Sonatrach, M. Rachid Hachichi, a signé lundi 11 mars 2024 à Alger un accord "
            "de livraison de gaz avec l'italienne Eni."
        ),
        published_at=datetime(2024, 3, 12, 9, tzinfo=UTC),
        language="fr",
    )
    alone = [match for ident in ids for match in Matcher.load([ident]).judge(document).matches]
    assert len(alone) == len(ids)
    assert alone[0].dates
    assert alone[0].persons
    assert Matcher.load(ids).judge(document).matches == tuple(alone)


RANKS = (
    "général Général de brigade général-major d'armée Gen. Lt Gen lieutenant Lieutenant Colonel "
    "Maj. Rear Admiral vice-amiral contre-admiral amiral d’escadre M. MM. Mme Mlle Mr Ms. Dr "
    "commandant Captain capitaine de frégate Army General brigadier maréchal Minister ministre "
    "Président Ambassadeur Secretary commodore"
).split(" ")
OFFICES = (
    "adjoint l’ambassadrice attaché chargé chef chief commander conseillère coordinateur deputy "
    "directeur envoy head ministre patron porte-parole président responsable secrétaire spokesman"
).split(" ")
NAMES = (
    "Ali Akroum Karen Al-Attiyah bin O’Brien J. et and la the, an , , . \n de \u00a0 漢 😀".split(
        " "
    )
)


@settings(max_examples=600)
@given(
    st.lists(st.sampled_from([*RANKS, *OFFICES, *NAMES, *NAMES]), max_size=25),
    st.sampled_from([" ", "\u00a0", "", "-"]),
)
def test_names_sought_at_ranks_and_offices_are_all_there_are(words: list[str], glue: str) -> None:
    half = len(words) // 2
    text = " ".join(words[:half]) + glue + " ".join(words[half:])
    patterns = (people._AFTER_RANK, people._BEFORE_OFFICE, people._AFTER_OFFICE)
    every = [m.span("name") for pattern in patterns for m in pattern.finditer(text)]
    assert [m.span("name") for m in people._titled(text)] == every


def test_a_text_without_rank_or_office_is_searched_for_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Nothing:
        def finditer(self, *_: object) -> None:
            raise AssertionError

        match = finditer

    for name in ("_AFTER_RANK", "_BEFORE_OFFICE", "_AFTER_OFFICE"):
        monkeypatch.setattr(people, name, Nothing())
    assert titled_names("Ali Akroum et Karen Whitfield sont à Alger.", []) == []
