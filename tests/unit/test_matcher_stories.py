"""Traces, likeness and placing: pure functions of texts and values."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.article import Document
from domain.story import StoryMember, Trace
from matcher.judge import Matcher
from matcher.stories.placing import Bar, place
from matcher.stories.sketch import SIZE, shared, sketch
from matcher.stories.stems import stem
from matcher.stories.trace import Tracer

DAY = datetime(2026, 5, 12, 10, tzinfo=UTC)
VISIT_FR = """Le chef d'état-major de la marine portugaise, l'amiral Henrique Gouveia e Melo, a \
entamé mardi 12 mai une visite officielle à Alger. Il a été reçu au siège du ministère de la \
Défense nationale, où les deux parties ont examiné la coopération entre les deux marines et \
signé un protocole sur la formation de 36 plongeurs à Tamentfoust."""
VISIT_BRIEF = """La marine portugaise et la marine algérienne ont signé un protocole de \
coopération sur la formation de 36 plongeurs, mardi 12 mai à Alger, lors de la visite officielle \
de l'amiral Henrique Gouveia e Melo."""
VISIT_AR = """شرع قائد أركان البحرية البرتغالية الأميرال هنريكي غوفيا إي ميلو يوم الثلاثاء 12 ماي \
في زيارة رسمية إلى الجزائر العاصمة، حيث استقبل بمقر وزارة الدفاع الوطني. وبحث الطرفان التعاون \
بين القوات البحرية للبلدين، ووقعا على بروتوكول لتكوين 36 غواصا بتامنفوست."""
WEEK_LATER = """Une délégation de l'armée de l'air portugaise a achevé mardi 19 mai à Boufarik une \
session de dialogue avec le commandement des forces aériennes algériennes. Les échanges ont porté \
sur la coopération en matière de maintenance des avions de transport."""


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher.load(["defence-cooperation"])


def traced(matcher: Matcher, title: str, text: str, published: datetime = DAY) -> Trace:
    document = Document(title=title, text=text, published_at=published)
    return Tracer(matcher).trace(document, matcher.judge(document).matches)


def placed(
    trace: Trace, *known: tuple[int, Trace, datetime], on: datetime = DAY
) -> tuple[int, ...]:
    members = [StoryMember(story_id=n, day=at.date(), trace=t) for n, t, at in known]
    return place(trace, on.date(), members, window=7).stories


def test_a_brief_and_the_other_language_join_the_full_report(matcher: Matcher) -> None:
    full = traced(matcher, "Visite à Alger du chef de la marine portugaise", VISIT_FR)
    brief = traced(matcher, "Alger et Lisbonne formeront des plongeurs", VISIT_BRIEF)
    arabic = traced(matcher, "قائد البحرية البرتغالية في زيارة إلى الجزائر", VISIT_AR)
    assert placed(brief, (1, full, DAY)) == (1,)
    assert placed(arabic, (1, full, DAY)) == (1,)


def test_two_events_with_one_partner_a_week_apart_stay_apart(matcher: Matcher) -> None:
    later = DAY + timedelta(days=7)
    first = traced(matcher, "Visite à Alger du chef de la marine portugaise", VISIT_FR)
    second = traced(matcher, "Dialogue aérien algéro-portugais", WEEK_LATER, later)
    assert placed(second, (1, first, DAY), on=later) == ()


def test_a_form_text_with_other_days_is_another_event(matcher: Matcher) -> None:
    """Weekly communiqués repeat their wording; what happened is another week's."""
    later = DAY + timedelta(days=7)
    moved = VISIT_FR.replace("12 mai", "19 mai").replace("36", "112").replace("portug", "maltais")
    moved = moved.replace("Henrique Gouveia e Melo", "Clinton O'Neill").replace("Tament", "Ar")
    first = traced(matcher, "Visite à Alger du chef de la marine portugaise", VISIT_FR)
    other = traced(matcher, "Visite à Alger d'un chef de la marine", moved, later)
    assert placed(other, (1, first, DAY), on=later) == ()


