"""What must hold of every text: evidence returns its words; print changes no verdict."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.article import Document
from domain.match import Verdict
from matcher.judge import Matcher
from matcher.printed import plain
from matcher.text import normalise
from tests.conftest import shared_folder

PUBLISHED = datetime(2024, 3, 12, 9, tzinfo=UTC)
FOLDERS = (
    Path(__file__).resolve().parents[1] / "cases" / "sentences",
    shared_folder() / "corpus",  # left out where it is absent: the sentences are ours
)
WORDS = (
    "Alger l’Algérie algérien Washington américaine militaire « coopération militaire » général "
    "le Saïd Chanegriha colonel Jean Dupont, frégate d'escadre accord signé visite l'exercice ANP "
    "états-major défense mardi 4 décembre 2023 hier . ! \n \n\n M. cœur US EST OTAN plan\n"
    "الجزائر الجيشُ التعاون العسكريّ أمريكا فرنسا وبالجزائر زيارة اتفاقية الأمريكيةواشنطن ، ؟ "
    "شنڨريحة لالا الله يوم الثلاثاء ٤ ديسمبر وزير الدفاع إسبانيا مؤتمر "
    "military cooperation with the Navy"
).split(" ")
MARKS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
UNSEEN = (
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068"
    "\u2069\ufe0f\ufeff"
)
APOSTROPHES = "'’ʼ＇"
BLANKS = " \u00a0\u202f\u2009"


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def corpus() -> list[Document]:
    found = []
    for path in (p for folder in FOLDERS for p in sorted(folder.glob("*.jsonl"))):
        for line in path.read_text("utf-8").splitlines():
            item = json.loads(line)
            title = item.get("title") or ""
            found.append(Document(title=title, text=item["text"], published_at=PUBLISHED))
    return found


DOCUMENTS = corpus()
texts = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
generated = st.builds(
    Document, title=texts.map(lambda t: t[:80]), text=texts, published_at=st.just(PUBLISHED)
)
documents = st.sampled_from(DOCUMENTS) | generated
anything = st.text(max_size=60) | st.text(
    alphabet="aeéE'’- \r\n\u00a0\u200b\u0301\u0654\u0650ـاأةﻻﷲﷺﬁœ\u2028.،", max_size=60
)

Change = Callable[[str, random.Random], str]


def strewn(marks: str, after: Callable[[str], bool]) -> Change:
    """A change that puts marks behind a third of the characters of a kind."""

    def change(text: str, chance: random.Random) -> str:
        return "".join(
            c + (chance.choice(marks) if after(c) and chance.random() < 0.3 else "") for c in text
        )

    return change


def exchanged(these: str) -> Change:
    """A change that prints any of some characters as another of them."""
    return lambda text, chance: "".join(chance.choice(these) if c in these else c for c in text)


def is_arabic(char: str) -> bool:
    return "\u0621" <= char <= "\u063a" or "\u0641" <= char <= "\u064a"


def _presentation_forms() -> dict[str, list[str]]:
    forms: dict[str, list[str]] = {}
    for code in (*range(0xFB50, 0xFDFE), *range(0xFE70, 0xFEFD)):
        letters = unicodedata.normalize("NFKC", chr(code))
        if letters != chr(code) and all(map(is_arabic, letters)):
            forms.setdefault(letters, []).append(chr(code))
    return forms


FORMS = _presentation_forms()


def presented(text: str, chance: random.Random) -> str:
    """Print pairs and single Arabic letters by presentation forms, as old systems do."""
    pieces = []
    place = 0
    while place < len(text):
        letters = text[place : place + 2]
        if letters not in FORMS or chance.random() < 0.3:
            letters = text[place]
        pieces.append(chance.choice(FORMS[letters]) if letters in FORMS else letters)
        place += len(letters)
    return "".join(pieces)


def _normal(form: str) -> Change:
    return lambda text, _: unicodedata.normalize(form, text)  # type: ignore[arg-type]


CHANGES: dict[str, Change] = {
    "harakat": strewn(MARKS, is_arabic),
    "tatweel": strewn("\u0640", is_arabic),
    "zero-width and bidirectional marks": strewn(UNSEEN, lambda _: True),
    "apostrophes": exchanged(APOSTROPHES),
    "blanks": exchanged(BLANKS),
    "line ends of Windows": lambda text, _: text.replace("\n", "\r\n"),
    "NFC": _normal("NFC"),
    "NFD": _normal("NFD"),
    "NFKC": lambda text, _: unicodedata.normalize("NFKC", text.replace("…", "...")),
    "NFKD": lambda text, _: unicodedata.normalize("NFKD", text.replace("…", "...")),
    "presentation forms": presented,
}
BEFORE: dict[str, Callable[[str], str]] = {  # what is not the change under test
    name: (lambda text: text.replace("…", "...")) for name in ("NFKC", "NFKD")
}


def facts(verdict: Verdict) -> list[object]:
    found: list[object] = [verdict.language]
    for m in verdict.matches:
        found.append((m.rule, m.score, m.partners, m.activities, m.persons, m.dates))
        found.append((m.organisations, m.equipment, m.places))
        found.append([(e.field, e.concept) for e in m.evidence])
    return found


def check_evidence(document: Document, verdict: Verdict) -> None:
    for e in (e for match in verdict.matches for e in match.evidence):
        field = document.title if e.field == "title" else document.text
        assert 0 <= e.start < e.end <= len(field)
        assert field[e.start : e.end] == e.text


def changed(document: Document, change: Callable[[str], str]) -> Document:
    return Document(
        title=change(document.title),
        text=change(document.text),
        published_at=document.published_at,
    )


@pytest.mark.parametrize("name", CHANGES)
@settings(max_examples=120)
@given(document=documents, seed=st.integers(0, 2**32))
def test_print_changes_no_verdict(
    matcher: Matcher, name: str, document: Document, seed: int
) -> None:
    document = changed(document, BEFORE.get(name, str))
    chance = random.Random(seed)
    other = changed(document, lambda text: CHANGES[name](text, chance))
    verdict = matcher.judge(other)
    assert facts(verdict) == facts(matcher.judge(document))
    check_evidence(other, verdict)


@settings(max_examples=120)
@given(
    document=documents,
    seed=st.integers(0, 2**32),
    names=st.lists(st.sampled_from(sorted(set(CHANGES) - set(BEFORE))), max_size=4),
)
def test_changes_of_print_add_up(
    matcher: Matcher, document: Document, seed: int, names: Sequence[str]
) -> None:
    chance = random.Random(seed)
    other = document
    for name in names:
        change = CHANGES[name]
        other = changed(other, lambda text, change=change: change(text, chance))  # type: ignore[misc]
    verdict = matcher.judge(other)
    assert facts(verdict) == facts(matcher.judge(document))
    check_evidence(other, verdict)


def test_capitals_change_no_verdict(matcher: Matcher) -> None:
    """Of people, only those whom the lexicon holds: in capitals no name shows as one."""

    def known(document: Document, verdict: Verdict) -> list[object]:
        people = set(matcher.facts.named(matcher.read(document), "person"))
        rows: list[object] = [verdict.language]
        for m in verdict.matches:
            named = [p for p in m.persons if p in people]
            rows.append((m.rule, m.score, m.partners, m.activities, named, m.dates))
        return rows

    def mentioned(document: Document) -> list[tuple[int, int]]:
        return [(m.start, m.concept) for m in matcher.read(document).mentions]

    compared = 0
    for document in DOCUMENTS:
        other = changed(document, str.upper)
        verdict = matcher.judge(other)
        check_evidence(other, verdict)
        # « Otan » is an acronym in capitals only: what else is mentioned may tell otherwise.
        if mentioned(other) == mentioned(document):
            compared += 1
            assert known(other, verdict) == known(document, matcher.judge(document))
    assert compared > 0.95 * len(DOCUMENTS)


@settings(max_examples=300)
@given(title=anything, text=anything, glue=st.sampled_from(DOCUMENTS), place=st.integers(0, 200))
def test_anything_in_a_text_gets_a_verdict_whose_evidence_returns_its_words(
    matcher: Matcher, title: str, text: str, glue: Document, place: int
) -> None:
    mixed = glue.text[:place] + text + glue.text[place:]
    for document in (Document(title=title, text=text), Document(title=title, text=mixed)):
        verdict = matcher.judge(document)
        assert verdict.language in ("fr", "ar", "en", "und")
        check_evidence(document, verdict)


@settings(max_examples=600)
@given(text=anything)
def test_the_plain_form_is_another_print_of_the_same(text: str) -> None:
    found = plain(text)
    assert normalise(found.text).data == normalise(text).data
    assert plain(found.text).text == found.text
    if found.origin is not None:
        assert len(found.origin) == len(found.text)
        assert sorted(found.origin.tolist()) == found.origin.tolist()


@settings(max_examples=300)
@given(text=anything)
def test_every_place_of_the_match_form_points_into_the_text(text: str) -> None:
    form = normalise(text)
    places = [(i, i + 1) for i in range(1, len(form.data) - 1)]
    spans = form.spans(places)
    assert spans == [(form.start(first), form.end(last)) for first, last in places]
    assert all(0 <= first < last <= len(text) for first, last in spans)
    assert [first for first, _ in spans] == sorted(first for first, _ in spans)
