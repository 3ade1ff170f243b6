from __future__ import annotations

import os
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.match import EventDate
from matcher.dates import DateMention, event_dates, find_dates
from matcher.dates.words import vocabulary
from matcher.text import normalise

CASES = yaml.safe_load((Path(__file__).parent / "data" / "dates.yaml").read_text(encoding="utf-8"))
PUBLISHED = date(2023, 12, 6)  # a Wednesday
LANGUAGES = ("fr", "ar", "en", "und")
SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[2].parent / "shared"))
SIZE = 5_000_000
PIECES = [
    "hier ",
    "mardi, ",
    "décembre ",
    "4 et 5 ",
    "4/12/2023 ",
    "12 12 ",
    "4-",
    "hier (mardi, le ",
    "du 4 au 6 décembre",
    "أَمْسِ الثُّلاثاء ",
    "و4 ديسمبر إلى ",
    "من 4 إلى ",
    "\x00\x01\n",
    "\ud800",
    "a",
    "4",
    "\u0301",
    "Dec. 4 to ",
    "jusqu'à ",
    "y 2023 ",
]


def case_of(row: dict[str, Any]) -> tuple[str, str, date | None]:
    language = next(name for name in LANGUAGES if name in row)
    return language, row[language], row.get("published", PUBLISHED)


def written(span: tuple[date, date]) -> str:
    first, last = span
    return f"{first}" if first == last else f"{first}..{last}"


def shown(mention: DateMention, text: str) -> str:
    words = text[mention.start : mention.end]
    precision = "" if mention.precision == "day" else f" {mention.precision}"
    return f"{words} = {written((mention.first, mention.last))}{precision}"


@pytest.mark.parametrize("row", CASES["found"], ids=lambda row: case_of(row)[1])
def test_a_date_is_found_where_it_stands(row: dict[str, Any]) -> None:
    language, text, published = case_of(row)
    assert [shown(m, text) for m in find_dates(text, language, published)] == row["dates"]


@pytest.mark.parametrize("row", CASES["events"], ids=lambda row: case_of(row)[1])
def test_the_days_of_the_event_are_chosen(row: dict[str, Any]) -> None:
    language, text, published = case_of(row)
    days = event_dates(find_dates(text, language, published), text, [], published)
    wanted = row["days"]
    assert [written((d.first, d.last)) for d in days] == ([str(wanted)] if wanted else [])


def test_a_third_of_the_cases_is_arabic() -> None:
    found = CASES["found"]
    assert len(found) >= 120
    assert sum("ar" in row for row in found) * 3 >= len(found)


def test_the_text_may_be_given_in_match_form() -> None:
    text = "Du 4 au 6 décembre, à l'œuvre"
    form = normalise(text)
    found = find_dates(form, "fr", PUBLISHED)
    assert found == find_dates(text, "fr", PUBLISHED)
    assert event_dates(found, form, [], PUBLISHED) == event_dates(found, text, [], PUBLISHED)


def test_whether_a_year_was_written_is_told() -> None:
    found = find_dates("le 4 décembre 2023, le 5 décembre et hier", "fr", PUBLISHED)
    assert [(m.has_year, m.kind) for m in found] == [
        (True, "absolute"),
        (False, "absolute"),
        (False, "relative"),
    ]


def test_proof_far_from_the_lead_counts() -> None:
    filler = "Le ministre a parlé de tout. " * 60
    text = f"Titre\n\n{filler}\n\nL'exercice s'est tenu le 1er décembre."
    begin = text.index("exercice")
    found = find_dates(text, "fr", PUBLISHED)
    days = event_dates(found, text, [(begin, begin + 8)], PUBLISHED)
    assert days == (EventDate(first=date(2023, 12, 1), last=date(2023, 12, 1)),)


def test_the_seed_article() -> None:
    path = next((SHARED / "seed").glob("000_*.txt"), None) if SHARED.exists() else None
    if path is None:
        pytest.skip("no seed article: MARSAD_SHARED is not there")
    text = path.read_text(encoding="utf-8")
    found = find_dates(text, "fr", PUBLISHED)
    days = event_dates(found, text, [(0, 10)], PUBLISHED)
    assert days == (EventDate(first=date(2023, 12, 4), last=date(2023, 12, 6)),)


dates_or_none = st.none() | st.dates()
texts = st.one_of(
    st.text(),
    st.lists(st.sampled_from([*PIECES, " ", ", ", "\n\n", "2023 ", "/", "(", ")"])).map("".join),
    st.lists(
        st.sampled_from([row[k] for row in CASES["found"] for k in LANGUAGES if k in row])
    ).map(" ".join),
)


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(LANGUAGES), dates_or_none)
def test_whatever_the_text_mentions_are_in_order_and_inside(
    text: str, language: str, published: date | None
) -> None:
    found = find_dates(text, language, published)
    last = 0
    for mention in found:
        assert last <= mention.start < mention.end <= len(text)
        assert mention.first <= mention.last
        assert text[mention.start : mention.end].strip()
        last = mention.end
    days = event_dates(found, text, [(0, 1)], published)
    assert all(d.first <= d.last for d in days)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.sampled_from([row for row in CASES["found"] if row["dates"]]))
def test_what_stands_before_and_after_moves_no_date(filler: str, row: dict[str, Any]) -> None:
    language, text, published = case_of(row)
    around = filler.encode("utf-8", "replace").decode()
    whole = f"{around}.\n\n{text}\n\n{around}"
    shift = len(around) + 3
    found = {shown(m, whole) for m in find_dates(whole, language, published) if m.start >= shift}
    assert set(row["dates"]) <= found


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_time_is_linear_in_the_text(piece: str) -> None:
    # 5 MB of anything takes seconds; anything quadratic would take hours.
    text = (piece * (SIZE // len(piece) + 1))[:SIZE]
    begin = time.perf_counter()
    found = find_dates(text, "und", PUBLISHED)
    event_dates(found, text, [(0, 1)], PUBLISHED)
    assert time.perf_counter() - begin < 20


_FORMS = ["mars", "hier", "mai", "week end", "semaine", "اليوم", "وفي", "الشهر", "today", "monday"]
_OTHERS = ["mars3", "12mai", "漢", "week", "end", " ", "s"]


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(_FORMS + _OTHERS), max_size=12),
    st.sampled_from(["", " ", "-", "\n"]),
    st.sampled_from(["fr", "ar", "en", "und"]),
)
def test_the_words_of_dates_are_found_wherever_words_end(
    words: list[str], glue: str, language: str
) -> None:
    data = normalise(glue.join(words) + " " + " ".join(words)).data
    keys = vocabulary(language).keys
    single = {form for form in keys.forms if b" " not in form}
    several = [form for form in keys.forms if b" " in form]
    expected = [
        m.span()
        for m in re.finditer(rb"[a-z\x80-\xff]+", data)
        if m[0] in single
        or any(
            form.split()[0] == m[0] and data.startswith(form + b" ", m.start()) for form in several
        )
    ]
    assert keys.spots(data) == expected


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Le ministre effectuera lundi une visite.", 18),
        ("LE MINISTRE EFFECTUERA LUNDI UNE VISITE.", 18),
        ("Le ministre Camara lundi en visite.", 11),  # a name, whose capital tells
    ],
)
def test_a_verb_of_the_future_is_one_in_capitals_too(text: str, day: int) -> None:
    (found,) = find_dates(text, "fr", date(2024, 3, 12))
    assert found.first == date(2024, 3, day)