def test_beyond_the_window_nothing_joins(matcher: Matcher) -> None:
    full = traced(matcher, "Visite", VISIT_FR)
    assert placed(full, (1, full, DAY), on=DAY + timedelta(days=7)) == (1,)
    assert placed(full, (1, full, DAY), on=DAY + timedelta(days=8)) == ()


def test_two_stories_of_one_event_become_one_the_older_first(matcher: Matcher) -> None:
    full = traced(matcher, "Visite à Alger du chef de la marine portugaise", VISIT_FR)
    assert placed(full, (9, full, DAY), (4, full, DAY)) == (4, 9)


def test_a_story_whose_other_articles_speak_against_it_is_not_joined(matcher: Matcher) -> None:
    full = traced(matcher, "Visite", VISIT_FR)
    stranger = replace(full, sketch=(5,), terms=(), names=("x",), partners=("CN",), dates=())
    stranger = replace(stranger, places=(), numbers=(), activities=())
    known = [(1, full, DAY), *((1, stranger, DAY) for _ in range(4))]
    assert placed(full, *known) == ()


def test_the_order_of_those_found_decides_nothing(matcher: Matcher) -> None:
    full = traced(matcher, "Visite à Alger du chef de la marine portugaise", VISIT_FR)
    brief = traced(matcher, "Plongeurs", VISIT_BRIEF)
    members = [
        StoryMember(story_id=n % 3, day=date(2026, 5, 12), trace=t)
        for n, t in enumerate((full, brief, full, brief))
    ]
    answers = set()
    for seed in range(6):
        random.Random(seed).shuffle(members)
        answers.add(place(brief, date(2026, 5, 12), members, window=7, bar=Bar()))
    assert len(answers) == 1


def test_the_bodies_that_speak_are_named(matcher: Matcher) -> None:
    text = "Selon un communiqué du ministère de la Défense nationale, la visite a eu lieu."
    assert Tracer(matcher).officials(Document(text=text)) == ("dz-mdn",)
    text = "Le ministère de l'Agriculture se tait.\n\nUn communiqué de syndicat parle."
    assert Tracer(matcher).officials(Document(text=text)) == ()


WORDS = [f"w{n * 7919 % 104729}" for n in range(400)]


def of(words: list[str]) -> tuple[int, ...]:
    return sketch(" ".join(words).encode())


class TestSketch:
    def test_the_same_text_is_all_shared_and_another_nothing(self) -> None:
        one = of(WORDS)
        assert len(one) == SIZE
        assert shared(one, one) == 1.0
        assert shared(one, of([w + "x" for w in WORDS])) == 0.0

    def test_a_cut_text_is_contained_in_the_whole(self) -> None:
        assert shared(of(WORDS), of(WORDS[:120])) > 0.9

    def test_a_text_of_two_words_has_no_sequence(self) -> None:
        assert of(["a", "b"]) == ()
        assert shared((), of(WORDS)) == 0.0

    def test_a_word_counts_alike_wherever_it_stands(self) -> None:
        assert shared(of(WORDS[:50]), of(["before", "it", *WORDS[:50]])) == 1.0
        assert of(["a", "b", "c", "a", "b", "c", "a"]) == of(["b", "c", "a", "b", "c", "a", "b"])

    @given(st.binary(max_size=300))
    def test_any_bytes_make_hashes_that_a_database_holds(self, form: bytes) -> None:
        assert all(0 <= h < 2**63 for h in sketch(form))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("accords", "accord"),
        ("militaires", "militaire"),
        ("والاتفاقيات", "اتفاقيات"),
        ("الدفاع", "دفاع"),
    ],
)
def test_words_of_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@given(st.text(min_size=1))
def test_any_text_has_a_trace(text: str) -> None:
    found = Tracer(_MATCHER).trace(Document(title=text[:20], text=text))
    assert len(found.keys) <= 24
    assert all(0 <= key < 2**63 for key in found.keys)


_MATCHER = Matcher.load(["defence-cooperation"])
