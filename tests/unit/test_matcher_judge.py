"""Judging: the reference item, the corpus floors, absurd input, and what the facts say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.article import Document
from matcher.judge import Matcher

# Pinned: lowering one is a visible change. Weights were learnt on a part of these items, so
# the figures are of a regression test, not of unseen text.
FLOORS = {"fr": 0.88, "ar": 0.91, "en": 0.93}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def documents(folder: Path) -> list[tuple[dict[str, object], Document]]:
    found = []
    for path in sorted((folder / "corpus").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            document = Document(id=item["id"], title=item.get("title") or "", text=item["text"])
            found.append((item, document))
    return found


def test_the_reference_item(matcher: Matcher, shared: Path) -> None:
    text = (shared / "seed" / "000_091568a197a61192.txt").read_text(encoding="utf-8")
    verdict = matcher.judge(Document(text=text, published_at=datetime(2023, 12, 6, tzinfo=UTC)))
    (match,) = verdict.matches
    assert verdict.language == "fr"
    assert match.partners == ("US",)
    wanted = {"dialogue", "agreement", "industry", "counter_terrorism", "cyber"}
    assert wanted <= set(match.activities)
    assert {"mounir-zahi", "jennifer-zakriski"} <= set(match.persons)
    assert "washington" in match.places
    assert [(str(d.first), str(d.last)) for d in match.dates] == [("2023-12-04", "2023-12-06")]
    assert match.evidence
    assert all(text[e.start : e.end] == e.text for e in match.evidence)


def test_floors_on_the_clear_items(matcher: Matcher, shared: Path) -> None:
    counts = {language: [0, 0, 0] for language in FLOORS}  # tp, fp, fn
    for item, document in documents(shared):
        if item.get("borderline"):
            continue
        verdict = matcher.judge(document)
        cell = counts[str(item["language"])]
        for e in (e for m in verdict.matches for e in m.evidence):
            field = document.title if e.field == "title" else document.text
            assert field[e.start : e.end] == e.text
        assert all("DZ" not in m.partners for m in verdict.matches)
        if verdict.is_match and item["label"]:
            cell[0] += 1
        elif verdict.is_match:
            cell[1] += 1
        elif item["label"]:
            cell[2] += 1
    for language, (tp, fp, fn) in counts.items():
        assert 2 * tp / (2 * tp + fp + fn) >= FLOORS[language], (language, tp, fp, fn)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\x01\x02",
        "a" * 1_000_000,
        "الجزائر " * 100_000,
        "\u202e\u2066Algérie\u2069",
        "日本とアルジェリア",
        "🇩🇿" * 1000,
        "\ud800",
        "Der algerische Verteidigungsminister und die Bundeswehr haben in Berlin gesprochen.",
    ],
)
def test_absurd_texts_get_a_verdict(matcher: Matcher, text: str) -> None:
    for title in ("", text[:2000]):
        verdict = matcher.judge(Document(text=text, title=title))
        assert verdict.language in ("fr", "ar", "en", "und")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            "Alger Algérie Washington américain militaire coopération général Saïd Chanegriha "
            "الجزائر الجيش التعاون العسكري أمريكا . ? \n\n ، frégate accord signé 4 décembre ﷲ œ "
            "l’ d' - « » \u200f ـ".split(" ")
        ),
        max_size=60,
    )
)
def test_evidence_always_returns_its_text(matcher: Matcher, words: list[str]) -> None:
    text = " ".join(words)
    for match in matcher.judge(Document(text=text)).matches:
        for e in match.evidence:
            assert text[e.start : e.end] == e.text


VARIANTS = [
    lambda t: t.upper(),
    lambda t: t.replace("'", "’"),
    lambda t: t.replace("é", "e").replace("è", "e").replace("ê", "e"),
    lambda t: t.replace(" ", "\u00a0"),
    lambda t: t.replace("ا", "ا\u064e").replace("ع", "ع\u0640"),
]


@pytest.mark.parametrize("number", range(len(VARIANTS)))
def test_typography_changes_no_verdict(matcher: Matcher, number: int) -> None:
    texts = [
        "Le général d'armée Saïd Chanegriha a reçu à Alger le chef d'état-major italien.",
        "La frégate française a fait escale au port d'Alger, au titre de la coopération militaire.",
        "استقبل الفريق أول السعيد شنقريحة قائد القوات البحرية الإيطالية لبحث التعاون العسكري.",
    ]
    for text in texts:
        plain = matcher.judge(Document(text=text))
        changed = matcher.judge(Document(text=VARIANTS[number](text), language=plain.language))
        assert changed.is_match == plain.is_match
        assert plain.is_match


def test_an_explanation_adds_up(matcher: Matcher) -> None:
    text = "Alger et Moscou ont signé un accord de coopération militaire."
    taken = matcher.explain(Document(text=text)).rules[0]
    assert taken.rule.scored.score(taken.held) == pytest.approx(taken.score)
    assert taken.is_match == matcher.judge(Document(text=text)).is_match


@pytest.mark.parametrize(
    ("published", "day"),
    [("2026-11-25T22:30:00+00:00", "2026-11-25"), ("2026-11-25T23:08:00+00:00", "2026-11-26")],
)
def test_relative_days_are_those_of_algiers(matcher: Matcher, published: str, day: str) -> None:
    text = "La frégate italienne a accosté aujourd'hui au port d'Alger avec son état-major."
    document = Document(text=text, published_at=datetime.fromisoformat(published))
    (match,) = matcher.judge(document).matches
    assert [str(d.first) for d in match.dates] == [day]
